"""Changes of identity columns and of sequences, in words."""

from __future__ import annotations

from migrasafe.errors import InputError
from migrasafe.plan.objects.sequences import sequence_of
from migrasafe.plan.read.names_said import column_name, said_parts, table_name
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Schema
from migrasafe.sql.quote import quote_ident, quote_literal

_WAYS = {"always": "ALWAYS", "by-default": "BY DEFAULT"}


def identity(schema: Schema, said: str, way: str) -> str:
    """Of an identity column, or of one that is to become one, with the numbers going on."""
    table, column = column_name(said)
    parts = said_parts(said)
    found = schema.table(schema.resolve(parts[0] if len(parts) == 3 else None, parts[-2]))
    known = found.column(parts[-1]) if found is not None else None
    if found is None or known is None:
        raise InputError(f"{said}: the schema has no such column")
    if way not in (*_WAYS, "no"):
        raise InputError(f"`identity {said} {way}`: say always, by-default or no")
    alter = f"ALTER TABLE {table} ALTER COLUMN {column}"
    if way == "no":
        return f"{alter} DROP IDENTITY"
    if known.identity is not None:
        return f"{alter} SET GENERATED {_WAYS[way]}"
    serial = sequence_of(schema, found.ref, known.name)
    lines = [f"{alter} DROP DEFAULT"] if serial is not None or known.default is not None else []
    lines += [f"DROP SEQUENCE {name_of(serial.ref)}"] if serial is not None else []
    named = f"pg_get_serial_sequence({quote_literal(name_of(found.ref))}, {quote_literal(known.name)})"
    highest = f"coalesce(max({quote_ident(known.name)}), 0) + 1"
    return ";\n".join(
        (
            *lines,
            f"{alter} ADD GENERATED {_WAYS[way]} AS IDENTITY",
            f"SELECT setval({named}, {highest}, false) FROM {table}",
        )
    )


def sequence(said: str, options: str) -> str:
    return f"ALTER SEQUENCE {table_name(said)} {options}"
