"""Whether the output is a terminal that shows colour."""

from __future__ import annotations

import os
import sys


def wants_color(choice: str = "auto") -> bool:
    """`always`, `never`, or `auto`: on a terminal, unless NO_COLOR says no (https://no-color.org)."""
    if choice != "auto":
        return choice == "always"
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
