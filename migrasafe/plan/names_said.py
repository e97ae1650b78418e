"""Names as people say them: `users.name`, quoted where they must be."""

from __future__ import annotations

from migrasafe.sql.deparse import parse_expression


def name_parts(text: str) -> tuple[str, ...]:
    """The names between the dots, read as SQL reads them: folded, unless quoted. Raises ValueError for what is no name."""
    fields = parse_expression(text).node.get("ColumnRef", {}).get("fields", [])
    parts = tuple(field["String"]["sval"] for field in fields if "String" in field)
    if not parts or len(parts) != len(fields):
        raise ValueError(f"{text} is not a name")
    return parts
