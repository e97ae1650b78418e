"""Queries that name a table or a column only at run time, `SELECT name FROM {table}`: can what a migration takes away be it?

It can where the rest of the query fits: it names the column itself, or the program has the word somewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from migrasafe.app.judge.changed import columns_gone
from migrasafe.app.judge.version_queries import AppQuery, relations_of
from migrasafe.app.model import App, folded
from migrasafe.app.source.placeholders import UNKNOWN_NAME
from migrasafe.app.verdict import Breakage, Version, Weight
from migrasafe.schema.model import Ref, Schema, Table, View
from migrasafe.sql.expressions import names_of, walk

_PLACES_OF_NAMES = {"ResTarget": ("val",), "SortBy": ("node",), "A_Expr": ("lexpr",)}
"""Where a hole in a text, taken for a parameter, is rather the name of a column: `SELECT {columns} FROM …`."""
_SHORTEST_WORD = 3
"""Shorter ones are in every program, and not in the index of words."""


class _Names(Struct, frozen=True, kw_only=True):
    """What a query names as it stands in the program."""

    relations: frozenset[str]
    columns: frozenset[str]


def run_time_names(
    version: Version, app: App, queries: Sequence[AppQuery], before: Schema, after: Schema
) -> Iterator[Breakage]:
    """For one migration, the queries with such names that may be about what is gone. They may fail, for all we know."""
    if not queries:
        return
    relations = [
        ref
        for ref, relation in before.relations.items()
        if isinstance(relation, (Table, View)) and after.relation(ref) is None
    ]
    columns = sorted(columns_gone(before, after))
    for one in queries if relations or columns else ():
        names = _names(one)
        for ref in sorted(relations):
            if ref.name not in names.relations and _fits(ref.name, names.relations) and _is_quoted(app, ref.name):
                yield _breakage(version, one, ref, None, f'relation "{ref.name}" does not exist')
        for ref, column in columns:
            if column is not None and _may_be(app, names, ref.name, column):
                yield _breakage(version, one, ref, column, f'column "{column}" does not exist')


def _may_be(app: App, names: _Names, table: str, column: str) -> bool:
    """Whether a name that is not known can lead to the column. Where both are known, the query was resolved."""
    if column in names.columns:
        return table not in names.relations and _fits(table, names.relations)
    is_known = table in names.relations or (_fits(table, names.relations) and _is_word(app, table))
    return is_known and _fits(column, names.columns) and _is_word(app, column)


def _names(one: AppQuery) -> _Names:
    columns: set[str] = set()
    for kind, fields in walk(list(one.parsed.statements)):
        if kind == "ColumnRef":
            columns.update(names_of(fields["fields"])[-1:])
        elif kind == "ResTarget" and "name" in fields:
            columns.add(fields["name"])
        if one.query.partial and any("ParamRef" in fields.get(key, {}) for key in _PLACES_OF_NAMES.get(kind, ())):
            columns.add(UNKNOWN_NAME)
    return _Names(relations=frozenset(relations_of(one.parsed.statements)), columns=frozenset(columns))


def _fits(name: str, names: frozenset[str]) -> bool:
    """Whether one of the names that are known in part only can become this one."""
    patterns = (map(re.escape, one.split(UNKNOWN_NAME)) for one in names if UNKNOWN_NAME in one)
    return any(re.fullmatch(".*".join(parts), name, re.DOTALL) for parts in patterns)


def _is_word(app: App, name: str) -> bool:
    return len(name) < _SHORTEST_WORD or folded(name) in app.words


def _is_quoted(app: App, name: str) -> bool:
    return len(name) < _SHORTEST_WORD or any(mention.quoted for mention in app.words.get(folded(name), ()))


def _breakage(version: Version, one: AppQuery, ref: Ref, column: str | None, message: str) -> Breakage:
    return Breakage(
        version=version,
        before=False,
        weight=Weight.MAY_FAIL,
        location=one.query.position(0),
        message=message,
        sqlstate="42P01" if column is None else "42703",
        object=ref,
        name=column,
        query=one.query,
        help="it names something that is only known at run time, which can be this",
    )
