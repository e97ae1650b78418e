"""The tables that hold the rows of a partitioned one."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.schema.model import RelationKind, Schema, Table


def leaves_of(schema: Schema, table: Table) -> Iterator[Table]:
    """Its partitions, and in the place of those that are partitioned themselves, theirs; those that are known."""
    for ref in table.partitions:
        part = schema.table(ref)
        if part is not None and part.kind is RelationKind.PARTITIONED_TABLE:
            yield from leaves_of(schema, part)
        elif part is not None:
            yield part
