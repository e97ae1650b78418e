"""UNIQUE and PRIMARY KEY: an index built beside the traffic, then the constraint in an instant."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import steps
from migrasafe.plan.changes.model import Draft, Ground, column_of, table_of
from migrasafe.plan.changes.set_not_null import no_null_left
from migrasafe.plan.objects.keys import key_index
from migrasafe.plan.objects.not_null_name import not_null_name
from migrasafe.plan.objects.refusing_duplicates import refusing_duplicates
from migrasafe.schema.definitions import names
from migrasafe.schema.model import Constraint
from migrasafe.sql.statements import ConstraintKind, Name


class AddUnique(Struct, frozen=True, kw_only=True):
    table: Name
    constraint: Constraint
    all_null: bool = False
    """A column of it is new, and empty until the new version writes it."""

    def plan(self, ground: Ground) -> Draft:
        """The new version writes no duplicates, there are none, and only then are they refused. Raises NoPlanError."""
        table, constraint = table_of(ground, self.table), self.constraint
        primary = constraint.kind is ConstraintKind.PRIMARY_KEY
        nullable = [
            column
            for column in (column_of(table, name) for name in constraint.columns)
            if primary and not column.not_null
        ]
        index = key_index(table.ref, constraint)
        proved = tuple(
            step
            for column in nullable
            for step in steps.not_null(
                table.ref, column.name, not_null_name(table, column.name), pg_version=ground.target.pg_version
            )
        )
        made = (steps.build_index(index), steps.constraint_from_index(table.ref, constraint, index))
        return refusing_duplicates(
            ground,
            index,
            f"add {constraint.kind.value} ({names(constraint.columns)}) to {table.ref}",
            (*proved, *made),
            gates=tuple(no_null_left(table, column.name) for column in nullable),
            all_null=self.all_null,
        )
