"""Changes of what a column holds, in words."""

from __future__ import annotations

from migrasafe.errors import InputError
from migrasafe.plan.read.names_said import column_name, said_parts
from migrasafe.schema.model import Column, Schema
from migrasafe.sql.quote import quote_ident, spell_type


def generated(schema: Schema, said: str, expression: str) -> str:
    """A column that is there is to be worked out from others."""
    table, name = column_name(said)
    column = column_said(schema, said)
    body = f"{type_said(column, said)} GENERATED ALWAYS AS ({expression}) STORED"
    return f"ALTER TABLE {table} DROP COLUMN {name}, ADD COLUMN {name} {body}"


def collation(schema: Schema, said: str, new: str) -> str:
    table, name = column_name(said)
    column = column_said(schema, said)
    return f"ALTER TABLE {table} ALTER COLUMN {name} TYPE {type_said(column, said)} COLLATE {quote_ident(new)}"


def column_said(schema: Schema, said: str) -> Column:
    """The column that people named. Raises InputError where the schema has none of that name."""
    parts = said_parts(said)
    table = schema.table(schema.resolve(parts[0] if len(parts) == 3 else None, parts[-2]))
    column = table.column(parts[-1]) if table is not None else None
    if column is None:
        raise InputError(f"{said}: the schema has no such column")
    return column


def type_said(column: Column, said: str) -> str:
    """The type of a column that people named, as SQL. Raises InputError where the schema does not know it."""
    if column.type is None:
        raise InputError(f"the type of {said} is not known: give a dump or a DSN with --schema")
    return spell_type(column.type)
