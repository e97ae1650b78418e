"""What --help of every command prints: it fits a terminal of 80 columns, wherever it is printed, and says what a command does."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from migrasafe.backfill.job.settings import known_settings
from migrasafe.cli.commands import cli


def _commands(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield words
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _commands(below, (*words, name))


@pytest.mark.parametrize("words", list(_commands(cli, ())), ids=" ".join)
def test_help_fits_80_columns(words: tuple[str, ...]) -> None:
    ran = CliRunner().invoke(cli, [*words, "--help"], env={"COLUMNS": "80", "TERM": "dumb"})
    assert ran.exit_code == 0
    assert [line for line in ran.output.split("\n") if len(line) > 80] == []
    assert "\x1b" not in ran.output
    assert "Example" in ran.output or len(words) != 1


def test_no_name_is_broken_at_its_hyphen_however_narrow_the_terminal() -> None:
    said = CliRunner().invoke(cli, ["backfill", "run", "--help"], env={"COLUMNS": "44"}).output
    assert [line for line in said.split("\n") if line.endswith("-") and not line.endswith(" -")] == []
    assert "--max-lag" in said and "\u2011" not in said


def test_settings_are_explained_in_sentences_that_keep_their_names() -> None:
    shown = " ".join(CliRunner().invoke(cli, ["backfill", "run", "--help"], env={"COLUMNS": "110"}).output.split())
    assert "As in PostgreSQL; local does not wait for standbys. [default: default]" in shown
    assert "After SIGTERM, how long" in shown and "Mon-Fri 22:00-06:00; Sat,Sun 00:00-24:00" in shown
    assert [meaning for _, meaning in known_settings().values() if meaning.endswith(".")] == []


def _on_a_terminal(folder: Path, columns: int, *words: str) -> list[str]:
    """What a terminal of so many columns, which knows no colour, shows."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, "-m", "migrasafe", *words],
        cwd=folder,
        stdout=theirs,
        stderr=theirs,
        stdin=subprocess.DEVNULL,
        env={**environment, "TERM": "dumb"},
    )
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # so Linux says that the other side has gone
        while piece := os.read(ours, 4096):
            shown += piece
    process.wait()
    os.close(ours)
    return shown.decode().replace("\r\n", "\n").split("\n")


def test_prose_fits_a_terminal_that_is_narrower_than_it_is_wrapped_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text("ALTER TABLE orders ADD COLUMN total_of_all_lines_in_cents bigint NOT NULL;\n")
    narrow = _on_a_terminal(tmp_path, 70, "lint", "1.sql", "--no-config")
    prose = [line for line in narrow if line.startswith("  ") and not line.startswith(("   ", "  1 |"))]
    assert prose
    assert max(map(len, prose)) <= 70
    assert not any("\x1b" in line for line in narrow)
    page = _on_a_terminal(tmp_path, 60, "explain", "truncate-table")
    assert max(len(line) for line in page if not line.startswith(" ")) <= 60
    listed = _on_a_terminal(tmp_path, 80, "rules")
    assert max(map(len, listed)) <= 80
    at_the_margin = [line for line in listed if line and not line.startswith(" ")]
    assert len(_on_a_terminal(tmp_path, 200, "rules")) == len(at_the_margin) + 1


def test_sentences_go_on_below_on_80_columns_and_statements_stay_whole(tmp_path: Path) -> None:
    long = "orders_of_customers_in_all_countries_by_the_day_on_which_they_came"
    (tmp_path / "1.sql").write_text(
        f"CREATE INDEX {long} ON orders (country, came_on, customer_id, currency, total);\n"
    )
    (tmp_path / "2.sql").write_text("CREATE INDEX ON :t (a);\nALTER TABLE orders ADD COLUMN a int;\nTRUNCATE a, b;\n")
    linted = _on_a_terminal(tmp_path, 80, "lint", "1.sql", "2.sql", "--no-config")
    statement = f"CREATE INDEX CONCURRENTLY {long} ON orders (country, came_on, customer_id, currency, total);"
    assert f"    {statement}" in linted
    assert [line for line in linted if len(line) > 80 and statement not in line] == []
    assert linted[-3:-1] == [
        "4 errors, 3 warnings in 2 migrations, 4 statements, for PostgreSQL 15 (assumed:",
        "  set --pg-version).",
    ]
    for words in (("init",), ("lint", "--statistics"), ("lint", "--explain-config"), ("lint", "nothing-is-here")):
        shown = _on_a_terminal(tmp_path, 80, *words)
        assert len(shown) > 1
        assert [line for line in shown if len(line) > 80] == []
