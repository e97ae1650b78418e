"""Parts of a value that come to stand alone, in words: a key of JSON."""

from __future__ import annotations

import re

from migrasafe.errors import InputError
from migrasafe.plan.read.names_said import column_name, said_parts
from migrasafe.plan.words.of_columns import column_said
from migrasafe.schema.model import Schema
from migrasafe.sql.quote import quote_ident, quote_literal

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
