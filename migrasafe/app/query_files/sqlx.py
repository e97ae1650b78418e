"""The queries that sqlx wrote down when it checked them: `.sqlx/query-….json`, and `sqlx-data.json` of its older versions.

https://github.com/launchbadge/sqlx/blob/main/sqlx-cli/README.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from migrasafe.app.literals.escapes import add_escaped
from migrasafe.app.model import Expectation, Origin, Unread
from migrasafe.app.source.file_scan import FileScan, SourceText
from migrasafe.app.source.placed_text import PlacedText, PlacedTextBuilder
from migrasafe.app.source.read_statements import read_statements
from migrasafe.app.usage import SourceLocation

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_SAYS_ITSELF = re.compile(r"([?!])(?:\s*:.*)?$")
_QUERY_KEY = re.compile(r'"query"\s*:\s*')


def scan_sqlx(source: SourceText) -> FileScan:
    """The query of the file, or all of them, with the columns that its reader takes never to be NULL."""
    try:
        written = msgspec.json.decode(source.text)
    except (msgspec.DecodeError, RecursionError) as error:
        return FileScan(unread=(Unread(location=SourceLocation(source.path, 1), reason=f"is not JSON: {error}"),))
    if not isinstance(written, Mapping):
        return FileScan(unread=(Unread(location=SourceLocation(source.path, 1), reason="is no description of sqlx"),))
    all_of_them = [written] if "query" in written else [one for one in written.values() if isinstance(one, Mapping)]
    by_query = {one["query"]: one for one in all_of_them if isinstance(one.get("query"), str)}
    queries, unread = [], []
    for text in _texts(source.text):
        found, failed = read_statements(text, certain=True)
        unread += [source.unread(one) for one in failed]
        described = by_query.get(text.text, {})
        expects = _expectations(described, source.location(text.place(0)))
        may_be_null = frozenset(name for name, _, null in _columns(described) if null is not False)
        queries += [
            msgspec.structs.replace(
                source.query(one, Origin.QUERY_FILE, prepared=True),
                expects=expects,
                rows_are_typed=True,
                may_be_null=may_be_null,
            )
            for one in found
        ]
    return FileScan(queries=tuple(queries), unread=tuple(unread))


def _texts(text: str) -> Iterator[PlacedText]:
    for key in _QUERY_KEY.finditer(text):
        literal = _STRING.match(text, key.end())
        if literal is not None:
            builder = PlacedTextBuilder()
            add_escaped(builder, text, literal.start() + 1, literal.end() - 1)
            yield builder.built(literal.start() + 1)


def _expectations(described: Mapping[str, Any], location: SourceLocation) -> tuple[Expectation, ...]:
    """What sqlx took for NOT NULL, for columns of which it wrote down the table."""
    expects = []
    for _, origin, may_be_null in _columns(described):
        table = origin.get("Table") if isinstance(origin, Mapping) else None
        if isinstance(table, Mapping) and may_be_null is False:
            schema, dot, name = str(table.get("table", "")).rpartition(".")
            expects.append(
                Expectation(
                    schema=schema if dot else None,
                    table=name,
                    column=str(table.get("name", "")),
                    location=location,
                    not_null=True,
                )
            )
    return tuple(expects)


def _columns(described: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """The columns of the result: name, where it comes from, whether it may be NULL. An alias such as `id!` or `note?`
    says it in its stead, with or without `: Type`."""
    description = described.get("describe")
    columns, nullable = (
        (description.get("columns"), description.get("nullable")) if isinstance(description, Mapping) else (None, None)
    )
    if not isinstance(columns, list) or not isinstance(nullable, list):
        return
    for column, may_be_null in zip(columns, nullable, strict=False):
        if isinstance(column, Mapping):
            name = str(column.get("name", ""))
            said = _SAYS_ITSELF.search(name)
            yield name, column.get("origin"), (said[1] == "?") if said else may_be_null
