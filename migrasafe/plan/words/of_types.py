"""Changes of types and of their values, in words."""

from __future__ import annotations

from migrasafe.errors import InputError
from migrasafe.plan.carry_over.columns_of_type import enum_type
from migrasafe.plan.read.names_said import column_name, said_parts, table_name
from migrasafe.schema.definitions import name_of, with_suffix
from migrasafe.schema.model import Column, Domain, EnumType, Schema, Table
from migrasafe.sql.quote import quote_ident, quote_literal


def add_value(type_name: str, value: str) -> str:
    return f"ALTER TYPE {table_name(type_name)} ADD VALUE {quote_literal(value)}"


def rename_value(type_name: str, value: str, new: str) -> str:
    return f"ALTER TYPE {table_name(type_name)} RENAME VALUE {quote_literal(value)} TO {quote_literal(new)}"


def remove_value(schema: Schema, said: str, value: str) -> str:
    """The type is made anew without the value, for want of a statement that says so."""
    parts = said_parts(said)
    found = schema.types.get(schema.resolve_type(parts[-2] if len(parts) > 1 else None, parts[-1]))
    if not isinstance(found, EnumType):
        raise InputError(f"the schema has no enum type {said}")
    if value not in found.labels:
        raise InputError(f"{found.ref} has no value {value}: it has {', '.join(found.labels) or 'none'}")
    name, aside = name_of(found.ref), quote_ident(with_suffix(found.ref.name, "_old"))
    left = ", ".join(quote_literal(label) for label in found.labels if label != value)
    lines = [f"ALTER TYPE {name} RENAME TO {aside}", f"CREATE TYPE {name} AS ENUM ({left})"]
    for ref in sorted(schema.relations):
        table = schema.table(ref)
        for column in table.columns if table is not None else ():
            if enum_type(schema, column.type) == found:
                one = quote_ident(column.name)
                lines.append(f"ALTER TABLE {name_of(ref)} ALTER COLUMN {one} TYPE {name} USING {one}::text::{name}")
    return ";\n".join((*lines, f"DROP TYPE {quote_ident(found.ref.schema)}.{aside}"))


def drop_type(said: str) -> str:
    return f"DROP TYPE {table_name(said)}"


def rename_type(schema: Schema, said: str, new: str) -> str:
    parts = said_parts(said)
    found = schema.types.get(schema.resolve_type(parts[-2] if len(parts) > 1 else None, parts[-1]))
    word = "DOMAIN" if isinstance(found, Domain) else "TYPE"
    return f"ALTER {word} {table_name(said)} RENAME TO {quote_ident(said_parts(new)[-1])}"


def enum_to_text(schema: Schema, said: str) -> str:
    _, column, found = _enum_column(schema, said)
    table, name = column_name(said)
    listed = ", ".join(map(quote_literal, found.labels))
    return (
        f"ALTER TABLE {table} ALTER COLUMN {name} TYPE text,"
        f" ADD CONSTRAINT {quote_ident(with_suffix(column.name, '_known'))} CHECK ({name} IN ({listed}))"
    )


def enum_to_table(schema: Schema, said: str, new_table: str) -> str:
    _, column, found = _enum_column(schema, said)
    table, name = column_name(said)
    lookup, key = table_name(new_table), quote_ident(with_suffix(column.name, "_id"))
    rows = ", ".join(f"({place}, {quote_literal(label)})" for place, label in enumerate(found.labels, start=1))
    return f"""CREATE TABLE {lookup} (id integer PRIMARY KEY, name text NOT NULL UNIQUE);
INSERT INTO {lookup} (id, name) VALUES {rows};
-- migrasafe: replace {table}.{name} -> {key}
ALTER TABLE {table} ADD COLUMN {key} integer{" NOT NULL" if column.not_null else ""};
UPDATE {table} SET {key} = (SELECT id FROM {lookup} l WHERE l.name = {name}::text);
ALTER TABLE {table} DROP COLUMN {name};
ALTER TABLE {table} ADD FOREIGN KEY ({key}) REFERENCES {lookup} (id)"""


def _enum_column(schema: Schema, said: str) -> tuple[Table, Column, EnumType]:
    parts = said_parts(said)
    if len(parts) not in (2, 3):
        raise InputError(f"{said} is not a column: say TABLE.COLUMN or SCHEMA.TABLE.COLUMN")
    table = schema.table(schema.resolve(parts[0] if len(parts) == 3 else None, parts[-2]))
    column = table.column(parts[-1]) if table is not None else None
    found = enum_type(schema, column.type) if column is not None else None
    if table is None or column is None or found is None:
        raise InputError(f"{said} is no column of an enum type that is known")
    return table, column, found
