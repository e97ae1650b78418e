"""ON CONFLICT: the unique index or constraint it relies on, and what it does instead.

https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from migrasafe.app.resolve.context import Context, Fields
from migrasafe.app.resolve.expressions import expression
from migrasafe.app.resolve.namespace import Item, Names
from migrasafe.app.resolve.updatable import Through, written_through
from migrasafe.app.usage import Action, ObjectKind
from migrasafe.schema.model import Index, Ref, Table, View
from migrasafe.sql.expressions import same_expression
from migrasafe.sql.statements import ConstraintKind, Expression

Assign = Callable[[Context, Iterable[Mapping[str, Any]], Item, Names], None]


def on_conflict(ctx: Context, fields: Fields, target: Item, names: Names, assign: Assign) -> None:
    """Walks the clause; a problem where what it relies on is not there."""
    infer = fields.get("infer", {})
    offset = infer.get("location", fields.get("location", 0))
    own = names.with_items((target,))
    if "conname" in infer:
        _constraint(ctx, target, infer["conname"], offset)
    elif infer:
        for item in infer.get("indexElems", []):
            element = item["IndexElem"]
            if "name" in element:
                node = {"ColumnRef": {"fields": [{"String": {"sval": element["name"]}}], "location": offset}}
                expression(ctx, node, own)
            expression(ctx, element.get("expr"), own)
        expression(ctx, infer.get("whereClause"), own)
        _inferred(ctx, target, infer, offset)
    if fields.get("action") == "ONCONFLICT_UPDATE":
        excluded = replace(target, alias="excluded", schema=None, shows_columns=False)
        visible = names.with_items((target, excluded))
        assign(ctx, fields.get("targetList", []), target, visible)
        expression(ctx, fields.get("whereClause"), visible)


def conflict_columns(ctx: Context, infer: Fields, relation: Ref) -> tuple[str, ...] | None:
    """The columns of the key that ON CONFLICT names, in the order of their names; None where it is not of plain ones."""
    if "conname" in infer:
        table = ctx.schema.table(relation)
        constraint = table.constraint(infer["conname"]) if table is not None else None
        return tuple(sorted(constraint.columns)) if constraint is not None else None
    names = [item["IndexElem"].get("name") for item in infer.get("indexElems", [])]
    return tuple(sorted(names)) if names and all(names) else None


def _constraint(ctx: Context, target: Item, name: str, offset: int) -> None:
    if target.relation is None:
        return
    ctx.use(Action.DEPENDS, ObjectKind.CONSTRAINT, target.relation, name, offset=offset)
    table = ctx.schema.table(target.relation)
    if table is not None and table.constraint(name) is None:
        message = f'constraint "{name}" for table "{table.ref.name}" does not exist'
        ctx.problem("42704", message, offset, certain=table.complete, ref=table.ref, name=name)


def _inferred(ctx: Context, target: Item, infer: Fields, offset: int) -> None:
    """The unique indexes over exactly these columns and expressions; with a predicate only where the clause has one."""
    relation = ctx.schema.relation(target.relation) if target.relation is not None else None
    below = written_through(relation, ctx.schema) if isinstance(relation, View) else None
    table = ctx.schema.table(below.table) if isinstance(below, Through) else relation
    if not isinstance(table, Table) or target.relation is None:
        return
    elements = [item["IndexElem"] for item in infer.get("indexElems", [])]
    columns = frozenset(element["name"] for element in elements if "name" in element)
    if isinstance(below, Through):
        columns = frozenset(below.columns.get(name) or name for name in columns)
    written = [Expression(node=element["expr"]) for element in elements if "expr" in element]
    shown = ", ".join(element.get("name", "(expression)") for element in elements)
    ctx.use(Action.DEPENDS, ObjectKind.INDEX, target.relation, shown, offset=offset)
    if _has_key(ctx, table, columns, written, has_predicate="whereClause" in infer):
        return
    message = "there is no unique or exclusion constraint matching the ON CONFLICT specification"
    ctx.problem("42P10", message, offset, certain=table.complete, ref=table.ref, name=shown)


def _has_key(
    ctx: Context, table: Table, columns: frozenset[str], written: list[Expression], *, has_predicate: bool
) -> bool:
    for index in ctx.schema.indexes_of(table):
        if not index.unique or not index.valid or (index.predicate is not None and not has_predicate):
            continue
        if _matches(index, columns, written):
            return True
    kinds = (ConstraintKind.UNIQUE, ConstraintKind.PRIMARY_KEY)
    return not written and any(
        one.kind in kinds and one.index is None and frozenset(one.columns) == columns and not one.deferrable
        for one in table.constraints
    )


def _matches(index: Index, columns: frozenset[str], written: list[Expression]) -> bool:
    keys = frozenset(element.column for element in index.elements if element.column is not None)
    expressions = [element.expression for element in index.elements if element.expression is not None]
    return (
        keys == columns
        and len(expressions) == len(written)
        and all(any(same_expression(one, other) for other in expressions) for one in written)
    )
