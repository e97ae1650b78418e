"""What --help of every command prints: it fits a terminal of 80 columns, wherever it is printed, and says what a command does."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from migrasafe.cli import cli


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
