"""INSERT, UPDATE, DELETE and MERGE: what they write, what they read, and what RETURNING shows.

https://www.postgresql.org/docs/current/dml.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from migrasafe.app.resolve.comparisons import condition, store
from migrasafe.app.resolve.conflict import conflict_columns, on_conflict
from migrasafe.app.resolve.context import Columns, Context, Fields
from migrasafe.app.resolve.expressions import expression, parts
from migrasafe.app.resolve.from_clause import alias_of, from_item, from_items, range_var
from migrasafe.app.resolve.namespace import Item, Names
from migrasafe.app.resolve.references import Value
from migrasafe.app.resolve.select import targets, with_clause
from migrasafe.app.resolve.values import How, Insertion, Written
from migrasafe.app.usage import Action, Certainty, ObjectKind
from migrasafe.schema.model import Column, Ref


def insert(ctx: Context, fields: Fields, outer: Names) -> Columns:
    level = with_clause(ctx, fields.get("withClause"), outer)
    relation = fields["relation"]
    target = range_var(ctx, relation, level, Action.INSERTS)
    named = [item["ResTarget"] for item in fields.get("cols", [])]
    source = fields.get("selectStmt")
    columns = tuple(one["name"] for one in named)
    offset = relation.get("location", 0)
    for one in named:
        written(ctx, target, one["name"], Action.INSERTS, one.get("location", offset))
        parts(ctx, one.get("indirection"), level)
    width = _inserted_rows(ctx, target, columns, named, source, level, offset)
    if width is not None and columns and width != len(columns):
        more = "expressions than target columns" if width > len(columns) else "target columns than expressions"
        ctx.problem("42601", f"INSERT has more {more}", offset, ref=target.relation)
    elif width is not None and target.complete and not columns and width > len(target.columns):
        ctx.problem("42601", "INSERT has more expressions than target columns", offset, ref=target.relation)
    if not columns and source is not None:
        columns = tuple(column.name for column in target.columns[: width if width is not None else None])
        for name in columns:
            written(ctx, target, name, Action.INSERTS, offset, by_place=True)
    how = How.NAMED if named else How.POSITIONAL if source is not None else How.DEFAULT_VALUES
    conflict = fields.get("onConflictClause", {})
    names = level.with_items((target,))
    if conflict:
        on_conflict(ctx, conflict, target, names, assign)
    if target.relation is not None:
        bare_do_nothing = conflict.get("action") == "ONCONFLICT_NOTHING" and "infer" not in conflict
        ctx.insertions.append(
            Insertion(
                relation=target.relation,
                how=how,
                columns=columns,
                width=width,
                offset=ctx.at(offset),
                do_nothing=bare_do_nothing,
                conflict_columns=conflict_columns(ctx, conflict.get("infer", {}), target.relation),
                overriding={"OVERRIDING_SYSTEM_VALUE": "system", "OVERRIDING_USER_VALUE": "user"}.get(
                    fields.get("override", ""), ""
                ),
                through=ctx.through,
            )
        )
    return returning(ctx, fields, names)


def _inserted_rows(
    ctx: Context,
    target: Item,
    columns: tuple[str, ...],
    named: Sequence[Fields],
    source: Mapping[str, Any] | None,
    level: Names,
    offset: int,
) -> int | None:
    """Walks what is inserted; how many values a row has, None where it is not known."""
    if source is None:
        return 0
    rows = source.get("SelectStmt", {}).get("valuesLists")
    if rows is None or "withClause" in source.get("SelectStmt", {}):
        shown = ctx.query(source, level)
        for at, column in enumerate(shown.columns):
            _stored(ctx, target, columns, at, {}, Value(type=column.type, text=column.text), Action.INSERTS, offset)
        return len(shown.columns) if shown.complete else None
    width = 0
    for row in rows:
        items = row["List"].get("items", [])
        width = len(items)
        for at, item in enumerate(items):
            value = expression(ctx, item, level)
            if at >= len(named) or "indirection" not in named[at]:
                _stored(ctx, target, columns, at, item, value, Action.INSERTS, _place(item, offset))
    return width


def _place(node: Mapping[str, Any], otherwise: int) -> int:
    found = next(iter(node.values())).get("location", otherwise) if node else otherwise
    return found if isinstance(found, int) and found >= 0 else otherwise


def _stored(
    ctx: Context,
    target: Item,
    columns: tuple[str, ...],
    at: int,
    node: Mapping[str, Any],
    value: Value,
    action: Action,
    offset: int,
) -> None:
    if columns:
        name = columns[at] if at < len(columns) else None
    else:
        name = target.columns[at].name if at < len(target.columns) else None
    if name is not None and target.relation is not None:
        _store(ctx, target.relation, name, node, value, action, offset)


def _store(
    ctx: Context,
    relation: Ref,
    name: str,
    node: Mapping[str, Any],
    value: Value,
    action: Action,
    offset: int,
    *,
    of_tables: bool = False,
) -> None:
    ctx.writes.append(
        Written(
            relation=relation,
            column=name,
            value=node,
            type=value.type,
            action=action,
            offset=ctx.at(offset),
            of_tables=of_tables,
        )
    )
    column = _column_of(ctx, relation, name)
    if column is not None and "SetToDefault" not in node:
        store(ctx, value, column, relation, offset)


def _column_of(ctx: Context, relation: Ref, name: str) -> Column | None:
    table = ctx.schema.table(relation)
    return table.column(name) if table is not None else None


def written(ctx: Context, target: Item, name: str, action: Action, offset: int, *, by_place: bool = False) -> None:
    """Notes that a column is written; a problem where the table has none of the name."""
    if target.column(name) is not None:
        ctx.use(action, ObjectKind.COLUMN, target.relation, name, offset=offset, by_star=by_place)
        return
    shown = target.relation.name if target.relation is not None else target.alias
    message = f'column "{name}" of relation "{shown}" does not exist'
    if target.complete:
        ctx.problem("42703", message, offset, ref=target.relation, name=name)
        note = message
    else:
        note = f"not all columns of {target.relation} are known"
        known = target.relation is not None and ctx.schema.relation(target.relation) is not None
        if known and (target.relation, name) in ctx.ever.columns:
            ctx.problem("42703", message, offset, ref=target.relation, name=name)
    certainty = Certainty.UNKNOWN
    ctx.use(action, ObjectKind.COLUMN, target.relation, name, offset=offset, certainty=certainty, note=note)


def assign(ctx: Context, nodes: Iterable[Mapping[str, Any]], target: Item, names: Names) -> None:
    """SET a = …, (b, c) = …"""
    sources: set[int] = set()
    for node in nodes:
        item = node["ResTarget"]
        name, offset, value = item.get("name", ""), item.get("location", 0), item.get("val", {})
        written(ctx, target, name, Action.WRITES, offset)
        parts(ctx, item.get("indirection"), names)
        if "MultiAssignRef" in value:
            source = value["MultiAssignRef"].get("source", {})
            place = value["MultiAssignRef"].get("colno", 1)
            if place == 1:
                sources.add(id(source))
                expression(ctx, source, names)
            row = source.get("RowExpr", {}).get("args", [])
            value = row[place - 1] if place <= len(row) else {}
            if target.relation is not None:
                _store(ctx, target.relation, name, value, Value(), Action.WRITES, offset)
            continue
        found = expression(ctx, value, names)
        if target.relation is not None and "indirection" not in item:
            plain = all(item.table for item in names.items)
            _store(ctx, target.relation, name, value, found, Action.WRITES, _place(value, offset), of_tables=plain)


def update(ctx: Context, fields: Fields, outer: Names) -> Columns:
    level = with_clause(ctx, fields.get("withClause"), outer)
    target = range_var(ctx, fields["relation"], level, Action.WRITES)
    names = from_items(ctx, fields.get("fromClause"), level.with_items((target,)))
    # In the order of PostgreSQL, which decides what type a parameter has.
    condition(ctx, "WHERE", expression(ctx, fields.get("whereClause"), names), 0)
    shown = returning(ctx, fields, names)
    assign(ctx, fields.get("targetList", []), target, names)
    return shown


def delete(ctx: Context, fields: Fields, outer: Names) -> Columns:
    level = with_clause(ctx, fields.get("withClause"), outer)
    target = range_var(ctx, fields["relation"], level, Action.DELETES)
    names = from_items(ctx, fields.get("usingClause"), level.with_items((target,)))
    condition(ctx, "WHERE", expression(ctx, fields.get("whereClause"), names), 0)
    return returning(ctx, fields, names)


def merge(ctx: Context, fields: Fields, outer: Names) -> Columns:
    level = with_clause(ctx, fields.get("withClause"), outer)
    target = range_var(ctx, fields["relation"], level, Action.WRITES)
    source = from_item(ctx, fields.get("sourceRelation", {}), level)
    both = level.with_items((target, *source))
    expression(ctx, fields.get("joinCondition"), both)
    for item in fields.get("mergeWhenClauses", []):
        when = item["MergeWhenClause"]
        kind = when.get("matchKind", "")
        visible = level.with_items(source) if kind == "MERGE_WHEN_NOT_MATCHED_BY_TARGET" else both
        expression(ctx, when.get("condition"), visible)
        match when.get("commandType"):
            case "CMD_UPDATE":
                assign(ctx, when.get("targetList", []), target, visible)
            case "CMD_INSERT":
                _merge_insert(ctx, when, target, visible, fields["relation"].get("location", 0))
            case "CMD_DELETE":
                ctx.use(Action.DELETES, ObjectKind.TABLE, target.relation, offset=fields["relation"].get("location", 0))
    return returning(ctx, fields, level.with_items((*source, target)))


def _merge_insert(ctx: Context, when: Fields, target: Item, names: Names, offset: int) -> None:
    named = [item["ResTarget"] for item in when.get("targetList", [])]
    columns = tuple(one["name"] for one in named)
    for one in named:
        written(ctx, target, one["name"], Action.INSERTS, one.get("location", offset))
    values = when.get("values", [])
    for at, item in enumerate(values):
        value = expression(ctx, item, names)
        _stored(ctx, target, columns, at, item, value, Action.INSERTS, _place(item, offset))
    how = How.NAMED if columns else How.POSITIONAL if values else How.DEFAULT_VALUES
    filled = columns or tuple(column.name for column in target.columns[: len(values)])
    if not columns:
        for name in filled:
            written(ctx, target, name, Action.INSERTS, offset, by_place=True)
        if target.complete and len(values) > len(target.columns):
            ctx.problem("42601", "INSERT has more expressions than target columns", offset, ref=target.relation)
    if target.relation is not None:
        ctx.insertions.append(
            Insertion(
                relation=target.relation,
                how=how,
                columns=filled,
                width=len(values),
                offset=ctx.at(offset),
                through=ctx.through,
            )
        )


def returning(ctx: Context, fields: Fields, names: Names) -> Columns:
    """The columns of RETURNING, where `old` and `new` mean the row before and after (18)."""
    clause = fields.get("returningClause", {})
    if not clause:
        return Columns()
    target = next((item for item in names.items if item.alias == _target_alias(fields)), None)
    if target is not None:
        aliases = {option.get("option"): option.get("value", "") for option in _options(clause)}
        rows = (aliases.get("RETURNING_OPTION_OLD", "old"), aliases.get("RETURNING_OPTION_NEW", "new"))
        taken = {item.alias for item in names.items}
        more = (replace(target, alias=name, schema=None, shows_columns=False) for name in rows if name not in taken)
        names = names.with_items((*names.items, *more))
    return targets(ctx, clause.get("exprs"), names)


def _options(clause: Fields) -> list[Fields]:
    return [item["ReturningOption"] for item in clause.get("options", [])]


def _target_alias(fields: Fields) -> str:
    relation = fields["relation"]
    return alias_of(relation)[0] or relation.get("relname", "")
