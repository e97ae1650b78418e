"""Up and down in one file, told apart by comments: `-- +goose Up`, `-- +migrate Up`, `-- migrate:up`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.model import Notice
from migrasafe.regex import regex
from migrasafe.sql.source import Source
from migrasafe.sql.statements import Span

SAMPLE = 12
_COMMENTS = regex(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


class Marked(Struct, frozen=True, kw_only=True):
    """The up part of a file: its sections, the words behind the up marker, and what else was marked."""

    sections: tuple[Span, ...]
    options: str = ""
    """What follows the up marker on its line, in lower case."""
    flags: frozenset[str] = frozenset()
    """Markers that are neither up nor down nor the edge of a statement, in lower case."""
    notices: tuple[Notice, ...] = ()


def marked(source: Source, marker: re.Pattern[str], tool: str) -> Marked:
    """The up part of a file whose markers `marker` finds; its one group is what the marker says.

    The comments above the first marker belong to the up part: people write suppressions there.
    """
    text = source.text
    sections: list[Span] = []
    flags: set[str] = set()
    notices: list[Notice] = []
    options: str | None = None
    inside = True
    begin = 0
    for match in marker.finditer(text):
        word, _, rest = " ".join(match.group(1).lower().split()).partition(" ")
        if options is None and inside and word in ("up", "down"):
            notices.extend(_sql_above(source, match.start(), tool))
            sections.append(Span(0, 0) if notices else Span(0, match.start()))
        elif inside and options is not None:
            sections.append(Span(begin, match.start()))
        begin = match.end()
        if word == "up":
            inside, options = True, rest if options is None else options
        elif word == "down":
            inside = False
        elif word not in ("statementbegin", "statementend"):
            flags.add(f"{word} {rest}".strip())
    if options is None:
        message = f"has no up marker of {tool}: nothing of it was read"
        return Marked(sections=(), notices=(Notice(path=source.path, line=1, message=message, blocking=True),))
    if inside:
        sections.append(Span(begin, len(text)))
    return Marked(sections=tuple(sections), options=options, flags=frozenset(flags), notices=tuple(notices))


def share_marked(folder: Folder, files: Sequence[str], marker: re.Pattern[str]) -> bool:
    """Whether any of some of the files, evenly picked, has the marker in its head."""
    return any(marker.search(head) for head in heads(folder, files))


def heads(folder: Folder, files: Sequence[str]) -> Iterator[str]:
    """The heads of some of the files, evenly picked."""
    return (folder.head(file) for file in files[:: max(1, len(files) // SAMPLE)])


def _sql_above(source: Source, end: int, tool: str) -> list[Notice]:
    left = _COMMENTS.sub(lambda match: " " * len(match.group()), source.text[:end])
    if not left.strip():
        return []
    line = source.position(len(left) - len(left.lstrip()))[0]
    message = f"SQL above the first marker of {tool}, which does not run it: not read"
    return [Notice(path=source.path, line=line, message=message, blocking=True)]
