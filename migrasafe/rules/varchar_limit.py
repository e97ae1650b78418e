"""Advice: text rather than varchar(n)."""

from __future__ import annotations

from migrasafe.rules.new_columns import NewColumn, advice


def _concerns(column: NewColumn) -> bool:
    return column.type.name == "varchar" and bool(column.type.modifiers)


RULE = advice(
    "varchar-limit",
    _concerns,
    "{column} has its limit in its type: a lower one means to rewrite the table, and a higher one breaks prepared statements.",
    "Use text, and CHECK (char_length(…) <= n) NOT VALID where a limit matters.",
)
