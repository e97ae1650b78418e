"""Where an expression inside a string literal ends: `${…}`, `#{…}`, `{…}`."""

from __future__ import annotations

import re

_INSIDE = re.compile(r"""[{}`]|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL)
_TEMPLATE = re.compile(r"\\.|`|\$\{", re.DOTALL)


def end_of_braces(text: str, place: int, stop: int) -> int:
    """The offset after the `}` of the `{` before `place`; `stop` when there is none."""
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
        elif found == "`":
            place = end_of_template(text, place, stop)
    return stop


def end_of_template(text: str, place: int, stop: int) -> int:
    """The offset after the closing backtick of a template literal that opened before `place`; `stop` when there is none."""
    while match := _TEMPLATE.search(text, place, stop):
        if match.group() == "`":
            return match.end()
        place = end_of_braces(text, match.end(), stop) if match.group() == "${" else match.end()
    return stop
