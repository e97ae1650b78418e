"""Types as SQLAlchemy declares them.

https://docs.sqlalchemy.org/en/20/core/type_basics.html
"""

from __future__ import annotations

from msgspec import Struct

from migrasafe.sql.statements import TypeName


class Declared(Struct, frozen=True, kw_only=True):
    """A type: its expression, the Python type of its values, and what has to be imported."""

    expression: str
    python: str
    imports: tuple[str, ...]
    """Lines."""


_PLAIN = {
    "int2": ("SmallInteger", "int"),
    "int4": ("Integer", "int"),
    "int8": ("BigInteger", "int"),
    "serial": ("Integer", "int"),
    "bigserial": ("BigInteger", "int"),
    "smallserial": ("SmallInteger", "int"),
    "text": ("Text", "str"),
    "bool": ("Boolean", "bool"),
    "float4": ("REAL", "float"),
    "float8": ("Double", "float"),
    "bytea": ("LargeBinary", "bytes"),
    "json": ("JSON", "Any"),
    "timestamp": ("DateTime", "datetime.datetime"),
    "timestamptz": ("DateTime(timezone=True)", "datetime.datetime"),
    "date": ("Date", "datetime.date"),
    "time": ("Time", "datetime.time"),
    "interval": ("Interval", "datetime.timedelta"),
    "uuid": ("Uuid", "uuid.UUID"),
}
_OF_POSTGRESQL = {
    "jsonb": ("JSONB", "Any"),
    "inet": ("INET", "str"),
    "cidr": ("CIDR", "str"),
    "citext": ("CITEXT", "str"),
}
_MODULES = {
    "Any": "from typing import Any",
    "datetime": "import datetime",
    "uuid": "import uuid",
    "decimal": "import decimal",
}


def declared(type: TypeName) -> Declared:
    """How a type is said; one that SQLAlchemy does not know by name is said as text, with a comment."""
    if type.array:
        inner = declared(TypeName(schema=type.schema, name=type.name, modifiers=type.modifiers))
        array = "from sqlalchemy.dialects.postgresql import ARRAY"
        return Declared(
            expression=f"ARRAY({inner.expression})", python=f"list[{inner.python}]", imports=(*inner.imports, array)
        )
    name = type.name
    if name in _OF_POSTGRESQL:
        found, python = _OF_POSTGRESQL[name]
        return _with(found, python, f"from sqlalchemy.dialects.postgresql import {found}")
    if name == "varchar":
        return _with(f"String({', '.join(type.modifiers)})" if type.modifiers else "String", "str")
    if name == "bpchar":
        return _with(f"CHAR({', '.join(type.modifiers) or '1'})", "str")
    if name == "numeric":
        return _with(f"Numeric({', '.join(type.modifiers)})" if type.modifiers else "Numeric", "decimal.Decimal")
    if name in _PLAIN:
        return _with(*_PLAIN[name])
    return _with("Text", "str")


def knows(type: TypeName) -> bool:
    """Whether the type has a name of its own in SQLAlchemy."""
    return type.name in _PLAIN or type.name in _OF_POSTGRESQL or type.name in ("varchar", "bpchar", "numeric")


def _with(expression: str, python: str, line: str | None = None) -> Declared:
    imports = [line or f"from sqlalchemy import {expression.partition('(')[0]}"]
    module = _MODULES.get(python.partition(".")[0])
    return Declared(expression=expression, python=python, imports=(*imports, *([module] if module else [])))
