"""Advice: bigint for primary keys."""

from __future__ import annotations

from migrasafe.rules.new_columns import NewColumn, advice


def _concerns(column: NewColumn) -> bool:
    return column.key and column.type.name in ("int4", "int2", "serial", "smallserial")


RULE = advice(
    "integer-primary-key",
    _concerns,
    "{column} runs out of values, at 2147483647 or earlier, and widening it then rewrites the table and all that points at it.",
    "Use bigint for keys.",
)
