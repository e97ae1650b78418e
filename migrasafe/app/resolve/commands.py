"""Statements that are not queries but name tables and functions: CALL, COPY, TRUNCATE, LOCK, REFRESH, EXPLAIN, DECLARE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrasafe.app.resolve import functions
from migrasafe.app.resolve.context import Columns, Context, Fields
from migrasafe.app.resolve.dml import written
from migrasafe.app.resolve.expressions import expression, expressions
from migrasafe.app.resolve.from_clause import range_var
from migrasafe.app.resolve.namespace import Names, inner
from migrasafe.app.resolve.references import strings
from migrasafe.app.usage import Action
from migrasafe.schema.model import RelationKind, View

_QUERIES = {
    "SelectStmt": "SELECT",
    "InsertStmt": "INSERT",
    "UpdateStmt": "UPDATE",
    "DeleteStmt": "DELETE",
    "MergeStmt": "MERGE",
}
_HARMLESS = frozenset(
    {
        "TransactionStmt",
        "VariableSetStmt",
        "VariableShowStmt",
        "ListenStmt",
        "UnlistenStmt",
        "NotifyStmt",
        "DiscardStmt",
        "DeallocateStmt",
        "ExecuteStmt",
        "FetchStmt",
        "ClosePortalStmt",
        "CheckPointStmt",
        "VacuumStmt",
        "ConstraintsSetStmt",
        "LoadStmt",
        "CommentStmt",
    }
)


def command_name(node: Mapping[str, Any]) -> str:
    """`SELECT`, `COPY`, …: what a person calls the statement."""
    kind = next(iter(node), "")
    return _QUERIES.get(kind) or kind.removesuffix("Stmt").upper()


def command(ctx: Context, node: Mapping[str, Any]) -> Columns:
    """What a statement shows, its uses noted."""
    kind, fields = next(iter(node.items()))
    names = Names()
    if kind in _QUERIES:
        return ctx.query(node, names)
    match kind:
        case "ExplainStmt":
            ctx.query(fields.get("query", {}), names)
        case "PrepareStmt" | "DeclareCursorStmt":
            return ctx.query(fields.get("query", {}), names)
        case "CreateTableAsStmt":
            ctx.query(fields.get("query", {}), names)
        case "CallStmt":
            call = fields.get("funccall", {})
            functions.call(ctx, call, expressions(ctx, call.get("args"), names), names, procedure=True)
        case "CopyStmt":
            return _copy(ctx, fields, names)
        case "TruncateStmt":
            for item in fields.get("relations", []):
                range_var(ctx, item["RangeVar"], names, Action.DELETES)
        case "LockStmt":
            for item in fields.get("relations", []):
                range_var(ctx, item["RangeVar"], names, Action.DEPENDS)
        case "RefreshMatViewStmt":
            _refresh(ctx, fields["relation"], names)
        case _ if kind not in _HARMLESS:
            ctx.opaque[f"{command_name(node)} is not followed in an app"] = None
    return Columns()


def _refresh(ctx: Context, fields: Fields, names: Names) -> None:
    ref = range_var(ctx, fields, names, Action.WRITES).relation
    relation = ctx.schema.relation(ref) if ref is not None else None
    if isinstance(relation, View) and relation.kind is not RelationKind.MATERIALIZED_VIEW:
        # PostgreSQL 12 and 13 leave out "a table or".
        message = f'"{relation.ref.name}" is not a table or materialized view'
        ctx.problem("42809", message, fields.get("location", 0), ref=ref)


def _copy(ctx: Context, fields: Fields, names: Names) -> Columns:
    if "query" in fields:
        return ctx.query(fields["query"], names)
    is_from = bool(fields.get("is_from"))
    item = range_var(ctx, fields["relation"], names, Action.INSERTS if is_from else Action.READS)
    offset = fields["relation"].get("location", 0)
    listed = strings(fields.get("attlist"))
    visible = names.with_items((item,))
    for name in listed or tuple(column.name for column in item.columns):
        if is_from:
            written(ctx, item, name, Action.INSERTS, offset, by_place=not listed)
        else:
            column = {"ColumnRef": {"fields": [{"String": {"sval": name}}], "location": offset}}
            expression(ctx, column, visible)
    expression(ctx, fields.get("whereClause"), visible)
    if is_from and item.relation is not None:
        _copied(ctx, item.relation, listed, offset)
    return Columns() if is_from else Columns(columns=inner(item.columns), complete=item.complete)


def _copied(ctx: Context, relation: Any, listed: tuple[str, ...], offset: int) -> None:
    from migrasafe.app.resolve.values import How, Insertion

    table = ctx.schema.table(relation)
    columns = listed or tuple(column.name for column in table.columns if not column.generated) if table else listed
    how = How.NAMED if listed else How.POSITIONAL
    width = len(columns) if listed else None
    ctx.insertions.append(Insertion(relation=relation, how=how, columns=columns, width=width, offset=ctx.at(offset)))
