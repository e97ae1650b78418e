"""A text put together from pieces of a source, which still knows where each of its characters stands there."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

HOLE = "\0"
"""Stands where the program puts something into a text. A source never contains it: PostgreSQL and we refuse NUL."""


class Piece(NamedTuple):
    """From `start` in the text on, text and source run side by side, beginning at `place` in the source."""

    start: int
    place: int


class Edit(NamedTuple):
    """text[start:end] becomes `replacement`, which stands where the replaced text stood."""

    start: int
    end: int
    replacement: str


class PlacedText(NamedTuple):
    text: str
    pieces: tuple[Piece, ...]

    def place(self, offset: int) -> int:
        """Where a character of the text stands in the source."""
        piece = self.pieces[max(0, bisect_right(self.pieces, offset, key=lambda piece: piece.start) - 1)]
        return piece.place + max(0, offset - piece.start)

    def cut(self, start: int, end: int) -> PlacedText:
        """text[start:end], with its places."""
        inside = [Piece(piece.start - start, piece.place) for piece in self.pieces if start < piece.start < end]
        return PlacedText(self.text[start:end], (Piece(0, self.place(start)), *inside))

    def edited(self, edits: Iterable[Edit]) -> PlacedText:
        """The text after edits, which are given in order and do not overlap."""
        builder = PlacedTextBuilder()
        done = 0
        for edit in edits:
            builder.append(self, done, edit.start)
            builder.add(edit.replacement, self.place(edit.start))
            done = edit.end
        builder.append(self, done, len(self.text))
        return builder.built(self.place(0))


def whole(text: str, place: int = 0) -> PlacedText:
    """A text that stands in the source as it is."""
    return PlacedText(text, (Piece(0, place),))


class PlacedTextBuilder:
    """Puts a text together, piece by piece."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._pieces: list[Piece] = []
        self._length = 0
        self._next = -1

    def add(self, text: str, place: int, width: int | None = None) -> None:
        """Add what stands at `place` and takes `width` characters there (as many as the text has, if not given)."""
        if not text:
            return
        if place != self._next:
            self._pieces.append(Piece(self._length, place))
        self._parts.append(text)
        self._length += len(text)
        # What is written otherwise than it reads ends its run: the next piece says again where it stands.
        self._next = place + len(text) if width is None or width == len(text) else -1

    def append(self, other: PlacedText, start: int = 0, end: int | None = None) -> None:
        """Add other.text[start:end]."""
        stop = len(other.text) if end is None else end
        if start >= stop:
            return
        part = other.cut(start, stop)
        for number, piece in enumerate(part.pieces):
            after = part.pieces[number + 1].start if number + 1 < len(part.pieces) else len(part.text)
            self.add(part.text[piece.start : after], piece.place)
        self._next = -1

    def built(self, place: int) -> PlacedText:
        """The text; an empty one stands at `place`."""
        return PlacedText("".join(self._parts), tuple(self._pieces) or (Piece(0, place),))
