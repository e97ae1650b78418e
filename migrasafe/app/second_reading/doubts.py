"""What two readings of a query disagree about becomes uncertain: a column that is gone, found by one of them only, and
the column of a table that a view shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from migrasafe.app.judge.version_queries import AppQuery, OnSchema
from migrasafe.app.model import Query
from migrasafe.app.resolve import Resolution
from migrasafe.app.second_reading.opinion import Reading, second_reading
from migrasafe.app.usage import ObjectKind
from migrasafe.app.verdict import Breakage, Version, Weight
from migrasafe.schema.model import ColumnRef, Schema, View

_ONLY_OURS = "uncertain: a second reading of the query (sqlglot) does not find that it uses the column"
_ONLY_THEIRS = "uncertain: only a second reading of the query (sqlglot) finds that it uses the column"
_SHOWS_ANOTHER = "uncertain: a second reading (sqlglot) finds that the query shows {} instead"


def with_doubts(
    version: Version,
    one: AppQuery,
    was: OnSchema,
    breakages: Sequence[Breakage],
    gone: frozenset[ColumnRef],
    before: Schema,
) -> Iterator[Breakage]:
    """The breakages of one query, less certain where sqlglot does not see them, and those that only it sees."""
    suspects = {column for column in gone if column.column in one.named}
    shown = _shown_through_views(one, was.resolution, before)
    asked = suspects or any(_column_of(breakage) in shown for breakage in breakages)
    if not asked or one.query.partial or not _is_select(one):
        yield from breakages
        return
    second = second_reading(one.query.sql, before)
    if second is None:
        yield from breakages
        return
    found = set()
    for breakage in breakages:
        column = _column_of(breakage)
        if column is not None and column in gone:
            found.add(column)
            if column not in second.named and breakage.weight is Weight.FAILS and breakage.through is None:
                breakage = replace(breakage, weight=Weight.MAY_FAIL, uncertain=True, help=_ONLY_OURS)
        elif column is not None and column in shown and not breakage.sqlstate:
            breakage = _doubted(breakage, column, shown[column], second, before)
        yield breakage
    unnamed = any(breakage.sqlstate == "42703" and breakage.object is None for breakage in breakages)
    relations = {use.object for use in was.resolution.uses if use.object is not None and use.through is None}
    for column in sorted(second.named.intersection(suspects) - found):
        if not unnamed and column.relation in relations:
            yield _only_theirs(version, one.query, column)


def _column_of(breakage: Breakage) -> ColumnRef | None:
    return ColumnRef(breakage.object, breakage.name) if breakage.object is not None else None


def _shown_through_views(one: AppQuery, resolution: Resolution, before: Schema) -> dict[ColumnRef, str]:
    """The columns of tables that a typed reader gets through a view → their names in the result."""
    if not one.query.rows_are_typed:
        return {}
    named = {use.object for use in resolution.uses if use.kind is ObjectKind.TABLE and use.through is None}
    return {
        output.column: output.name
        for output in resolution.outputs or ()
        if output.column is not None and output.column.relation not in named
    }


def _doubted(breakage: Breakage, column: ColumnRef, name: str, second: Reading, before: Schema) -> Breakage:
    """The breakage, uncertain where sqlglot followed the views to other columns."""
    theirs = second.shown.get(name)
    if theirs is None or column in theirs or any(isinstance(before.relation(one.relation), View) for one in theirs):
        return breakage
    instead = ", ".join(f"{one.relation.name}.{one.column}" for one in sorted(theirs)) or "no column"
    return replace(breakage, uncertain=True, help=_SHOWS_ANOTHER.format(instead))


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
        uncertain=True,
        help=_ONLY_THEIRS,
    )
