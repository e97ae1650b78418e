"""Whether the CHECKs of a table prove that its rows are within the bound of a partition, so that PostgreSQL looks at none.

https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrasafe.schema.model import Table
from migrasafe.sql.expressions import columns_read, proves_not_null, walk
from migrasafe.sql.statements import ConstraintKind, Expression, Node, PartitionBound

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def bound_is_proven(child: Table | None, parent: Table | None, bound: PartitionBound | None) -> bool:
    """A valid CHECK on the partition key proves it, unless it lets in what the bound does not: NULL, or a value outside. What
    cannot be compared here is taken on trust."""
    if child is None or parent is None or parent.partition_by is None:
        return False
    keys = {column for column in parent.partition_by.columns if column is not None}
    valid = [
        one.expression
        for one in child.constraints
        if one.kind is ConstraintKind.CHECK and one.valid and one.enforced and one.expression is not None
    ]
    about = [check for check in valid if keys <= columns_read(check)]
    if bound is None or not about:
        return bool(about)
    if bound.strategy == "hash":  # no comparison proves where a hash leads
        return any(node.get("sval") == "satisfies_hash_partition" for check in about for node in _words(check))
    if not any(_is_null(one) for one in bound.values) and not all(_is_filled(key, child, valid) for key in keys):
        return False
    return any(_is_within(check, bound) for check in about)


def constants_in(expression: Expression) -> frozenset[str]:
    """The constants in an expression, each as the parser says it."""
    return frozenset(
        str({name: value for name, value in fields.items() if name != "location"})
        for kind, fields in walk(expression.node)
        if kind == "A_Const"
    )


def _words(expression: Expression) -> Iterator[Node]:
    return (fields for kind, fields in walk(expression.node) if kind == "String")


def _is_null(value: Expression) -> bool:
    return bool(value.node.get("A_Const", {}).get("isnull"))


def _is_filled(key: str, child: Table, checks: list[Expression]) -> bool:
    column = child.column(key)
    declared = column is not None and column.not_null and column.not_null_valid
    return declared or any(proves_not_null(check, key) for check in checks)


def _is_within(check: Expression, bound: PartitionBound) -> bool:
    """False where a constant of the CHECK is below the lower bound or above the upper one, by day or by number."""
    lower, upper = (_value(one[0].node) if len(one) == 1 else None for one in (bound.lower, bound.upper))
    values = [_value({kind: fields}) for kind, fields in walk(check.node) if kind == "A_Const"]
    return not any(
        value is not None
        and ((lower is not None and _less(value, lower)) or (upper is not None and _less(upper, value)))
        for value in values
    )


def _less(one: int | str, other: int | str) -> bool:
    if isinstance(one, int) and isinstance(other, int):
        return one < other
    return isinstance(one, str) and isinstance(other, str) and one < other


def _value(node: Node) -> int | str | None:
    """A day as its text, a whole number as such; None for all others."""
    constant = node.get("A_Const", {})
    if "ival" in constant:
        return int(constant["ival"].get("ival", 0))
    day = _DAY.match(constant["sval"].get("sval", "")) if "sval" in constant else None
    return day.group() if day is not None else None
