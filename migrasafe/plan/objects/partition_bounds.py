"""The bound of a partition as SQL, and as the condition that its rows meet."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.plan.predicates import relation
from migrasafe.schema.model import Ref, Schema, Table
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Expression, PartitionBound


def bound_sql(bound: PartitionBound) -> str:
    """`FOR VALUES …`, or `DEFAULT`."""
    if bound.default:
        return "DEFAULT"
    match bound.strategy:
        case "range":
            return f"FOR VALUES FROM ({_list(bound.lower)}) TO ({_list(bound.upper)})"
        case "list":
            return f"FOR VALUES IN ({_list(bound.values)})"
        case _:
            return f"FOR VALUES WITH (MODULUS {bound.modulus}, REMAINDER {bound.remainder})"


def condition_of(parent: Table, bound: PartitionBound) -> str | None:
    """What PostgreSQL has to see in a CHECK so that it need not look at the rows; None where no simple one says it:
    several keys, an expression, a hash, null in a list, DEFAULT."""
    by = parent.partition_by
    if by is None or len(by.columns) != 1 or by.columns[0] is None or bound.default or bound.strategy == "hash":
        return None
    key = quote_ident(by.columns[0])
    if bound.strategy == "list":
        if any(_is_null(value) for value in bound.values):
            return None
        return f"{key} IS NOT NULL AND {key} IN ({_list(bound.values)})"
    parts = [f"{key} IS NOT NULL"]
    if not _is_open(bound.lower[0]):
        parts.append(f"{key} >= {deparse_expression(bound.lower[0])}")
    if not _is_open(bound.upper[0]):
        parts.append(f"{key} < {deparse_expression(bound.upper[0])}")
    return " AND ".join(parts)


def default_of(schema: Schema, parent: Table) -> Table | None:
    """The DEFAULT partition."""
    for table in partitions_of(schema, parent):
        if table.bound is not None and table.bound.default:
            return table
    return None


def partitions_of(schema: Schema, parent: Table) -> Iterator[Table]:
    for ref in sorted(parent.partitions):
        table = schema.table(ref)
        if table is not None:
            yield table


def is_attached(parent: Ref, partition: Ref) -> str:
    """Whether the one is a partition of the other, as a question to the catalog."""
    return f"EXISTS (SELECT FROM pg_inherits WHERE inhrelid = {relation(partition)} AND inhparent = {relation(parent)})"


def _list(values: tuple[Expression, ...]) -> str:
    return ", ".join(deparse_expression(value) for value in values)


def _is_open(value: Expression) -> bool:
    """MINVALUE or MAXVALUE."""
    return deparse_expression(value).strip('"').lower() in ("minvalue", "maxvalue")


def _is_null(value: Expression) -> bool:
    return deparse_expression(value).upper() == "NULL"
