"""A field of a row: of a whole row of the query, or of a value with a composite type."""

from __future__ import annotations

from migrasafe.app.resolve.context import Context
from migrasafe.app.resolve.references import Value, column_value


def field_of(ctx: Context, value: Value, name: str, offset: int) -> Value | None:
    """A field of a row; None where it has none of the name, or nothing is known of it."""
    if value.row is not None:
        column = value.row.column(name)
        return None if column is None else column_value(ctx, column, offset)
    found = ctx.fields_of(value.type)
    if found is None:
        return None
    for column in found[1].columns:
        if column.name == name:
            ctx.reads(column, offset)
            return Value(type=column.type)
    return None


def missing_field(ctx: Context, value: Value, name: str, offset: int) -> None:
    """`(address).city` and `(orders).total` where the row has no such field; `(orders).fee` can be fee(orders)."""
    if ctx.functions(None, name)[1]:
        return
    if value.row is not None:
        relation = value.row.relation
        if value.row.complete and relation is not None:
            message = f"column {value.row.alias}.{name} does not exist"
            ctx.problem("42703", message, offset, ref=relation, name=name)
        return
    found = ctx.fields_of(value.type)
    if found is not None and found[1].complete:
        message = f'column "{name}" not found in data type {found[0].name}'
        ctx.problem("42703", message, offset, ref=found[0], name=name)
