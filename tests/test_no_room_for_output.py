"""Output that cannot be written: a sentence on the other stream, exit status 2, never "a bug"."""

from __future__ import annotations

import subprocess
import sys

import pytest


def run(redirected: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = f'exec "$0" -m migrasafe "$@" {redirected}'
    return subprocess.run(
        ["sh", "-c", command, sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("arguments", [("--version",), ("rules",), ("lint", "-", "--format", "json")])
def test_a_full_disk_is_said_to_be_one(arguments: tuple[str, ...]) -> None:
    ran = run("< /dev/null > /dev/full", *arguments)
    assert (ran.returncode, ran.stderr) == (
        2,
        "migrasafe: the output could not be written: No space left on device\n",
    )


def test_standard_output_or_input_that_is_closed_is_said_to_be_so() -> None:
    closed_output, closed_input = run(">&-", "rules"), run("<&-", "lint", "-")
    assert (closed_output.returncode, closed_input.returncode) == (2, 2)
    assert closed_output.stderr == "migrasafe: standard output is closed; send it somewhere, such as to /dev/null\n"
    assert closed_input.stderr == "migrasafe: -: standard input is closed; give it a file, or what to read\n"


def test_an_editor_that_has_closed_standard_input_is_told() -> None:
    ran = run("<&-", "lsp")
    assert (ran.returncode, "standard input is closed; editors talk" in ran.stderr) == (2, True), ran


def test_where_not_even_the_sentence_can_be_written_the_status_stays() -> None:
    assert run("2> /dev/full", "lint", "not_there.sql").returncode == 2
    assert run("> /dev/full 2>&1", "rules").returncode == 2
    assert run("2>&-", "lint", "not_there.sql").returncode == 2
    assert run(">&- 2>&-", "rules").returncode == 2
