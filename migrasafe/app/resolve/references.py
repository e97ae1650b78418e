"""What a column reference in an expression means: `total`, `o.total`, `public.orders.total`, a whole row, a parameter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from migrasafe.app.resolve.context import Context, Fields
from migrasafe.app.resolve.namespace import Col, Item, Names
from migrasafe.app.usage import Action, Certainty, ObjectKind
from migrasafe.schema.model import ColumnRef
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import TypeName


class Value(Struct, frozen=True, kw_only=True):
    """What is known of an expression's value."""

    type: TypeName | None = None
    column: ColumnRef | None = None
    """The column of a relation that it is, unchanged."""
    text: str | None = None
    """The text of a string constant."""
    offset: int = 0
    """Where the constant stands."""
    row: Item | None = None
    """It is a whole row of this item."""
    parameter: int = 0
    """The number of the parameter that it is."""


WHOLE_ROW = "as a part of the whole row"
NOTHING = Value()
UNKNOWN = TypeName(name="unknown")
"""The type of a string constant before it is compared with something."""


def strings(parts: Sequence[Fields] | None) -> tuple[str, ...]:
    return tuple(part["String"].get("sval", "") for part in parts or () if "String" in part)


def levels(names: Names) -> Iterator[Names]:
    level: Names | None = names
    while level is not None:
        yield level
        level = level.outer


def column_reference(ctx: Context, node: Fields, names: Names) -> Value:
    """The value of a ColumnRef node, its reads noted; a problem where it means nothing."""
    parts = strings(node.get("fields"))
    offset = node.get("location", 0)
    star = any("A_Star" in part for part in node.get("fields", ()))
    if star:
        item = named_item(names, parts)
        if item is not None:
            return whole_row(ctx, item, offset)
        return missing_item(ctx, parts, offset) if parts else NOTHING
    if len(parts) == 1:
        return _unqualified(ctx, parts[0], names, offset)
    return _qualified(ctx, parts, names, offset)


# --- one name ---------------------------------------------------------------------------------------------------------


def _unqualified(ctx: Context, name: str, names: Names, offset: int) -> Value:
    unsure: list[Item] = []
    for level in levels(names):
        shown = [item for item in level.items if item.shows_columns]
        found = [(item, column) for item in shown if (column := item.column(name)) is not None]
        if len(found) > 1 or any(item.count(name) > 1 for item, _ in found):
            ctx.problem("42702", f'column reference "{name}" is ambiguous', offset, name=name)
            for _, column in found:
                ctx.reads(column, offset)
            return NOTHING
        if found:
            _note_if_unsure(ctx, unsure, name, offset)
            return column_value(ctx, found[0][1], offset)
        unsure.extend(part for item in shown if not item.complete for part in item.unsure or (item,))
    for level in levels(names):
        for column in level.parameters:
            if column.name == name:
                return Value(type=column.type)
    row = named_item(names, (name,))
    if row is not None:
        _note_if_unsure(ctx, [item for item in unsure if item is not row], name, offset)
        return row_value(ctx, row, offset)
    if unsure:
        _note_if_unsure(ctx, unsure, name, offset)
        return NOTHING
    ctx.problem(
        "42703", f'column "{name}" does not exist', offset, certain=ctx.sure, ref=_only_relation(names), name=name
    )
    ctx.use(
        Action.READS,
        ObjectKind.COLUMN,
        _only_relation(names),
        name,
        offset=offset,
        certainty=Certainty.UNKNOWN,
        note=f'column "{name}" does not exist',
    )
    return NOTHING


def _only_relation(names: Names) -> Any:
    relations = {item.relation for item in names.items if item.relation is not None}
    return relations.pop() if len(relations) == 1 else None


def _note_if_unsure(ctx: Context, unsure: list[Item], name: str, offset: int) -> None:
    """The name may be a column of these, of which not all columns are known."""
    if any(item.system for item in unsure) and not any(_had(ctx, item, name) for item in unsure):
        return
    candidates = {item.relation for item in unsure if not item.system}
    for relation in candidates:
        if relation is None:
            ctx.opaque[f"whether a function gives a column {quote_ident(name)} is not known"] = None
            continue
        gone = ColumnRef(relation, name) in ctx.ever.columns
        certainty = Certainty.UNCERTAIN if len(candidates) > 1 else Certainty.UNKNOWN
        note = f"not all columns of {relation} are known"
        ctx.use(Action.READS, ObjectKind.COLUMN, relation, name, offset=offset, certainty=certainty, note=note)
        if gone and len(candidates) == 1 and ctx.schema.relation(relation) is not None:
            ctx.problem("42703", f'column "{name}" does not exist', offset, ref=relation, name=name)


