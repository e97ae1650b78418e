"""Constraints that go: with the index behind them and their copies below."""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.family import children_of
from migrasafe.schema.evolve.indexes import remove_index
from migrasafe.schema.model import Constraint, Ref, Table
from migrasafe.sql.statements import ConstraintKind


def remove_constraint(draft: Draft, ref: Ref, name: str, *, only: bool = False) -> None:
    """Take out a constraint with the index behind it, and its inherited copies."""
    table = draft.table(ref)
    constraint = table.constraint(name) if table is not None else None
    if table is None or constraint is None:
        return
    if constraint.index is not None and draft.index(constraint.index) is not None:
        remove_index(draft, constraint.index)
        return
    columns = table.columns
    if constraint.kind is ConstraintKind.NOT_NULL:
        columns = tuple(replace(c, not_null=False) if c.name in constraint.columns else c for c in columns)
    draft.put(replace(table, constraints=tuple([c for c in table.constraints if c is not constraint]), columns=columns))
    for child in children_of(draft, table):
        copy = _copy_below(draft, child, constraint)
        if copy is None or not copy.inherited or _comes_from_another(draft, child, ref, copy):
            continue
        if only and not table.partitions:
            freed = replace(copy, inherited=False)
            draft.put(replace(child, constraints=tuple(freed if c is copy else c for c in child.constraints)))
        else:
            remove_constraint(draft, child.ref, copy.name)


def _copy_below(draft: Draft, child: Table, constraint: Constraint) -> Constraint | None:
    if constraint.kind is not ConstraintKind.FOREIGN_KEY:
        return child.constraint(constraint.name)
    alike = [own for own in child.constraints if own.inherited and same_foreign_key(own, constraint)]
    # Which of two equal keys is the copy of which, only the name tells.
    return next((own for own in alike if own.name == constraint.name), alike[0] if alike else None)


def _comes_from_another(draft: Draft, child: Table, parent: Ref, constraint: Constraint) -> bool:
    """Whether a second table that a child inherits from has the constraint, too."""
    others = (draft.table(one) for one in child.inherits if one != parent)
    return any(other is not None and other.constraint(constraint.name) is not None for other in others)


def same_foreign_key(one: Constraint, other: Constraint) -> bool:
    """Whether two FOREIGN KEYs of a table and one below it say the same."""
    return (
        one.kind is other.kind
        and one.columns == other.columns
        and one.target == other.target
        and one.target_columns == other.target_columns
        and _on_change(one) == _on_change(other)
        and one.deferrable == other.deferrable
        and one.initially_deferred == other.initially_deferred
    )


def _on_change(constraint: Constraint) -> tuple[str, str, bool] | None:
    references = constraint.references
    return None if references is None else (references.on_delete, references.on_update, references.match_full)
