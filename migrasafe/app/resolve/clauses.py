"""GROUP BY, ORDER BY, DISTINCT and FOR UPDATE: what they read, and what they ask of the query.

https://www.postgresql.org/docs/current/sql-select.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from migrasafe.app.resolve.context import Columns, Context, Fields
from migrasafe.app.resolve.expressions import expression
from migrasafe.app.resolve.namespace import Item, Names
from migrasafe.app.resolve.references import strings
from migrasafe.schema.model import ColumnRef, View

_STRENGTHS = {
    "LCS_FORUPDATE": "FOR UPDATE",
    "LCS_FORNOKEYUPDATE": "FOR NO KEY UPDATE",
    "LCS_FORSHARE": "FOR SHARE",
    "LCS_FORKEYSHARE": "FOR KEY SHARE",
}
_UNLOCKABLE = {
    "distinctClause": "DISTINCT clause",
    "groupClause": "GROUP BY clause",
    "havingClause": "HAVING clause",
    "valuesLists": "VALUES",
}


def _bare_name(node: Mapping[str, Any]) -> str | None:
    names = node.get("ColumnRef", {}).get("fields", [])
    return names[0]["String"]["sval"] if len(names) == 1 and "String" in names[0] else None


def sorted_by(ctx: Context, node: Mapping[str, Any], names: Names, shown: Columns) -> None:
    """A bare name in ORDER BY is an output column first."""
    name = _bare_name(node)
    if name is None or all(column.name != name for column in shown.columns):
        expression(ctx, node, names)


def grouped_by(ctx: Context, node: Mapping[str, Any], names: Names, shown: Columns) -> None:
    """A bare name in GROUP BY is an input column first."""
    if "GroupingSet" in node:
        for item in node["GroupingSet"].get("content", []):
            grouped_by(ctx, item, names, shown)
        return
    name = _bare_name(node)
    is_output = name is not None and any(column.name == name for column in shown.columns)
    if is_output and not any(item.column(name or "") for item in names.items if item.shows_columns):
        return
    expression(ctx, node, names)


def shown_with_group_by(ctx: Context, fields: Fields, names: Names) -> None:
    """Columns that are shown as they are, and are neither grouped by nor belong to a row that the primary key tells.

    https://www.postgresql.org/docs/current/queries-table-expressions.html#QUERIES-GROUP
    """
    grouped: set[ColumnRef] = set()
    for node in fields.get("groupClause", []):
        found = _plain_column(node, names)
        if found is None:
            return  # an output column, an expression, a grouping set
        grouped.add(found[1])
    for target in fields.get("targetList", []):
        found = _plain_column(target["ResTarget"].get("val", {}), names)
        if found is None or not grouped or found[1] in grouped:
            continue
        item, ref = found
        table = ctx.schema.table(ref.relation)
        key = table.primary_key if table is not None else None
        if table is None or not table.complete:
            continue
        if key is None or key.deferrable or not grouped.issuperset(ColumnRef(ref.relation, one) for one in key.columns):
            shown_name = f"{item.alias}.{ref.column}"
            message = f'column "{shown_name}" must appear in the GROUP BY clause or be used in an aggregate function'
            place = target["ResTarget"].get("location", 0)
            ctx.problem("42803", message, place, ref=ref.relation, name=ref.column)


def _plain_column(node: Mapping[str, Any], names: Names) -> tuple[Item, ColumnRef] | None:
    """The column of a table of this FROM clause that an expression is."""
    parts = strings(node.get("ColumnRef", {}).get("fields"))
    items = [item for item in names.items if item.table and item.shows_columns and item.complete]
    if len(items) != len(names.items) or not parts or len(parts) > 2:
        return None
    if len(parts) == 2:
        items = [item for item in items if item.alias == parts[0]]
    found = [(item, item.column(parts[-1])) for item in items if item.column(parts[-1]) is not None]
    if len(found) != 1 or found[0][1] is None or found[0][1].origin is None:
        return None
    return found[0][0], found[0][1].origin


def locked(ctx: Context, fields: Fields, names: Names) -> None:
    for item in fields.get("lockingClause", []):
        if not item["LockingClause"].get("lockedRels"):
            _lock_views(ctx, names.items, item["LockingClause"])
        for relation in item["LockingClause"].get("lockedRels", []):
            name = relation["RangeVar"].get("relname", "")
            if any(one.alias == name for one in names.items):
                _lock_views(ctx, [one for one in names.items if one.alias == name], item["LockingClause"])
            else:
                place = relation["RangeVar"].get("location", 0)
                ctx.problem(
                    "42P01", f'relation "{name}" in FOR UPDATE clause not found in FROM clause', place, name=name
                )


def _lock_views(ctx: Context, items: Iterable[Item], clause: Fields) -> None:
    """A lock reaches through a view to the rows below it, where these can be told."""
    word = _STRENGTHS.get(clause.get("strength", ""), "FOR UPDATE")
    for item in items:
        view = ctx.schema.relation(item.relation) if item.relation is not None else None
        if not isinstance(view, View) or view.query is None:
            continue
        node = view.query.node.get("SelectStmt", {})
        what = next((what for key, what in _UNLOCKABLE.items() if key in node), None)
        if node.get("op", "SETOP_NONE") != "SETOP_NONE":
            what = "UNION/INTERSECT/EXCEPT"
        if what is not None:
            ctx.problem("0A000", f"{word} is not allowed with {what}", 0, ref=view.ref)
