"""The queries of an SQL file: of sqlc, aiosql, PugSQL, HugSQL, yesql and dotsql with their names, or plain."""

from __future__ import annotations

import re
from typing import NamedTuple

from msgspec.structs import replace

from migrasafe.app.model import Origin
from migrasafe.app.source.file_scan import FileScan, SourceText
from migrasafe.app.source.placed_text import whole
from migrasafe.app.source.read_statements import read_statements
from migrasafe.sql.libpg_query import ParserError, TooDeepError, parse
from migrasafe.sql.split import ChunkKind, split

_MARKER = re.compile(
    r"^[ \t]*(?:--|/\*)[ \t]*(?::?name[ \t]*:|:name[ \t])[ \t]*(?P<name>[\w.\-]+)(?P<rest>[^\n]*)"
    r"|^[ \t]*--[ \t]+(?P<dashed>\w+)[ \t]+--[ \t]*$",
    re.MULTILINE,
)
_SQLC = re.compile(r"--[ \t]*name:[^\n]*[ \t]:(?:one|many|exec\w*|batch\w+|copyfrom)\b")
_AIOSQL_SIGNS = re.compile(r"[!^$#*<>]+$")
_DDL = frozenset({"CreateStmt", "AlterTableStmt", "IndexStmt", "CreateFunctionStmt", "ViewStmt", "CreateEnumStmt"})


class _Section(NamedTuple):
    name: str
    start: int
    end: int
    is_sqlc: bool = False


def scan_sql_file(source: SourceText, *, prepared: bool | None = None) -> FileScan:
    """Every statement of the file that reads or writes rows. `prepared`: how its tool sends queries, where known."""
    queries, unread = [], []
    for section in _sections(source.text):
        text = whole(source.text[section.start : section.end], section.start)
        found, failed = read_statements(text, certain=True)
        queries += [
            replace(
                source.query(one, Origin.QUERY_FILE, section.name, prepared=prepared),
                star_is_expanded=section.is_sqlc,
                rows_are_typed=section.is_sqlc,
            )
            for one in found
        ]
        unread += [source.unread(one) for one in failed]
    return FileScan(queries=tuple(queries), unread=tuple(unread))


def has_names(text: str) -> bool:
    """Whether the queries of a file have names, so that it is one of queries whatever else stands in it."""
    return _MARKER.search(text) is not None


def makes_tables(text: str) -> bool:
    """Whether a file makes or changes tables: it is a schema, a seed or a migration, and the running app does not send it."""
    for chunk in split(text)[0]:
        if chunk.kind is not ChunkKind.SQL:
            continue
        try:
            trees = parse(text[chunk.span.start : chunk.span.end])
        except (ParserError, TooDeepError, ValueError):
            continue
        if any(not _DDL.isdisjoint(tree["stmt"]) for tree in trees):
            return True
    return False


def _sections(text: str) -> list[_Section]:
    markers = list(_MARKER.finditer(text))
    if not markers:
        return [_Section("", 0, len(text))]
    ends = [marker.start() for marker in markers[1:]] + [len(text)]
    sections = [_Section("", 0, markers[0].start())]
    for marker, end in zip(markers, ends, strict=True):
        name = _AIOSQL_SIGNS.sub("", marker["name"] or marker["dashed"])
        # The name's own line is no part of the query; a block comment goes on until it is closed.
        start = marker.end()
        if "/*" in marker.group():
            closing = text.find("*/", marker.start())
            start = closing + 2 if closing >= 0 else start
        sections.append(_Section(name, start, end, is_sqlc=_SQLC.search(marker.group()) is not None))
    return sections
