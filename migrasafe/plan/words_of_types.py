"""Changes of types and of their values, in words."""

from __future__ import annotations

from migrasafe.plan.names_said import table_name
from migrasafe.sql.quote import quote_literal


def add_value(type_name: str, value: str) -> str:
    return f"ALTER TYPE {table_name(type_name)} ADD VALUE {quote_literal(value)}"


def rename_value(type_name: str, value: str, new: str) -> str:
    return f"ALTER TYPE {table_name(type_name)} RENAME VALUE {quote_literal(value)} TO {quote_literal(new)}"
