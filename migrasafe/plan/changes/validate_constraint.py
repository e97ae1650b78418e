"""VALIDATE CONSTRAINT: the second half of a constraint that was added NOT VALID; nobody has to wait for it."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import steps
from migrasafe.plan.changes.add_constraint import violators
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.model import Phase, PhaseName
from migrasafe.sql.statements import ConstraintKind, Name


class ValidateConstraint(Struct, frozen=True, kw_only=True):
    table: Name
    constraint: str

    def plan(self, ground: Ground) -> Draft:
        """One step that reads the old rows. Raises NoPlanError."""
        table = table_of(ground, self.table)
        constraint = table.constraint(self.constraint)
        if constraint is None:
            raise NoPlanError(f"{table.ref} has no constraint {self.constraint}")
        is_check = constraint.kind is ConstraintKind.CHECK and constraint.expression is not None
        return Draft(
            title=f"validate {constraint.name} of {table.ref}",
            tables=(table.ref,),
            phases=(
                Phase(
                    name=PhaseName.VERIFY,
                    title=f"The old rows pass {constraint.name}",
                    old_app="goes on as before",
                    new_app="goes on as before",
                    gates=(violators(table, constraint),) if is_check else (),
                    steps=(
                        replace(
                            steps.validate(table.ref, constraint.name), stays=f"{constraint.name}, proved as it is"
                        ),
                    ),
                ),
            ),
            by_hand=()
            if is_check
            else (
                f"a row that breaks {constraint.name} makes the step fail; PostgreSQL names it: mend it, run the step again",
            ),
        )
