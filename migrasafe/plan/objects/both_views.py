"""A view with the columns of two versions of its query: those of the old one first, those that come behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from migrasafe.plan.carry_over.readers import has_star
from migrasafe.plan.changes.model import NoPlanError
from migrasafe.schema.model import Ref, Schema, View
from migrasafe.sql.deparse import map_columns
from migrasafe.sql.expressions import walk
from migrasafe.sql.statements import Node

_ROWS_FOLLOW = ("groupClause", "distinctClause", "havingClause", "windowClause")
"""Parts of a query by which its rows follow from what it selects."""


def columns_of_both(schema: Schema, old: View, new: View) -> tuple[tuple[str, ...], Node]:
    """The columns, and the query that gives them: the new one with the columns that go as the old one worked them out.

    Raises NoPlanError where they cannot stand in one query.
    """
    gone = [name for name in old.columns if name not in new.columns]
    come = [name for name in new.columns if name not in old.columns]
    new_targets = _targets(new)
    was = _targets(old) if gone else {}
    if gone:
        aliases = _same_tables(schema, old, new)
        was = {name: map_columns(was[name], _under(aliases)) for name in gone}
    columns = (*old.columns, *come)
    values = [was[name] if name in was else new_targets[name] for name in columns]
    assert new.query is not None  # _targets has seen to it
    select = dict(new.query.node["SelectStmt"])
    select["targetList"] = [{"ResTarget": {"val": value}} for value in values]
    return columns, {"SelectStmt": select}


def _targets(view: View) -> dict[str, Any]:
    select = view.query.node.get("SelectStmt", {}) if view.query is not None else {}
    values = [one["ResTarget"]["val"] for one in select.get("targetList", ())]
    if has_star(select.get("targetList", [])) or len(values) != len(view.columns):
        raise NoPlanError(f"the columns of the view {view.ref} are not all written out in its query")
    return dict(zip(view.columns, values, strict=True))


def _same_tables(schema: Schema, old: View, new: View) -> Mapping[str, str]:
    """What the tables of the old query are called in the new one, by what they are called in the old one."""
    first, second = (_tables(schema, view) for view in (old, new))
    if {ref for ref, _ in first} != {ref for ref, _ in second} or len(first) != len(second):
        raise NoPlanError("they read other tables")
    if len({ref for ref, _ in first}) != len(first) and first != second:
        raise NoPlanError("they read a table more than once")
    names = dict(second)
    return {alias: names[ref] for ref, alias in first}


def _tables(schema: Schema, view: View) -> Sequence[tuple[Ref, str]]:
    select = view.query.node["SelectStmt"] if view.query is not None else {}
    if any(part in select for part in _ROWS_FOLLOW) or select.get("op", "SETOP_NONE") != "SETOP_NONE":
        raise NoPlanError("its rows follow from what it selects (GROUP BY, DISTINCT, UNION)")
    found = []
    for kind, fields in walk({"from": select.get("fromClause", [])}):
        if kind in ("RangeSubselect", "RangeFunction", "RangeTableFunc", "SubLink"):
            raise NoPlanError("it reads more than tables")
        if kind == "RangeVar":
            alias = fields.get("alias", {}).get("aliasname", fields["relname"])
            found.append((schema.resolve(fields.get("schemaname"), fields["relname"]), alias))
    return sorted(found)


def _under(aliases: Mapping[str, str]) -> Any:
    """Columns of the old query, named as in the new one."""

    def change(path: tuple[str, ...]) -> tuple[str, ...]:
        if len(path) > 1 and path[-2] in aliases:
            return aliases[path[-2]], path[-1]
        if len(path) == 1 and len(aliases) == 1:
            return next(iter(aliases.values())), path[0]
        return path

    return change
