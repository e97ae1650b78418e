"""What PostgreSQL calls a constraint that a statement adds, so that later steps can name it."""

from __future__ import annotations

from migrasafe.rules.context import Step
from migrasafe.rules.wording import constraint_name
from migrasafe.schema.model import Ref
from migrasafe.sql.statements import ConstraintDef, ConstraintKind

_SUFFIXES = {
    ConstraintKind.CHECK: "check",
    ConstraintKind.FOREIGN_KEY: "fkey",
    ConstraintKind.UNIQUE: "key",
    ConstraintKind.PRIMARY_KEY: "pkey",
    ConstraintKind.EXCLUDE: "excl",
    ConstraintKind.NOT_NULL: "not_null",
}


def name_of(step: Step, table: Ref, constraint: ConstraintDef) -> str:
    """Its own name, else the one that it has in the schema after the statement, else the one PostgreSQL would begin with."""
    if constraint.name is not None:
        return constraint.name
    after = step.after.table(table)
    for made in after.constraints if after is not None else ():
        if made.born != step.moment or made.kind is not constraint.kind:
            continue
        if constraint.kind is ConstraintKind.CHECK:
            if made.expression is constraint.expression:
                return made.name
        elif made.columns == constraint.columns and made.references == constraint.references:
            return made.name
    return constraint_name(constraint, table, _SUFFIXES[constraint.kind])
