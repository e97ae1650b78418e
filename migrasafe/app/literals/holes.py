"""Where an expression inside a string literal ends: `${…}`, `#{…}`, `{…}`."""

from __future__ import annotations

import re

_INSIDE = re.compile(r"""[{}`]|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL)
_TEMPLATE = re.compile(r"\\.|`|\$\{", re.DOTALL)


_LONGEST = 20_000
"""No expression in a query is longer; a brace that is never closed costs no more than this."""
_DEEPEST = 30


def end_of_braces(text: str, place: int, stop: int, level: int = 0) -> int:
    """The offset after the `}` of the `{` before `place`; where it is not closed within reason, where reason ends."""
    stop = min(stop, place + _LONGEST)
    depth = 1
    while place < stop:
        match = _INSIDE.search(text, place, stop)
        if match is None:
            return stop
        found = match.group()
        place = match.end()
        if found == "{":
            depth += 1
        elif found == "}":
            depth -= 1
            if depth == 0:
                return place
        elif found == "`" and level < _DEEPEST:
            place = _end_of_template(text, place, stop, level)
    return stop


def _end_of_template(text: str, place: int, stop: int, level: int) -> int:
    """The offset after the closing backtick of a template literal that opened before `place`; `stop` when there is none."""
    while match := _TEMPLATE.search(text, place, stop):
        if match.group() == "`":
            return match.end()
        place = end_of_braces(text, match.end(), stop, level + 1) if match.group() == "${" else match.end()
    return stop
