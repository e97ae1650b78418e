"""A foreign key of a partitioned table, which PostgreSQL before 18 does not take NOT VALID.

https://www.postgresql.org/docs/17/sql-altertable.html (ADD table_constraint [ NOT VALID ])
"""

from __future__ import annotations

from migrasafe.plan import predicates, steps
from migrasafe.plan.changes.model import Ground, NoPlanError
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import constraint_body, name_of
from migrasafe.schema.model import Constraint, Table
from migrasafe.schema.partition_tree import leaves_of
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ConstraintKind

_NOT_VALID_SINCE = 18


def may_be_not_valid(ground: Ground, table: Table, constraint: Constraint) -> bool:
    """Whether a CHECK or FOREIGN KEY can be added to the table without a look at its rows."""
    is_key = constraint.kind is ConstraintKind.FOREIGN_KEY
    return not (is_key and table.partition_by is not None) or ground.target.at_least(_NOT_VALID_SINCE)


def refuse_not_valid(ground: Ground, table: Table, constraint: Constraint) -> None:
    """Raise NoPlanError where it cannot."""
    if not may_be_not_valid(ground, table, constraint):
        raise NoPlanError(
            f"{constraint.name} is a foreign key of the partitioned table {table.ref}, which PostgreSQL before 18 does not take NOT"
            " VALID: writers would wait while all rows are looked at. Drop it before this migration, and add it behind: that has a"
            " plan, partition by partition"
        )


def asked_of_rows(ground: Ground, table: Table, constraint: Constraint) -> tuple[Step, ...]:
    """The steps that ask new rows, then old ones; where the whole cannot be NOT VALID, each partition by itself."""
    if may_be_not_valid(ground, table, constraint):
        return steps.add_not_valid(table.ref, constraint), steps.validate(table.ref, constraint.name)
    whole = predicates.constraint_exists(table.ref, constraint.name)
    pieces = (
        step
        for leaf in leaves_of(ground.schema, table)
        for step in (steps.add_not_valid(leaf.ref, constraint), steps.validate(leaf.ref, constraint.name))
    )
    alter, name = f"ALTER TABLE {name_of(table.ref)}", quote_ident(constraint.name)
    taken_over = Step(
        title=f"Let {table.ref} take the foreign keys of its partitions over",
        statements=(f"{alter} ADD CONSTRAINT {name} {constraint_body(constraint)}",),
        done=whole,
        undo=(f"{alter} DROP CONSTRAINT {name}",),
    )
    return *steps.superseded(tuple(pieces), whole), taken_over
