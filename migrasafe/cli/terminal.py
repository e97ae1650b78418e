"""Whether the output is a terminal, whether it shows colour, and how wide it is."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable

import click


def wants_color(choice: str = "auto") -> bool:
    """`always`, `never`, or `auto`: on a terminal, unless NO_COLOR says no (https://no-color.org)."""
    if choice != "auto":
        return choice == "always"
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")


def columns(widest: int = 88) -> int:
    """Of a terminal, where it has fewer columns than text is wrapped at; what is piped or kept does not go by them."""
    return min(widest, max(_NARROWEST, shutil.get_terminal_size().columns)) if sys.stdout.isatty() else widest


_NARROWEST = 40


def show(lines: Iterable[str]) -> None:
    """Print lines; on a terminal the long ones go on below where their words began, elsewhere one line stays one line."""
    for line in lines:
        click.echo(hanging(line, shutil.get_terminal_size().columns) if sys.stdout.isatty() else line)


def hanging(line: str, width: int) -> str:
    """A line in `width` columns: what does not fit goes below, as far in as the words behind its label."""
    if len(line) <= width or width < _NARROWEST:
        return line
    import textwrap  # most runs print nothing that long

    label = re.match(r" *(?:\S.{0,12}?\s{2,}(?=\S))?", line)
    assert label is not None  # it matches nothing, too
    inside = " " * (label.end() if label[0].strip() else label.end() + 2)
    return textwrap.fill(line, width, subsequent_indent=inside, break_long_words=False, break_on_hyphens=False)
