"""Who refers to a table."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.schema.model import Constraint, Ref, Schema, Table


def foreign_keys_to(schema: Schema, target: Ref) -> Iterator[tuple[Table, Constraint]]:
    """Every foreign key to `target`, with the table that has it, in the order of names; also its own."""
    for ref in sorted(schema.dependents_of(target) | {target}):
        table = schema.table(ref)
        for constraint in table.constraints if table is not None else ():
            if constraint.target == target:
                assert table is not None  # it has constraints
                yield table, constraint


def own_keys_to(schema: Schema, target: Ref) -> Iterator[tuple[Table, Constraint]]:
    """Likewise, without those that a partition has from the table above, and which go and come with that one's."""
    return ((table, key) for table, key in foreign_keys_to(schema, target) if not _is_from_above(schema, table, key))


def _is_from_above(schema: Schema, table: Table, key: Constraint) -> bool:
    above = schema.table(table.partition_of) if table.partition_of is not None else None
    return key.inherited or any(
        one.columns == key.columns and one.target == key.target
        for one in (above.constraints if above is not None else ())
    )
