"""CREATE STATISTICS over a column: made for the one that takes its place, since it goes with the column without a word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from migrasafe.plan import predicates
from migrasafe.plan.beside import name_beside
from migrasafe.plan.model import Step
from migrasafe.schema.attached import Beside, WrittenStatistics
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref
from migrasafe.sql.deparse import deparse_expression, renamed
from migrasafe.sql.expressions import names_of, walk
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Expression


def carried_statistics(table: Ref, beside: Beside | None, columns: Mapping[str, str]) -> Iterator[Step]:
    """The same statistics over other columns, under a name of its own until the old one is gone."""
    for one in _over(beside, columns):
        ref = Ref(one.schema, _temporary(one))
        target = (f"ALTER STATISTICS {name_of(ref)} SET STATISTICS {one.target}",) * (one.target is not None)
        yield Step(
            title=f"Make the statistics {one.name} over {', '.join(columns.values())}",
            statements=(_sql(one, table, columns, ref), *target, f"ANALYZE {name_of(table)}"),
            done=predicates.statistics_exist(ref),
            undo=(f"DROP STATISTICS {name_of(ref)}",),
            long=True,
        )


def statistics_names_back(beside: Beside | None, columns: Mapping[str, str]) -> Iterator[str]:
    """The old names, once the old column has taken the old statistics with it."""
    for one in _over(beside, columns):
        yield f"ALTER STATISTICS {name_of(Ref(one.schema, _temporary(one)))} RENAME TO {quote_ident(one.name)}"


def statistics_over(beside: Beside | None, column: str) -> Iterator[WrittenStatistics]:
    """The statistics that go with a column."""
    return _over(beside, {column: column})


def statistics_on(one: WrittenStatistics, table: Ref, name: Ref) -> str:
    """The same statistics of another table of the same columns."""
    return _said(_tree(one)["CreateStatsStmt"], table, name)


def _said(fields: Mapping[str, Any], table: Ref, name: Ref) -> str:
    """CREATE STATISTICS, of which libpg_query's own text leaves the quotes away."""
    kinds = names_of(fields.get("stat_types", []))
    elements = [
        quote_ident(inner["name"]) if "name" in inner else f"({deparse_expression(Expression(node=inner['expr']))})"
        for inner in (element["StatsElem"] for element in fields["exprs"])
    ]
    words = f" ({', '.join(kinds)})" if kinds else ""
    return f"CREATE STATISTICS {name_of(name)}{words} ON {', '.join(elements)} FROM {name_of(table)}"


def _temporary(one: WrittenStatistics) -> str:
    return name_beside(one.name)


def _over(beside: Beside | None, columns: Mapping[str, str]) -> Iterator[WrittenStatistics]:
    for one in beside.statistics if beside is not None else ():
        if columns.keys() & _columns(_tree(one)):
            yield one


def _columns(tree: Mapping[str, Any]) -> set[str]:
    found = {inner["name"] for kind, inner in walk(tree) if kind == "StatsElem" and "name" in inner}
    return found | {names_of(inner["fields"])[-1] for kind, inner in walk(tree) if kind == "ColumnRef"}


def _sql(one: WrittenStatistics, table: Ref, columns: Mapping[str, str], ref: Ref) -> str:
    fields = dict(_tree(one)["CreateStatsStmt"])
    elements = []
    for element in fields["exprs"]:
        inner = dict(element["StatsElem"])
        if "name" in inner:
            inner["name"] = columns.get(inner["name"], inner["name"])
        else:
            inner = renamed(inner, columns, frozenset({table.name}))
        elements.append({"StatsElem": inner})
    fields["exprs"] = elements
    return _said(fields, table, ref)


def _tree(one: WrittenStatistics) -> dict[str, Any]:
    from migrasafe.sql.libpg_query import parse

    tree: dict[str, Any] = parse(one.sql)[0]["stmt"]
    return tree
