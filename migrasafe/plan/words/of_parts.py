"""Parts of a value that come to stand alone, in words: a key of JSON, the fields of a composite."""

from __future__ import annotations

import re

from migrasafe.errors import InputError
from migrasafe.plan.changes.composite_to_columns import composite_type
from migrasafe.plan.read.names_said import column_name, listed, said_parts
from migrasafe.plan.words.of_columns import column_said
from migrasafe.quantities import say_count
from migrasafe.schema.definitions import names
from migrasafe.schema.model import Schema
from migrasafe.sql.quote import quote_ident, quote_literal, spell_type

_JSONS = ("json", "jsonb")
_DEFINITION = re.compile(r'\s*("(?:[^"]|"")+"|[^\s"]+)\s+(\S.*)', re.DOTALL)


def json_key(schema: Schema, said: str, key: str, definition: str) -> str:
    """A key of the documents in a column becomes a column."""
    table, document = column_name(said)
    column = column_said(schema, said)
    if column.type is None or column.type.array or column.type.name not in _JSONS:
        raise InputError(f"{said} is no json and no jsonb: `json-key` is about a key of JSON documents")
    found = _DEFINITION.fullmatch(definition)
    if found is None or not key:
        raise InputError(
            f"`json-key {said} {key} {definition}`: say the key, and name and type of the column, `status text`"
        )
    new = quote_ident(said_parts(found[1])[-1])
    comment = f"-- migrasafe: key {quote_literal(key)} of {table}.{document} -> {new}"
    return f"{comment}\nALTER TABLE {table} ADD COLUMN {new} {found[2]}"


def composite(schema: Schema, said: str, new: str) -> str:
    """A column of a composite type becomes one column for each field."""
    table, column = column_name(said)
    type = composite_type(schema, column_said(schema, said))
    if type is None:
        raise InputError(f"{said} is of no composite type that is known: `composite-to-columns` is about one")
    called = [said_parts(one)[-1] for one in listed(new)]
    if len(called) != len(type.attributes):
        raise InputError(
            f"{type.ref} has {say_count(len(type.attributes), 'field')}, {names(one.name for one in type.attributes)}: say a column"
            " for each, with commas between"
        )
    pairs = [(name, field) for name, field in zip(called, type.attributes, strict=True) if field.type is not None]
    added = ", ".join(f"ADD COLUMN {quote_ident(name)} {spell_type(field.type)}" for name, field in pairs if field.type)
    sets = ", ".join(f"{quote_ident(name)} = ({column}).{quote_ident(field.name)}" for name, field in pairs)
    return (
        f"-- migrasafe: replace {table}.{column} -> {names(called)}\n"
        f"ALTER TABLE {table} {added};\nUPDATE {table} SET {sets};\nALTER TABLE {table} DROP COLUMN {column}"
    )
