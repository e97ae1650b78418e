"""Advice: numeric rather than money."""

from __future__ import annotations

from migrasafe.rules.new_columns import NewColumn, advice


def _concerns(column: NewColumn) -> bool:
    return column.type.name == "money"


RULE = advice(
    "money-column",
    _concerns,
    "{column} is read and shown as the server's lc_monetary says: another setting makes another amount of it.",
    "Use numeric, and a column for the currency.",
)
