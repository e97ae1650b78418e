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
