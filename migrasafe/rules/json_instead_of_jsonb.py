"""Advice: jsonb rather than json."""

from __future__ import annotations

from migrasafe.rules.new_columns import NewColumn, advice


def _concerns(column: NewColumn) -> bool:
    return column.type.name == "json"


RULE = advice(
    "json-instead-of-jsonb",
    _concerns,
    "{column} has no equality: SELECT DISTINCT, UNION and GROUP BY over it fail (42883), SELECT DISTINCT * too.",
    "Use jsonb, unless the exact text must be kept.",
)
