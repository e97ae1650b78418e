"""Names, types and values of a changelog as PostgreSQL is told them."""

from __future__ import annotations

import re

from migrasafe.migrations.formats.liquibase_nodes import Node
from migrasafe.sql.quote import quote_ident, quote_literal

_TYPES = {
    "datetime": "timestamp without time zone",
    "timestamp": "timestamp without time zone",
    "clob": "text",
    "longtext": "text",
    "nclob": "text",
    "blob": "oid",
    "longblob": "bytea",
    "tinyint": "smallint",
    "mediumint": "integer",
    "double": "double precision",
    "number": "numeric",
    "currency": "decimal",
    "nvarchar": "varchar",
    "nchar": "char",
    "bit": "boolean",
}
_TYPE = re.compile(
    r"^(?:java\.sql\.Types\.)?(?P<name>[A-Za-z_]\w*(?: [A-Za-z]\w*)*)\s*(?P<size>\([^)]*\))?\s*(?P<more>\[\]|.*)$"
)


def name_of(text: str) -> str:
    """As Liquibase writes names for PostgreSQL: upper case alone is not kept, mixed case is."""
    text = text.strip().strip('"')
    mixed = text.lower() != text != text.upper()
    return quote_ident(text if mixed else text.lower())


def names(text: str) -> str:
    return ", ".join(name_of(one) for one in text.split(","))


def table_of(change: Node, prefix: str = "") -> str:
    schema_key, table_key = ("schemaName", "tableName")
    if prefix:
        schema_key, table_key = f"{prefix}TableSchemaName", f"{prefix}TableName"
    schema = change.get(schema_key)
    return f"{name_of(schema)}.{name_of(change.get(table_key))}" if schema else name_of(change.get(table_key))


def in_schema(change: Node, key: str) -> str:
    schema = change.get("schemaName")
    return f"{name_of(schema)}.{name_of(change.get(key))}" if schema else name_of(change.get(key))


def type_of(text: str) -> str:
    """A type of a changelog as PostgreSQL is told it."""
    match = _TYPE.match(text.strip())
    if match is None:
        return text
    name = match["name"].lower()
    plain = _TYPES.get(name, name)
    size = match["size"] or ""
    if plain in ("smallint", "integer", "text", "boolean", "oid", "bytea", "bigint", "int", "double precision"):
        size = ""
    if plain.startswith("timestamp without") and size:
        return f"timestamp{size} without time zone"
    return f"{plain}{size}{' ' if match['more'] and match['more'] != '[]' else ''}{match['more']}"


def default_of(column: Node) -> str | None:
    for key, how in (
        ("defaultValueComputed", str),
        ("defaultValueNumeric", str),
        ("defaultValueBoolean", str.lower),
        ("defaultValueDate", _date),
        ("defaultValue", quote_literal),
    ):
        if key in column.attributes:
            return how(column.attributes[key])
    if sequence := column.get("defaultValueSequenceNext"):
        return f"nextval({quote_literal(name_of(sequence))})"
    return None


def _date(text: str) -> str:
    return text if re.match(r"(?i)^(?:now|current_)", text) else quote_literal(text)


def value_of(column: Node) -> str:
    for key, how in (
        ("valueComputed", str),
        ("valueNumeric", str),
        ("valueBoolean", str.lower),
        ("valueDate", _date),
        ("value", quote_literal),
    ):
        if key in column.attributes:
            return how(column.attributes[key])
    return quote_literal(column.text.strip()) if column.text.strip() else "NULL"
