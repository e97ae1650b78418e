"""The items of a FROM clause: tables, views, CTEs, subqueries, joins, functions, XMLTABLE, JSON_TABLE.

https://www.postgresql.org/docs/current/queries-table-expressions.html#QUERIES-FROM
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from migrasafe.app.resolve.comparisons import condition
from migrasafe.app.resolve.context import Columns, Context, Fields
from migrasafe.app.resolve.expressions import expression, parts
from migrasafe.app.resolve.from_function import json_table, range_function, xml_table
from migrasafe.app.resolve.namespace import Col, Item, Names, inner, renamed
from migrasafe.app.resolve.references import strings
from migrasafe.app.usage import Action, Certainty, ObjectKind
from migrasafe.schema.model import Index, Ref, Table
from migrasafe.sql.statements import TypeName


def from_items(ctx: Context, nodes: list[Mapping[str, Any]] | None, names: Names) -> Names:
    """The names with the items of a FROM clause; LATERAL ones see those before them, and what is already there."""
    for node in nodes or ():
        names = names.with_items((*names.items, *from_item(ctx, node, names)))
    return names


def from_item(ctx: Context, node: Mapping[str, Any], names: Names) -> tuple[Item, ...]:
    """The items that one part of a FROM clause adds, those below a JOIN included."""
    kind, fields = next(iter(node.items()))
    match kind:
        case "RangeVar":
            return (range_var(ctx, fields, names),)
        case "RangeSubselect":
            visible = names if fields.get("lateral") else names.with_items(())
            shown = ctx.query(fields.get("subquery", {}), visible)
            alias, aliases = alias_of(fields)
            columns = inner(shown.columns, aliases)
            return (Item(alias=alias, columns=columns, complete=shown.complete),)
        case "JoinExpr":
            return _join(ctx, fields, names)
        case "RangeFunction":
            return (range_function(ctx, fields, names, *alias_of(fields)),)
        case "RangeTableSample":
            item = from_item(ctx, fields["relation"], names)
            parts(ctx, fields.get("args"), names)
            expression(ctx, fields.get("repeatable"), names)
            return item
        case "RangeTableFunc":
            return (xml_table(ctx, fields, names, *alias_of(fields)),)
        case "JsonTable":
            return (json_table(ctx, fields, names, *alias_of(fields)),)
    ctx.opaque[f"{kind} in FROM is not known"] = None
    return (Item(alias=alias_of(fields)[0], complete=False),)


def alias_of(fields: Fields) -> tuple[str, tuple[str, ...]]:
    alias = fields.get("alias", {})
    return alias.get("aliasname", ""), strings(alias.get("colnames"))


def range_var(ctx: Context, fields: Fields, names: Names, action: Action = Action.READS) -> Item:
    """A table, view, CTE or sequence by its name."""
    schema, name = fields.get("schemaname"), fields.get("relname", "")
    alias, aliases = alias_of(fields)
    cte = names.cte(name) if schema is None and action is Action.READS else None
    if cte is not None:
        return Item(alias=alias or name, columns=inner(cte.columns, aliases), complete=cte.complete)
    item = relation_item(ctx, schema, name, action, fields.get("location", 0))
    if alias:
        item = replace(item, alias=alias, schema=None)
    if item.complete and len(aliases) > len(item.columns):
        message = f'table "{item.alias}" has {len(item.columns)} columns available but {len(aliases)} columns specified'
        ctx.problem("42P10", message, fields.get("location", 0), ref=item.relation)
    return replace(item, columns=renamed(item.columns, aliases)) if aliases else item


def relation_item(ctx: Context, schema: str | None, name: str, action: Action, offset: int) -> Item:
    """A relation of the schema, the use of it noted; a problem where there is none."""
    found = ctx.relation(schema, name)
    shown = name if schema is None else f"{schema}.{name}"
    if found.relation is None or isinstance(found.relation, Index):
        if found.system:
            return Item(alias=name, complete=False, schema=schema, table=True, system=True)
        message = f'relation "{shown}" does not exist'
        ctx.use(action, ObjectKind.TABLE, found.ref, offset=offset, certainty=Certainty.UNKNOWN, note=message)
        certain = ctx.is_missing(schema, found.ref) if ctx.sure else found.ref in ctx.ever.relations
        ctx.problem("42P01", message, offset, certain=certain, ref=found.ref)
        return Item(alias=name, complete=False, relation=found.ref, schema=found.ref.schema, table=True)
    kind = ObjectKind.TABLE if isinstance(found.relation, Table) else ctx.kind_of(found.relation)
    ctx.use(action, kind, found.ref, offset=offset)
    if kind is ObjectKind.VIEW:
        ctx.look_through(found.relation, offset)
    columns = ctx.columns_of(found)
    return Item(
        alias=name,
        columns=columns.columns,
        complete=columns.complete,
        relation=found.ref,
        schema=found.ref.schema,
        table=isinstance(found.relation, Table),
        row_type=TypeName(schema=found.ref.schema, name=found.ref.name),
    )


# --- joins ------------------------------------------------------------------------------------------------------------


def _join(ctx: Context, fields: Fields, names: Names) -> tuple[Item, ...]:
    left = from_item(ctx, fields["larg"], names)
    right = from_item(ctx, fields["rarg"], names.with_items((*names.items, *left)))
    both = (*left, *right)
    merged = strings(fields.get("usingClause")) or _natural(left, right, natural=bool(fields.get("isNatural")))
    condition(ctx, "JOIN/ON", expression(ctx, fields.get("quals"), names.with_items((*names.items, *both))), 0)
    alias, aliases = alias_of(fields)
    if not merged and not alias:
        return both
    joined = _merge(ctx, merged, left, right)
    if alias:
        return (replace(joined, alias=alias, columns=renamed(joined.columns, aliases)),)
    hidden = tuple(replace(item, shows_columns=False) for item in both)
    using_alias = fields.get("join_using_alias", {}).get("aliasname", "")
    if using_alias:
        columns = joined.columns[: len(merged)]
        hidden = (*hidden, Item(alias=using_alias, columns=columns, shows_columns=False))
    return (*hidden, joined)


def _shown(items: tuple[Item, ...]) -> tuple[Col, ...]:
    return tuple(column for item in items if item.shows_columns for column in item.columns)


def _natural(left: tuple[Item, ...], right: tuple[Item, ...], *, natural: bool) -> tuple[str, ...]:
    theirs = {column.name for column in _shown(right)}
    return tuple(column.name for column in _shown(left) if column.name in theirs) if natural else ()


def _merge(ctx: Context, merged: tuple[str, ...], left: tuple[Item, ...], right: tuple[Item, ...]) -> Item:
    """The JOIN as one item: the merged columns first, then the others of both sides."""
    columns: list[Col] = []
    for name in merged:
        found = [column for side in (left, right) for column in _shown(side) if column.name == name][:2]
        _check_side(ctx, name, left, "left")
        _check_side(ctx, name, right, "right")
        for column in found:
            ctx.reads(column, 0)
        first = found[0] if found else Col(name=name)
        columns.append(replace(first, reads=tuple(ref for column in found for ref in column.reads)))
    columns.extend(column for side in (left, right) for column in _shown(side) if column.name not in merged)
    unsure = tuple(part for item in (*left, *right) if not item.complete for part in item.unsure or (item,))
    system = bool(unsure) and all(item.system for item in unsure)
    return Item(alias="", columns=tuple(columns), complete=not unsure, unsure=unsure, system=system)


def _check_side(ctx: Context, name: str, side: tuple[Item, ...], which: str) -> None:
    if any(column.name == name for column in _shown(side)):
        return
    incomplete = [item for item in side if item.shows_columns and not item.complete]
    if not incomplete:
        message = f'column "{name}" specified in USING clause does not exist in {which} table'
        relations = {item.relation for item in side if item.relation is not None}
        ref: Ref | None = relations.pop() if len(relations) == 1 else None
        ctx.problem("42703", message, 0, ref=ref, name=name)
        certainty = Certainty.UNKNOWN
        ctx.use(Action.READS, ObjectKind.COLUMN, ref, name, certainty=certainty, note=message)
        return
    for item in incomplete:
        if item.relation is not None:
            note = f"not all columns of {item.relation} are known"
            certainty = Certainty.UNKNOWN
            ctx.use(Action.READS, ObjectKind.COLUMN, item.relation, name, certainty=certainty, note=note)


__all__ = ["Columns", "alias_of", "from_item", "from_items", "range_var", "relation_item"]
