"""Changes of constraints that PostgreSQL refuses for what the table, the index or the constraint is.

https://www.postgresql.org/docs/current/sql-altertable.html
"""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Failure, Refusal, Trouble
from migrasafe.schema.model import Constraint, Index, Ref, Schema, Table
from migrasafe.sql.statements import (
    AddConstraint,
    AlterConstraint,
    AlterTable,
    ConstraintDef,
    ConstraintKind,
    ValidateConstraint,
)

_VALIDATED = (ConstraintKind.CHECK, ConstraintKind.FOREIGN_KEY, ConstraintKind.NOT_NULL)


def refused_constraints(statement: AlterTable, table: Table, schema: Schema) -> Iterator[Failure]:
    """`schema` and `table`: after what the statement drops."""
    for place, action in enumerate(statement.actions):
        refusal: Refusal | None = None
        match action:
            case AddConstraint():
                refusal = _index(action.constraint, table.ref, schema)
            case ValidateConstraint() if (found := table.constraint(action.name)) is not None:
                if found.kind not in _VALIDATED:
                    refusal = Trouble.WRONG_OBJECT, f"{_named(found, table)} is never NOT VALID"
            case AlterConstraint() if (found := table.constraint(action.name)) is not None:
                if found.kind is not ConstraintKind.FOREIGN_KEY and action.deferrable is not None:
                    refusal = Trouble.WRONG_OBJECT, f"{_named(found, table)} is no foreign key"
        if refusal is not None:
            trouble, reason = refusal
            yield Failure(trouble=trouble, reason=reason, action=place, objects=(str(table.ref),))


def _named(constraint: Constraint, table: Table) -> str:
    return f"the constraint {constraint.name} of {table.ref.name}"


def _index(constraint: ConstraintDef, table: Ref, schema: Schema) -> Refusal | None:
    """USING INDEX takes a unique index over plain columns in their usual order, of all rows."""
    index = schema.index(Ref(table.schema, constraint.using_index)) if constraint.using_index else None
    if index is None:
        return None
    reason = _not_of_a_key(index)
    return (Trouble.WRONG_OBJECT, f"the index {index.ref.name} {reason}") if reason else None


def _not_of_a_key(index: Index) -> str | None:
    if not index.unique:
        return "is not unique"
    if index.predicate is not None:
        return "is partial"
    if any(element.expression is not None for element in index.elements):
        return "contains expressions"
    if any(element.descending or element.nulls_first for element in index.elements):
        return "is not in the usual order"
    return None
