"""The lines of a file that a finding points at, with numbers and carets, as a terminal shows them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from migrasafe.findings import Place
from migrasafe.lint import LintedMigration

_MOST_LINES = 5
"""Of a statement that is shown."""
MOST_COLUMNS = 160
"""Of a line, where the width of the screen is not known."""
_BEFORE = 40
"""Columns that remain before what is underlined, where the line is too long for both."""


class Row(Struct, frozen=True, kw_only=True):
    """One row: its line number, its text, and the columns to underline in it."""

    number: int | None
    """None for the dots that stand for the lines left out."""
    text: str
    underline: tuple[int, int] | None = None
    """From where, and how many columns."""


class Lines(Struct, frozen=True):
    """The files of one migration, each split once."""

    migration: LintedMigration
    texts: Mapping[str, str]
    """Of the files that SQL was rendered from."""
    _split: dict[str, list[str]] = field(default_factory=dict)

    def of(self, path: str) -> list[str]:
        """The lines of a file; none of one that is not known."""
        if path not in self._split:
            scripts = (one for one in self.migration.scripts if one.source.path == path and one.origins is None)
            script = next(scripts, None)
            text = self.texts.get(path, "") if script is None else script.source.text
            self._split[path] = text.split("\n") if text else []
        return self._split[path]


def rows(place: Place, lines: list[str], most: int = MOST_COLUMNS) -> Iterator[Row]:
    """The lines of `place`, each in `most` columns, the middle of long statements left out; carets under what is on one
    line."""
    last_line = min(place.end_line, len(lines))
    if place.end_column == 1 and last_line > place.line:
        last_line -= 1
    shown = range(place.line, last_line + 1)
    cut = len(shown) > _MOST_LINES
    for number in shown[: _MOST_LINES - 2] if cut else shown:
        yield _row(number, place, lines, most)
    if cut:
        yield Row(number=None, text="…")
        yield _row(last_line, place, lines, most)


def _row(number: int, place: Place, lines: list[str], most: int) -> Row:
    text = lines[number - 1].rstrip("\r")
    shown = printable(text)
    underline = None
    if place.line == place.end_line:
        end = max(place.end_column - 1, place.column)
        if place.end_column <= place.column:  # a line of a program: all of it
            start_at, end = len(text) - len(text.lstrip()), len(text)
        else:
            start_at = place.column - 1
        start, columns = width(text[:start_at]), max(1, width(text[start_at:end]))
        cut = max(0, start - _BEFORE) if start + min(columns, _BEFORE) > most else 0
        if cut:
            shown, start = "…" + shown[cut + 1 :], start - cut
        underline = (start, min(columns, most - start))
    return Row(number=number, text=_shortened(shown, most), underline=underline)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def printable(text: str) -> str:
    """The text with spaces for tabs, and without what would move a terminal's cursor."""
    expanded = text.expandtabs(4)
    if expanded.isprintable():
        return expanded
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in expanded)


def width(text: str) -> int:
    """Columns on a terminal: wide characters take two, combining ones none."""
    shown = printable(text)
    if shown.isascii():
        return len(shown)
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in shown
    )
