"""Whether the output is a terminal, whether it shows colour, and how wide it is."""

from __future__ import annotations

import os
import shutil
import sys


def wants_color(choice: str = "auto") -> bool:
    """`always`, `never`, or `auto`: on a terminal, unless NO_COLOR says no (https://no-color.org)."""
    if choice != "auto":
        return choice == "always"
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")


def columns(widest: int = 88) -> int:
    """Of a terminal, where it has fewer columns than text is wrapped at; what is piped or kept does not go by them."""
    return min(widest, max(_NARROWEST, shutil.get_terminal_size().columns)) if sys.stdout.isatty() else widest


_NARROWEST = 40
