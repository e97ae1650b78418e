"""Constraints that go: with the index behind them, their copies below, and the keys that reference them."""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.family import children_of
from migrasafe.schema.evolve.indexes import remove_index
from migrasafe.schema.model import Constraint, Ref, Table
from migrasafe.sql.statements import ConstraintKind


def remove_constraint(draft: Draft, ref: Ref, name: str, *, only: bool = False) -> None:
    """Take out a constraint with the index behind it, its inherited copies, and the keys that reference it."""
    table = draft.table(ref)
    constraint = table.constraint(name) if table is not None else None
    if table is None or constraint is None:
        return
    columns = table.columns
    if constraint.kind is ConstraintKind.NOT_NULL:
        columns = tuple(replace(c, not_null=False) if c.name in constraint.columns else c for c in columns)
    draft.put(replace(table, constraints=tuple([c for c in table.constraints if c is not constraint]), columns=columns))
    lose_key(draft, ref, constraint)
    for child in children_of(draft, table):
        copy = _copy_below(draft, child, constraint)
        if copy is None or not copy.inherited:
            continue
        if only and not table.partitions:
            freed = replace(copy, inherited=False)
            draft.put(replace(child, constraints=tuple(freed if c is copy else c for c in child.constraints)))
        else:
            remove_constraint(draft, child.ref, copy.name)
    if constraint.index is not None:
        remove_index(draft, constraint.index)


def _copy_below(draft: Draft, child: Table, constraint: Constraint) -> Constraint | None:
    if constraint.kind in (ConstraintKind.CHECK, ConstraintKind.NOT_NULL):
        return child.constraint(constraint.name)
    alike = []
    for own in child.constraints:
        if own.kind is not constraint.kind or not own.inherited:
            continue
        if constraint.kind is ConstraintKind.FOREIGN_KEY:
            if same_foreign_key(own, constraint):
                alike.append(own)
        elif own.index is not None:
            index = draft.index(own.index)
            if index is not None and index.parent == constraint.index:
                return own
    # Which of two equal keys is the copy of which, only the name tells.
    return next((own for own in alike if own.name == constraint.name), alike[0] if alike else None)


def same_foreign_key(one: Constraint, other: Constraint) -> bool:
    """Whether two FOREIGN KEYs of a table and one below it say the same."""
    return (
        one.columns == other.columns
        and one.target == other.target
        and one.target_columns == other.target_columns
        and _on_change(one) == _on_change(other)
        and one.deferrable == other.deferrable
        and one.initially_deferred == other.initially_deferred
    )


def _on_change(constraint: Constraint) -> tuple[str, str, bool] | None:
    references = constraint.references
    return None if references is None else (references.on_delete, references.on_update, references.match_full)


def lose_key(draft: Draft, ref: Ref, key: Constraint) -> None:
    """Take out the FOREIGN KEYs, anywhere, that reference a UNIQUE or PRIMARY KEY that goes."""
    if key.kind not in (ConstraintKind.UNIQUE, ConstraintKind.PRIMARY_KEY):
        return
    columns = frozenset(key.columns)
    if not columns:
        return
    for dependent in (ref, *draft.dependents_of(ref)):
        table = draft.table(dependent)
        if table is None:
            continue
        kept = tuple(c for c in table.constraints if c.target != ref or frozenset(c.target_columns) != columns)
        if len(kept) < len(table.constraints) and not _has_other_key(draft, ref, key):
            draft.put(replace(table, constraints=kept))


def _has_other_key(draft: Draft, ref: Ref, key: Constraint) -> bool:
    table = draft.table(ref)
    columns = frozenset(key.columns)
    for index in map(draft.index, table.indexes if table is not None else ()):
        if index is None or not index.unique or index.ref == key.index or index.predicate is not None:
            continue
        if frozenset(element.column for element in index.elements) == columns:
            return True
    return False
