"""The bound of a partition as SQL, and as the condition that its rows meet."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.plan.predicates import relation
from migrasafe.schema.definitions import type_of
from migrasafe.schema.model import Ref, Schema, Table
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident, quote_literal
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
    if not is_open(bound.lower[0]):
        parts.append(f"{key} >= {deparse_expression(bound.lower[0])}")
    if not is_open(bound.upper[0]):
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


def has_bound(parent: Table, partition: Ref, bound: PartitionBound) -> str:
    """Whether it has this bound, of one key column, as a question to the catalog. The server writes values its own way:
    here it writes those of the bound as well, and quotes count on neither side."""
    by = parent.partition_by
    column = parent.column(by.columns[0]) if by is not None and by.columns[0] is not None else None
    kind = type_of(column) if column is not None and column.type is not None else "text"
    if bound.strategy == "list":
        parts = ["'FOR VALUES IN ('", _shown(bound.values, kind), "')'"]
    else:
        parts = ["'FOR VALUES FROM ('", _shown(bound.lower, kind), "') TO ('", _shown(bound.upper, kind), "')'"]
    wanted = f"replace({' || '.join(parts)}, '''', '')"
    has = "replace(pg_get_expr(relpartbound, oid), '''', '')"
    return f"EXISTS (SELECT FROM pg_class WHERE oid = {relation(partition)} AND {has} = {wanted})"


def _shown(values: tuple[Expression, ...], kind: str) -> str:
    """Values as the server shows them, as an expression of type text."""
    texts = [deparse_expression(value) for value in values]
    return " || ', ' || ".join(
        quote_literal(text.upper()) if is_open(value) else f"(({text})::{kind})::text"
        for value, text in zip(values, texts, strict=True)
    )


def _list(values: tuple[Expression, ...]) -> str:
    return ", ".join(deparse_expression(value) for value in values)


def is_open(value: Expression) -> bool:
    """MINVALUE or MAXVALUE."""
    return deparse_expression(value).strip('"').lower() in ("minvalue", "maxvalue")


def _is_null(value: Expression) -> bool:
    return deparse_expression(value).upper() == "NULL"
