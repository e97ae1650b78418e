"""`migrasafe lint`, as click knows it: for help, for shells, and for words that `words.py` leaves to it."""

from __future__ import annotations

from typing import Any

import click

from migrasafe.cli.lint.options import SECTIONS
from migrasafe.cli.sections import SectionedCommand, in_sections


@click.command(
    cls=SectionedCommand,
    params=[click.Argument(["paths"], nargs=-1), *in_sections(SECTIONS)],
    context_settings={"help_option_names": ["-h", "--help"]},
)
def lint(**settings: Any) -> int:
    """Say which migrations are not safe to run, who has to wait or breaks, and what to do instead.

    PATHS are migration folders, files, or - for standard input; with none, what the config says, or this folder.
    Exit status: 0 fine, 1 findings at or above --fail-on, 2 the input cannot be used, 3 a bug in migrasafe.

    \b
    Examples:
      migrasafe lint db/migrations
      migrasafe lint db/migrations --since origin/main --pg-version 16
      migrasafe lint db/migrations --since origin/main --fix
      cat change.sql | migrasafe lint - --in-transaction no
    """
    from migrasafe.cli.lint.answer import answer  # here, because help needs nothing of it

    return answer(**settings)
