"""Views that PostgreSQL writes through: which table a row of the view is a row of.

https://www.postgresql.org/docs/current/sql-createview.html#SQL-CREATEVIEW-UPDATABLE-VIEWS
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.app.resolve.context import Context
from migrasafe.app.resolve.references import strings
from migrasafe.app.usage import Action, ObjectKind
from migrasafe.schema.model import Ref, RelationKind, Schema, Table, View
from migrasafe.sql.expressions import walk

_MANY_ROWS_IN_OR_OUT = frozenset(
    {
        *(
            "array_agg",
            "avg",
            "bit_and",
            "bit_or",
            "bool_and",
            "bool_or",
            "count",
            "every",
            "json_agg",
            "json_object_agg",
        ),
        *("jsonb_agg", "jsonb_object_agg", "max", "min", "stddev", "string_agg", "sum", "variance", "xmlagg"),
        *("generate_series", "generate_subscripts", "json_array_elements", "jsonb_array_elements", "unnest"),
    }
)
_NOT_SIMPLE = (
    "distinctClause",
    "groupClause",
    "havingClause",
    "limitCount",
    "limitOffset",
    "withClause",
    "valuesLists",
)


class Through(Struct, frozen=True, kw_only=True):
    """What stands below a view that can be written through."""

    table: Ref
    columns: Mapping[str, str | None]
    """Column of the view → column of the table; None for an expression."""


def written_through(view: View, schema: Schema) -> Through | bool | None:
    """The table below; False where PostgreSQL refuses to write; None where that is not known."""
    if view.rewritten or view.query is None or not view.complete:
        return None
    if view.kind is RelationKind.MATERIALIZED_VIEW:
        return False
    node = view.query.node.get("SelectStmt", {})
    base = _only_relation(node)
    if base is None or not is_plain(node) or _calls(node, _MANY_ROWS_IN_OR_OUT):
        return False
    below = schema.relation(schema.resolve(base.get("schemaname"), base.get("relname", "")))
    names = _columns(node, view, below)
    if names is None or not isinstance(below, (Table, View)):
        return None
    if isinstance(below, Table):
        # The query is kept as written: where a column was renamed since then, this does not know it.
        known = {column.name for column in below.columns}
        if any(name is not None and name not in known for name in names.values()):
            return None
        return Through(table=below.ref, columns=names)
    further = written_through(below, schema)
    if not isinstance(further, Through):
        return further
    columns = {name: further.columns.get(one) if one is not None else None for name, one in names.items()}
    return Through(table=further.table, columns=columns)


def is_plain(select: Mapping[str, Any]) -> bool:
    """Whether each row shown is a row read: no DISTINCT, GROUP BY, LIMIT, UNION, window."""
    if any(key in select for key in _NOT_SIMPLE) or select.get("op", "SETOP_NONE") != "SETOP_NONE":
        return False
    return not any(kind == "FuncCall" and "over" in fields for kind, fields in walk(select.get("targetList", [])))


def _calls(select: Mapping[str, Any], functions: frozenset[str]) -> bool:
    calls = (fields for kind, fields in walk(select.get("targetList", [])) if kind == "FuncCall")
    return any(strings(call.get("funcname"))[-1:] and strings(call["funcname"])[-1] in functions for call in calls)


def _only_relation(select: Mapping[str, Any]) -> Mapping[str, Any] | None:
    items = select.get("fromClause", [])
    return items[0].get("RangeVar") if len(items) == 1 else None


def _columns(select: Mapping[str, Any], view: View, below: object) -> dict[str, str | None] | None:
    sources: list[str | None] = []
    for target in select.get("targetList", []):
        reference = target["ResTarget"].get("val", {}).get("ColumnRef", {})
        if any("A_Star" in part for part in reference.get("fields", [])):
            if isinstance(below, Table):
                sources.extend(column.name for column in below.columns)
            elif isinstance(below, View):
                sources.extend(below.columns)
            continue
        sources.append(strings(reference.get("fields"))[-1] if reference else None)
    if len(sources) < len(view.columns):
        return None
    # A `*` meant fewer columns when the view was made.
    return dict(zip(view.columns, sources, strict=False))


_VERBS = {
    Action.INSERTS: ("insert into", "insert into"),
    Action.WRITES: ("update", "update"),
    Action.DELETES: ("delete from", ""),
}


def write_through_views(ctx: Context) -> None:
    """What a query writes to views, it writes to the tables below them; a problem where PostgreSQL refuses that."""
    for use in list(ctx.uses.values()):
        view = ctx.schema.relation(use.object) if use.object is not None else None
        if isinstance(view, Table) and view.rewritten and use.kind is ObjectKind.TABLE and use.action in _VERBS:
            ctx.opaque[f"a rule decides what writing to {view.ref} does"] = None
        if (
            use.action not in _VERBS
            or not isinstance(view, View)
            or use.kind is not ObjectKind.VIEW
            or use.through is not None
        ):
            continue
        below = written_through(view, ctx.schema)
        if below is None:
            ctx.opaque[f"what a row becomes that is written to {view.ref} is not known"] = None
        elif isinstance(below, bool):
            message = f'cannot {_VERBS[use.action][0]} view "{view.ref.name}"'
            ctx.problem("55000", message, use.offset, ref=view.ref)
        else:
            _write(ctx, view, below, use.action, use.offset)


def _write(ctx: Context, view: View, below: Through, action: Action, offset: int) -> None:
    with ctx.inside(view.ref, offset):
        ctx.use(action, ObjectKind.TABLE, below.table, offset=offset)
    for insertion in [one for one in ctx.insertions if one.relation == view.ref and action is Action.INSERTS]:
        names = tuple(below.columns.get(name) for name in insertion.columns)
        named = tuple(name for name in names if name is not None)
        keys = insertion.conflict_columns
        if keys is not None:
            keys = tuple(sorted(below.columns.get(name) or name for name in keys))
        ctx.insertions.append(
            replace(insertion, relation=below.table, columns=named, through=view.ref, conflict_columns=keys)
        )
    for written in [one for one in ctx.writes if one.relation == view.ref and one.action is action]:
        name = below.columns.get(written.column)
        if name is not None:
            ctx.writes.append(replace(written, relation=below.table, column=name))
        elif written.column in below.columns:
            verb = _VERBS[action][1]
            message = f'cannot {verb} column "{written.column}" of view "{view.ref.name}"'
            ctx.problem("0A000", message, written.offset, ref=view.ref, name=written.column)
