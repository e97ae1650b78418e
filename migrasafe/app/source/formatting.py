"""What string formatting leaves open becomes a HOLE: `"… %s" % x`, `"… {}".format(x)`, `fmt.Sprintf`, `format!`."""

from __future__ import annotations

import re
from enum import Enum

from migrasafe.app.source.placed_text import HOLE, Edit, PlacedText


class Style(Enum):
    PERCENT = "%s"
    BRACES = "{}"


_VERBS = {
    Style.PERCENT: re.compile(r"%%|%(?:\(\w+\)|\[\d+\]|\d+\$)?[-+ #0]*\d*(?:\.\d+)?[a-zA-Z]"),
    Style.BRACES: re.compile(r"\{\{|\}\}|\{[^{}]*\}"),
}
_AFTER = (
    (re.compile(r"\s*%(?!=)"), Style.PERCENT),
    (re.compile(r"\s*\)?\s*\.format(?:_map)?\("), Style.BRACES),
    (re.compile(r"\s*\.formatted\("), Style.PERCENT),
)
_BEFORE = (
    (re.compile(r"(?:[sS]printf|String\.format|vsprintf|util\.format)\s*\(\s*(?:[\w.]+\(\s*)?$"), Style.PERCENT),
    (re.compile(r"\bformat!\s*\(\s*$"), Style.BRACES),
)


def formatting_of(source: str, start: int, end: int) -> Style | None:
    """How the program formats the string expression source[start:end], if it does."""
    before, after = source[max(0, start - 60) : start], source[end : end + 40]
    for pattern, style in _AFTER:
        if pattern.match(after):
            return style
    for pattern, style in _BEFORE:
        if pattern.search(before):
            return style
    return None


def open_verbs(text: PlacedText, style: Style) -> PlacedText:
    """The text with a HOLE for each verb of the style."""
    edits = []
    for verb in _VERBS[style].finditer(text.text):
        found = verb.group()
        edits.append(Edit(*verb.span(), found[0] if found in ("%%", "{{", "}}") else HOLE))
    return text.edited(edits)
