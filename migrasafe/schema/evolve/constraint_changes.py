"""VALIDATE CONSTRAINT and ALTER CONSTRAINT, here and below; NOT NULL constraints that nobody named."""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.family import below
from migrasafe.schema.evolve.generated_names import object_name
from migrasafe.schema.model import Constraint, Table
from migrasafe.sql.statements import AlterConstraint, ConstraintKind, ValidateConstraint


def validate_constraint(draft: Draft, table: Table, action: ValidateConstraint) -> None:
    """VALIDATE CONSTRAINT, here and wherever below it was inherited. On a table that was never seen being made the
    constraint is taken to exist: a CHECK that says we do not know what."""
    if not table.complete and table.constraint(action.name) is None:
        assumed = Constraint(name=action.name, kind=ConstraintKind.CHECK)
        draft.put(replace(table, constraints=(*table.constraints, assumed)))
        return
    for one in (table, *below(draft, table)):
        constraint = one.constraint(action.name)
        if constraint is None or constraint.valid or not constraint.enforced:
            continue
        validated = tuple(replace(c, valid=True) if c is constraint else c for c in one.constraints)
        columns = one.columns
        if constraint.kind is ConstraintKind.NOT_NULL:
            columns = tuple(replace(c, not_null_valid=True) if c.name in constraint.columns else c for c in one.columns)
        draft.put(replace(one, constraints=validated, columns=columns))


def alter_constraint(draft: Draft, table: Table, action: AlterConstraint) -> None:
    """ALTER CONSTRAINT: what the action leaves as None stays."""
    for one in (table, *below(draft, table)):
        constraint = one.constraint(action.name)
        if constraint is None:
            continue
        changed = constraint
        if action.deferrable is not None:
            changed = replace(changed, deferrable=action.deferrable)
            if not action.deferrable:
                changed = replace(changed, initially_deferred=False)
        if action.initially_deferred is not None:
            changed = replace(changed, initially_deferred=action.initially_deferred)
            if action.initially_deferred:
                changed = replace(changed, deferrable=True)
        if action.enforced is not None:
            changed = replace(changed, enforced=action.enforced, valid=action.enforced)
        if action.no_inherit is not None:
            changed = replace(changed, no_inherit=action.no_inherit)
        draft.put(replace(one, constraints=tuple(changed if c is constraint else c for c in one.constraints)))


def not_null_by_generated_name(table: Table, name: str) -> str | None:
    """The column whose NOT NULL has this name on version 18, where each has one; nobody named it."""
    named = {column for one in table.constraints if one.kind is ConstraintKind.NOT_NULL for column in one.columns}
    for column in table.columns:
        if (
            column.not_null
            and column.name not in named
            and object_name(table.ref.name, column.name, "not_null") == name
        ):
            return column.name
    return None
