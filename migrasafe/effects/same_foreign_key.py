"""Whether a foreign key that a table has is the one that its future parent wants: PostgreSQL then takes it over unchecked."""

from __future__ import annotations

from migrasafe.schema.model import Constraint, Table
from migrasafe.sql.statements import ConstraintKind


def foreign_key_like(wanted: Constraint, child: Table | None) -> Constraint | None:
    """The one of the table that stands for a foreign key of the parent."""
    own = child.constraints if child is not None else ()
    return next((one for one in own if one.valid and _same(one, wanted)), None)


def _same(a: Constraint, b: Constraint) -> bool:
    if a.kind is not ConstraintKind.FOREIGN_KEY or b.kind is not a.kind:
        return False
    deferred = (a.deferrable, a.initially_deferred) == (b.deferrable, b.initially_deferred)
    refers = (a.columns, a.target, a.target_columns) == (b.columns, b.target, b.target_columns)
    return deferred and refers and _actions(a) == _actions(b)


def _actions(constraint: Constraint) -> tuple[str, str, bool]:
    said = constraint.references
    return (said.on_delete, said.on_update, said.match_full) if said is not None else ("NO ACTION", "NO ACTION", False)
