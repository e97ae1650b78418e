"""Advice: text rather than char(n)."""

from __future__ import annotations

from migrasafe.rules.new_columns import NewColumn, advice


def _concerns(column: NewColumn) -> bool:
    return column.type.name == "bpchar" and not column.type.array


RULE = advice(
    "char-column",
    _concerns,
    "{column} is filled up with blanks to its length, which comparisons and functions ignore or do not.",
    "Use text, and CHECK (char_length(…) <= n) where a limit matters.",
)
