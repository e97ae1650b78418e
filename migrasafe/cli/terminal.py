"""Whether the output is a terminal, whether it shows colour, and how wide it is."""

from __future__ import annotations

import os
import sys


def wants_color(choice: str = "auto") -> bool:
    """`always`, `never`, or `auto`: on a terminal, unless NO_COLOR says no (https://no-color.org)."""
    if choice != "auto":
        return choice == "always"
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")


def columns(widest: int = 88) -> int | None:
    """Of a terminal, at most as many as text is wrapped at; None where there is none: what is piped or kept does not go by
    them."""
    return min(widest, max(_NARROWEST, _terminal())) if sys.stdout.isatty() else None


_NARROWEST = 40


def _terminal() -> int:
    from shutil import get_terminal_size  # which imports more than a run without a terminal needs

    return get_terminal_size().columns


def say(text: str, *, err: bool = False) -> None:
    """Print sentences. On a terminal, what is long goes on below where its words began; elsewhere one line stays one line."""
    stream = sys.stderr if err else sys.stdout
    wide = _terminal() if stream.isatty() else None
    if wide is not None and wide >= _NARROWEST:
        from migrasafe.report.hanging import hanging

        text = "\n".join(hanging(line, wide) for line in text.split("\n"))
    if "\x1b" in text and not stream.isatty():
        from click import unstyle  # colours of what is quoted, such as a server's sentence

        text = unstyle(text)
    put(f"{text}\n", err=err)


def put(text: str, *, err: bool = False) -> None:
    """Writes text as it is, at once."""
    stream = sys.stderr if err else sys.stdout
    stream.write(text)
    stream.flush()
