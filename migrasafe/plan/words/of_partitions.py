"""Partitions in words: the migration that makes, attaches or detaches them."""

from __future__ import annotations

from migrasafe.errors import InputError
from migrasafe.plan.read.names_said import said_parts, table_name
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Schema, Table


def add(schema: Schema, table: str, partition: str, bound: str) -> str:
    """A table that is there is attached; another one is made. `bound`: `FROM (…) TO (…)`, `IN (…)`, `DEFAULT`."""
    words = bound if bound.upper().startswith(("FOR VALUES", "DEFAULT")) else f"FOR VALUES {bound}"
    if _table(schema, partition) is not None:
        return f"ALTER TABLE {table_name(table)} ATTACH PARTITION {table_name(partition)} {words}"
    return f"CREATE TABLE {table_name(partition)} PARTITION OF {table_name(table)} {words}"


def detach(schema: Schema, partition: str) -> str:
    table = _table(schema, partition)
    if table is None or table.partition_of is None:
        raise InputError(f"the schema has no partition {partition}")
    return f"ALTER TABLE {name_of(table.partition_of)} DETACH PARTITION {name_of(table.ref)}"


def _table(schema: Schema, said: str) -> Table | None:
    parts = said_parts(said)
    return schema.table(schema.resolve(parts[-2] if len(parts) > 1 else None, parts[-1]))
