"""What one file of an app gives, and how places in its text become lines and columns."""

from __future__ import annotations

from bisect import bisect_right

from msgspec import Struct

from migrasafe.app.model import Origin, Place, Query, Unread
from migrasafe.app.source.placed_text import HOLE, PlacedText
from migrasafe.app.source.read_statements import Found, Unreadable
from migrasafe.app.usage import SourceLocation
from migrasafe.sql.statements import Span

_SHOWN = 2_000


class FileScan(Struct, frozen=True, kw_only=True):
    """The queries of a file, what looks like SQL and is none, and where both stand in its text."""

    queries: tuple[Query, ...] = ()
    unread: tuple[Unread, ...] = ()
    spans: tuple[Span, ...] = ()
    """Of the literals that hold the queries, in order."""


class SourceText:
    """The text of a file, and the lines and columns of its offsets."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self._lines: list[int] = []
        """Where each line begins; found when the first place is asked for."""

    def location(self, offset: int) -> SourceLocation:
        """The line and the column of an offset, both from 1."""
        starts = self._starts()
        line = bisect_right(starts, offset)
        return SourceLocation(self.path, line, offset - starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of line `number`, from 1, with its line break."""
        starts = self._starts()
        return self.text[starts[number - 1] : starts[number] if number < len(starts) else len(self.text)]

    def _starts(self) -> list[int]:
        if not self._lines:
            self._lines.append(0)
            at = self.text.find("\n")
            while at >= 0:
                self._lines.append(at + 1)
                at = self.text.find("\n", at + 1)
        return self._lines

    def places(self, text: PlacedText) -> tuple[Place, ...]:
        """The places of a text; none where it stands in the source as it is."""
        if len(text.pieces) == 1:
            return ()
        places = []
        for piece in text.pieces:
            location = self.location(piece.place)
            places.append(Place(piece.start, location.line, location.column))
        return tuple(places)

    def query(self, found: Found, origin: Origin, name: str = "", *, prepared: bool | None = None) -> Query:
        """A statement that was found, as a query of the app."""
        return Query(
            sql=found.text.text,
            location=self.location(found.text.place(0)),
            origin=origin,
            name=name,
            places=self.places(found.text),
            partial=found.partial,
            prepared=prepared,
        )

    def unread(self, unreadable: Unreadable) -> Unread:
        """What looks like SQL and cannot be parsed; it points at where PostgreSQL would complain."""
        text = unreadable.text
        return Unread(
            location=self.location(text.place(min(unreadable.at, max(0, len(text.text) - 1)))),
            reason=f"looks like SQL, and PostgreSQL cannot parse it: {unreadable.reason}",
            text=" ".join(text.text.split())[:_SHOWN],
        )

    def part_of_query(self, text: PlacedText) -> Unread:
        """A clause that the program puts into a query at run time."""
        return Unread(
            location=self.location(text.place(0)),
            reason="is a part of a query that is put together at run time",
            text=" ".join(text.text.replace(HOLE, "…").split())[:_SHOWN],
        )
