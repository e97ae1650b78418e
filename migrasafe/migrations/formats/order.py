"""The orders in which tools run files: by name as people count, or by number."""

from __future__ import annotations

import re

_DIGITS = re.compile(r"(\d+)")


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key under which `2_x` comes before `10_x`."""
    parts = _DIGITS.split(name)
    return tuple([(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part])


def version(text: str) -> tuple[int, ...]:
    """The numbers of a dotted or underscored version, trailing zeros dropped: `1_2.0` is 1.2."""
    numbers = [int(part) for part in re.findall(r"\d+", text)]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
