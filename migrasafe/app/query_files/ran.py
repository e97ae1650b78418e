"""Statements that really ran, as a server tells them: each shape of a statement becomes one query."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from migrasafe.app.model import Origin, Query, Unread
from migrasafe.app.source.file_scan import FileScan, SourceText
from migrasafe.app.source.placed_text import PlacedText
from migrasafe.app.source.read_statements import read_as_it_is

_CONSTANT = re.compile(r"'(?:[^']|'')*'|\$\d+|\b\d[\w.]*|\s+")
_HIDDEN = "<insufficient privilege>"


class Ran(NamedTuple):
    """One statement in a statistics view, an export of it, or a log."""

    text: PlacedText
    calls: int = 1
    prepared: bool | None = None


def scan_ran(source: SourceText, ran: Iterable[Ran], origin: Origin) -> FileScan:
    """The queries of what ran, one for all that differ only in their constants."""
    shapes: dict[str, tuple[Ran, int]] = {}
    for one in ran:
        shape = _CONSTANT.sub(" ", one.text.text).strip()
        first, calls = shapes.get(shape, (one, 0))
        kept = one if one.prepared and not first.prepared else first
        shapes[shape] = (kept, calls + one.calls)
    queries: list[Query] = []
    unread: list[Unread] = []
    for one, calls in shapes.values():
        if one.text.text.strip() in ("", _HIDDEN):
            continue
        name = f"ran {calls:,} times" if calls != 1 else "ran once"
        found, failed = read_as_it_is(one.text)
        queries += [source.query(statement, origin, name, prepared=one.prepared) for statement in found]
        unread += [source.unread(problem) for problem in failed]
    return FileScan(queries=tuple(queries), unread=tuple(unread))
