"""Whether the output is a terminal, whether it shows colour, and how wide it is."""

from __future__ import annotations

import os
import shutil
import sys

import click


def wants_color(choice: str = "auto") -> bool:
    """`always`, `never`, or `auto`: on a terminal, unless NO_COLOR says no (https://no-color.org)."""
    if choice != "auto":
        return choice == "always"
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")


def columns(widest: int = 88) -> int | None:
    """Of a terminal, at most as many as text is wrapped at; None where there is none: what is piped or kept does not go by
    them."""
    return min(widest, max(_NARROWEST, shutil.get_terminal_size().columns)) if sys.stdout.isatty() else None


_NARROWEST = 40


def say(text: str, *, err: bool = False) -> None:
    """Print sentences. On a terminal, what is long goes on below where its words began; elsewhere one line stays one line."""
    stream = sys.stderr if err else sys.stdout
    wide = shutil.get_terminal_size().columns if stream.isatty() else None
    if wide is not None and wide >= _NARROWEST:
        from migrasafe.report.hanging import hanging

        text = "\n".join(hanging(line, wide) for line in text.split("\n"))
    click.echo(text, err=err)
