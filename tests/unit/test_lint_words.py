"""The words of `migrasafe lint` that are read without click are read as click reads them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrasafe.cli.lint.command import lint
from migrasafe.cli.lint.options import SECTIONS
from migrasafe.cli.lint.words import read_words

OPTIONS = [option for _, section in SECTIONS for option in section]
NAMES = [name for option in OPTIONS for name in (option.name, option.short) if name]
VALUES = [
    "text",
    "json",
    "auto",
    "yes",
    "12",
    "18",
    "0",
    "07",
    "-1",
    "٣",
    "",
    "-",
    "--",
    "-qq",
    "a=b",
    "db/migrations",
    "x" * 9,
]
WORD = st.one_of(
    st.sampled_from(NAMES),
    st.sampled_from(VALUES),
    st.builds("{}={}".format, st.sampled_from(NAMES), st.sampled_from(VALUES)),
    st.text(max_size=6),
)


def _by_click(words: list[str]) -> dict[str, object] | None:
    try:
        return lint.make_context("lint", list(words)).params
    except (click.ClickException, click.exceptions.Exit):
        return None


@given(st.lists(WORD, max_size=6))
def test_what_is_read_is_what_click_reads(words: list[str]) -> None:
    read = read_words(words)
    assert read is None or read == _by_click(words)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["a.sql", "-", "b.sql"],
        ["db", "--since", "origin/main", "--pg-version=16", "-q", "--select", "a,b", "--select=c"],
        ["--with-history", "a.sql", "--format", "json", "--jobs", "2", "--independent"],
        ["--output", "json=out.json", "--output", "out.txt", "--large-table", "1000"],
    ],
    ids=" ".join,
)
def test_what_hooks_ask_for_is_read_without_click(words: list[str]) -> None:
    read = read_words(words)
    assert read is not None
    assert read == _by_click(words)


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--formt", "json"],
        ["--format", "jsn"],
        ["--pg-version", "11"],
        ["--since"],
        ["--fix=yes"],
        ["--", "-a.sql"],
    ],
    ids=" ".join,
)
def test_what_click_has_to_say_something_about_is_left_to_it(words: list[str]) -> None:
    assert read_words(words) is None


def test_a_run_of_a_hook_imports_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text(
        "ALTER TABLE users ADD COLUMN locale text NOT NULL DEFAULT 'en';\n", encoding="utf-8"
    )
    program = (
        "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr));"
        "from migrasafe.entry import start; start()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, "lint", "--no-config", "1.sql"], cwd=tmp_path, capture_output=True, text=True
    )
    loaded = set(ran.stderr.split())
    assert "migrasafe.report.text" in loaded
    assert "migrasafe.schema.evolve.alter" in loaded
    others = {"migrasafe.migrations.formats.liquibase", "migrasafe.schema.evolve.views", "migrasafe.effects.drops"}
    assert loaded & others == set()
    assert (
        loaded & {"click", "inspect", "ast", "dataclasses", "shutil", "subprocess", "typing_extensions", "sqlalchemy"}
        == set()
    )
