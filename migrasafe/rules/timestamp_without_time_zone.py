"""Advice: timestamptz rather than timestamp."""

from __future__ import annotations

from migrasafe.rules.new_columns import NewColumn, advice


def _concerns(column: NewColumn) -> bool:
    return column.type.name == "timestamp"


RULE = advice(
    "timestamp-without-time-zone",
    _concerns,
    "{column} holds a time of day somewhere: two sessions in different time zones take it for different moments.",
    "Use timestamptz, which stores a moment and shows it in the time zone of the session.",
)