def _had(ctx: Context, item: Item, name: str) -> bool:
    return item.relation is not None and ColumnRef(item.relation, name) in ctx.ever.columns


# --- several names ----------------------------------------------------------------------------------------------------


def _qualified(ctx: Context, parts: tuple[str, ...], names: Names, offset: int) -> Value:
    item = named_item(names, parts[:-1])
    name = parts[-1]
    if item is None:
        parameter = _parameter(names, parts)
        return parameter if parameter is not None else missing_item(ctx, parts[:-1], offset, name)
    column = item.column(name)
    if column is not None:
        if item.count(name) > 1:
            ctx.problem("42702", f'column reference "{name}" is ambiguous', offset, name=name)
        return column_value(ctx, column, offset)
    row_function = _function_of_row(ctx, item, name)
    if row_function is not None:
        ctx.use(Action.DEPENDS, ObjectKind.FUNCTION, row_function[0], offset=offset)
        row_value(ctx, item, offset)
        return Value(type=row_function[1])
    if item.system:
        return NOTHING
    message = f"column {parts[-2]}.{name} does not exist"
    if item.complete:
        ctx.problem("42703", message, offset, ref=item.relation, name=name)
        certainty, note = Certainty.UNKNOWN, message
    else:
        certainty, note = Certainty.UNKNOWN, f"not all columns of {item.relation or item.alias} are known"
        if item.relation is None:
            ctx.opaque[f"whether a function gives a column {quote_ident(name)} is not known"] = None
        elif ctx.schema.relation(item.relation) is not None and ColumnRef(item.relation, name) in ctx.ever.columns:
            ctx.problem("42703", message, offset, ref=item.relation, name=name)
    ctx.use(Action.READS, ObjectKind.COLUMN, item.relation, name, offset=offset, certainty=certainty, note=note)
    return NOTHING


def _parameter(names: Names, parts: tuple[str, ...]) -> Value | None:
    """`function.argument` in the body of a SQL function, or a field of an argument."""
    for level in levels(names):
        for column in level.parameters:
            if column.name in (parts[-1], parts[0]):
                return Value(type=column.type if column.name == parts[-1] else None)
    return None


def _function_of_row(ctx: Context, item: Item, name: str) -> tuple[Any, TypeName | None] | None:
    """`o.full_name` can be full_name(o)."""
    ref, functions = ctx.functions(None, name)
    for function in functions:
        inputs = [one for one in function.arguments if one.is_input]
        if len(inputs) == 1 and item.row_type is not None and inputs[0].type.name == item.row_type.name:
            return ref, function.returns
    return None


def missing_item(ctx: Context, parts: tuple[str, ...], offset: int, column: str | None = None) -> Value:
    shown = ".".join(parts)
    message = f'missing FROM-clause entry for table "{parts[-1]}"'
    ctx.problem("42P01", message, offset, certain=ctx.sure, name=shown)
    if column is not None:
        note = message
        ctx.use(Action.READS, ObjectKind.COLUMN, None, column, offset=offset, certainty=Certainty.UNKNOWN, note=note)
    return NOTHING


def named_item(names: Names, qualifier: tuple[str, ...]) -> Item | None:
    """The FROM item that `orders` or `public.orders` names, the innermost first."""
    if not qualifier:
        return None
    for level in levels(names):
        for item in level.items:
            if not item.shows_name or item.alias != qualifier[-1] or not item.alias:
                continue
            if len(qualifier) == 1 or item.schema == qualifier[-2]:
                return item
    return None


# --- values -----------------------------------------------------------------------------------------------------------


def column_value(ctx: Context, column: Col, offset: int) -> Value:
    ctx.reads(column, offset)
    return Value(type=column.type, column=column.origin)


def row_value(ctx: Context, item: Item, offset: int) -> Value:
    """An item named where a value is wanted: its one value for a function that gives one, else the whole row."""
    if item.scalar:
        return Value(type=item.columns[0].type if item.columns else None)
    return whole_row(ctx, item, offset)


def whole_row(ctx: Context, item: Item, offset: int) -> Value:
    for column in item.columns:
        ctx.reads(column, offset, by_star=True, note=WHOLE_ROW)
    return Value(type=item.row_type, row=item)
