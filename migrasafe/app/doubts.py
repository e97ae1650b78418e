"""What two readings of a query disagree about becomes uncertain: a column that is gone, found by one of them only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from migrasafe.app.model import Query
from migrasafe.app.second_opinion import columns_read
from migrasafe.app.verdict import Breakage, Version, Weight
from migrasafe.app.version_queries import AppQuery, OnSchema
from migrasafe.schema.model import ColumnRef, Schema

_ONLY_OURS = "a second reading of the query (sqlglot) does not find that it uses the column"
_ONLY_THEIRS = "only a second reading of the query (sqlglot) finds that it uses the column"


def with_doubts(
    version: Version,
    one: AppQuery,
    was: OnSchema,
    breakages: Sequence[Breakage],
    gone: frozenset[ColumnRef],
    before: Schema,
) -> Iterator[Breakage]:
    """The breakages of one query, less certain where sqlglot does not see them, and those that only it sees."""
    suspects = [column for column in gone if column.column in one.named]
    if not suspects or one.query.partial or not _is_select(one):
        yield from breakages
        return
    relations = {use.object for use in was.resolution.uses if use.object is not None and use.through is None}
    second = columns_read(one.query.sql, before, relations)
    if second is None:
        yield from breakages
        return
    found = set()
    for breakage in breakages:
        column = ColumnRef(breakage.object, breakage.name) if breakage.object is not None else None
        if column in gone and column is not None:
            found.add(column)
            if column not in second and breakage.weight is Weight.FAILS and breakage.through is None:
                breakage = replace(breakage, weight=Weight.MAY_FAIL, help=_ONLY_OURS)
        yield breakage
    unnamed = any(breakage.sqlstate == "42703" and breakage.object is None for breakage in breakages)
    for column in sorted(second.intersection(suspects) - found):
        if not unnamed and column.relation in relations:
            yield _only_theirs(version, one.query, column)


def _is_select(one: AppQuery) -> bool:
    return len(one.parsed.statements) == 1 and "SelectStmt" in one.parsed.statements[0]


def _only_theirs(version: Version, query: Query, column: ColumnRef) -> Breakage:
    return Breakage(
        version=version,
        before=False,
        weight=Weight.MAY_FAIL,
        location=query.position(0),
        message=f'column "{column.column}" does not exist',
        sqlstate="42703",
        object=column.relation,
        name=column.column,
        query=query,
        help=_ONLY_THEIRS,
    )
