"""Partitions and inheritance: what a table gets from the one above it, at birth or when it is attached, and back."""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.schema.evolve.constraints import (
    free_constraint_name,
    inherit_check,
    inherit_foreign_key,
    is_partitioned,
)
from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.family import is_within
from migrasafe.schema.evolve.generated_names import clipped
from migrasafe.schema.evolve.indexes import attach_index, give_index_to_partition
from migrasafe.schema.model import Column, Constraint, Index, Ref, RelationKind, Table, Trigger
from migrasafe.sql.statements import AttachPartition, ConstraintKind, DetachPartition, Inherit, Name


def inherited_columns(parents: list[Table], draft: Draft) -> list[Column]:
    """The columns that a table made below `parents` starts with, merged by name."""
    columns: dict[str, Column] = {}
    for parent in parents:
        for column in parent.columns:
            known = columns.get(column.name)
            if known is None:
                columns[column.name] = replace(
                    column, inherited=True, local=False, identity=None, grants=frozenset(), born=draft.moment
                )
            elif column.not_null and not known.not_null:
                columns[column.name] = replace(known, not_null=True)
    return list(columns.values())


def take_from_parent(draft: Draft, parent: Ref, partition: Ref) -> None:
    """Give a partition the indexes, keys and row triggers of the table above it."""
    above = draft.table(parent)
    if above is None:
        return
    for ref in above.indexes:
        index = draft.index(ref)
        if index is not None:
            constraint = above.constraint(index.constraint) if index.constraint is not None else None
            give_index_to_partition(draft, index, constraint, partition)
    for constraint in above.constraints:
        if constraint.kind is ConstraintKind.FOREIGN_KEY:
            inherit_foreign_key(draft, partition, constraint)
    for trigger in above.triggers:
        copy_trigger_down(draft, trigger, partition)


def copy_trigger_down(draft: Draft, trigger: Trigger, partition: Ref) -> None:
    """A row trigger of a partitioned table has a copy on every partition; statement triggers have not."""
    child = draft.table(partition)
    if child is None or not trigger.row:
        return
    others = tuple(t for t in child.triggers if t.name != trigger.name)
    draft.put(replace(child, triggers=(*others, replace(trigger, inherited=True, born=draft.moment))))
    for below in child.partitions:
        copy_trigger_down(draft, trigger, below)


# --- ATTACH and DETACH ------------------------------------------------------------------------------------------------


def attach_partition(draft: Draft, name: Name, action: AttachPartition) -> None:
    """ALTER TABLE … ATTACH PARTITION, or ALTER INDEX … ATTACH PARTITION."""
    above = draft.relations.get(draft.resolve(*name))
    below = draft.relations.get(draft.resolve(*action.partition))
    if isinstance(above, Index):
        if isinstance(below, Index):
            attach_index(draft, above, below)
        return
    if action.bound is None:
        return
    parent = draft.table_named(name)
    child = draft.table_named(action.partition)
    if parent is None or child is None or child.partition_of is not None or is_within(draft, parent, child):
        return
    kind = parent.kind if is_partitioned(parent) else RelationKind.PARTITIONED_TABLE
    draft.put(replace(parent, kind=kind, partitions=(*parent.partitions, child.ref)))
    draft.put(
        replace(
            child,
            partition_of=parent.ref,
            bound=action.bound,
            columns=_marked_inherited(child, parent, local=False),
        )
    )
    _inherit_checks(draft, parent, child.ref)
    take_from_parent(draft, parent.ref, child.ref)


def _marked_inherited(child: Table, parent: Table, *, local: bool) -> tuple[Column, ...]:
    above = {column.name: column for column in parent.columns}
    return tuple(
        replace(column, inherited=True, local=local, not_null=column.not_null or above[column.name].not_null)
        if column.name in above
        else column
        for column in child.columns
    )


def _inherit_checks(draft: Draft, parent: Table, child: Ref) -> None:
    for constraint in parent.constraints:
        current = draft.table(child)
        if current is not None and constraint.kind is ConstraintKind.CHECK and not constraint.no_inherit:
            inherit_check(draft, current, constraint)


def detach_partition(draft: Draft, parent: Table, action: DetachPartition) -> None:
    """DETACH PARTITION: the table keeps what it has, as its own; copies of row triggers go."""
    ref = draft.resolve(*action.partition)
    child = draft.table(ref)
    draft.put(replace(parent, partitions=tuple(p for p in parent.partitions if p != ref)))
    if child is None or child.partition_of != parent.ref:
        return
    constraints = tuple(replace(c, inherited=False) if c.inherited else c for c in child.constraints)
    if action.concurrently or action.finalize:
        constraints = (*constraints, _bound_check(draft, parent, child))
    for one in map(draft.index, child.indexes):
        if one is not None and one.parent is not None:
            draft.put(replace(one, parent=None))
    draft.put(
        replace(
            child,
            partition_of=None,
            bound=None,
            columns=tuple(replace(c, inherited=False, local=False) if c.inherited else c for c in child.columns),
            constraints=constraints,
            triggers=tuple(t for t in child.triggers if not t.inherited),
        )
    )
    for below in child.partitions:
        _drop_trigger_copies(draft, below, {t.name for t in child.triggers if t.inherited})


def _bound_check(draft: Draft, parent: Table, child: Table) -> Constraint:
    # DETACH CONCURRENTLY leaves the partition's bound behind as a CHECK, so that it can be attached again unscanned.
    columns = tuple(
        c for c in (parent.partition_by.columns if parent.partition_by is not None else ()) if c is not None
    )
    name = free_constraint_name(draft, child.ref, columns[0] if len(columns) == 1 else None, "check")
    return Constraint(name=clipped(name), kind=ConstraintKind.CHECK, columns=columns, born=draft.moment)


def _drop_trigger_copies(draft: Draft, ref: Ref, names: set[str]) -> None:
    table = draft.table(ref)
    if table is None:
        return
    draft.put(replace(table, triggers=tuple(t for t in table.triggers if not (t.inherited and t.name in names))))
    for below in table.partitions:
        _drop_trigger_copies(draft, below, names)


# --- INHERIT ----------------------------------------------------------------------------------------------------------


def inherit(draft: Draft, child: Table, action: Inherit) -> None:
    """ALTER TABLE … [NO] INHERIT parent."""
    parent = draft.table_named(action.parent)
    if parent is None or (action.add and is_within(draft, parent, child)):
        return
    current = draft.table(child.ref) or child
    if action.add:
        if parent.ref in current.inherits:
            return
        draft.put(replace(parent, children=(*parent.children, current.ref)))
        columns = _marked_inherited(current, parent, local=True)
        draft.put(replace(current, inherits=(*current.inherits, parent.ref), columns=columns))
        _inherit_checks(draft, parent, current.ref)
        return
    draft.put(replace(parent, children=tuple(c for c in parent.children if c != current.ref)))
    rest = tuple(ref for ref in current.inherits if ref != parent.ref)
    still = {column.name for ref in rest for column in _columns(draft, ref)}
    columns = tuple(
        replace(c, inherited=False, local=False) if c.inherited and c.name not in still else c for c in current.columns
    )
    constraints = tuple(
        replace(c, inherited=False) if c.inherited and parent.constraint(c.name) is not None else c
        for c in current.constraints
    )
    draft.put(replace(current, inherits=rest, columns=columns, constraints=constraints))


def _columns(draft: Draft, ref: Ref) -> tuple[Column, ...]:
    table = draft.table(ref)
    return table.columns if table is not None else ()
