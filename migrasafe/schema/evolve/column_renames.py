"""A column under a new name, wherever it is mentioned."""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.expressions import with_renamed_column
from migrasafe.schema.evolve.family import children_of
from migrasafe.schema.model import Column, ColumnRef, Constraint, Index, Policy, Ref, Sequence, Table, Trigger, View
from migrasafe.sql.statements import IndexElement, PartitionBy


def rename_column(draft: Draft, ref: Ref, old: str, new: str) -> None:
    """Rename a column of a table or view: in the relation, its indexes, the tables below it, and what depends on it."""
    relation = draft.relations.get(ref)
    if isinstance(relation, Table):
        if relation.column(new) is not None:
            return
        if relation.column(old) is None and not relation.complete and not draft.complete:
            relation = replace(relation, columns=(*relation.columns, Column(name=old, type=None)))
        draft.put(_in_table(relation, old, new))
        _in_publications(draft, ref, old, new)
        for index in map(draft.index, relation.indexes):
            if index is not None and old in index.reads:
                draft.put(_in_index(index, old, new))
        for child in children_of(draft, relation):
            column = child.column(old)
            if column is not None and column.inherited:
                rename_column(draft, child.ref, old, new)
    elif isinstance(relation, View):
        grants = frozenset(one._replace(column=new) if one.column == old else one for one in relation.column_grants)
        draft.put(replace(relation, columns=_swap(relation.columns, old, new), column_grants=grants))
        for index in map(draft.index, relation.indexes):
            if index is not None and old in index.reads:
                draft.put(_in_index(index, old, new))
    else:
        return
    before, after = ColumnRef(ref, old), ColumnRef(ref, new)
    for dependent in draft.links.of(ref):
        _in_dependent(draft, dependent, before, after)


def _in_publications(draft: Draft, ref: Ref, old: str, new: str) -> None:
    for publication in draft.publications.values():
        parts = tuple(
            replace(
                part,
                columns=_swap(part.columns, old, new),
                filtered_by=tuple(sorted(_swap(part.filtered_by, old, new))),
            )
            if part.table == ref
            else part
            for part in publication.parts
        )
        if parts != publication.parts:
            draft.put_publication(replace(publication, parts=parts))


def _in_table(table: Table, old: str, new: str) -> Table:
    return replace(
        table,
        columns=tuple(
            [
                column if column.name != old and column.generated is None else _in_column(column, old, new)
                for column in table.columns
            ]
        ),
        constraints=tuple(_in_constraint(constraint, table.ref, old, new) for constraint in table.constraints),
        triggers=tuple(_in_trigger(trigger, old, new) for trigger in table.triggers),
        policies=tuple(_in_policy(policy, old, new) for policy in table.policies),
        partition_by=_in_partition_key(table.partition_by, old, new),
    )


def _in_column(column: Column, old: str, new: str) -> Column:
    generated = with_renamed_column(column.generated, old, new)
    if column.name != old and generated is column.generated:
        return column
    return replace(column, name=new if column.name == old else column.name, generated=generated)


def _in_constraint(constraint: Constraint, table: Ref, old: str, new: str) -> Constraint:
    to_itself = constraint.target == table and old in constraint.target_columns
    if old not in constraint.columns and old not in constraint.include and not to_itself:
        return constraint
    return replace(
        constraint,
        columns=_swap(constraint.columns, old, new),
        expression=with_renamed_column(constraint.expression, old, new),
        target_columns=_swap(constraint.target_columns, old, new) if to_itself else constraint.target_columns,
        include=_swap(constraint.include, old, new),
    )


def _in_trigger(trigger: Trigger, old: str, new: str) -> Trigger:
    if old not in trigger.reads:
        return trigger
    return replace(trigger, columns=_swap(trigger.columns, old, new), reads=_swap_set(trigger.reads, old, new))


def _in_policy(policy: Policy, old: str, new: str) -> Policy:
    if old not in policy.reads:
        return policy
    return replace(
        policy,
        using=with_renamed_column(policy.using, old, new),
        check=with_renamed_column(policy.check, old, new),
        reads=_swap_set(policy.reads, old, new),
    )


def _in_partition_key(key: PartitionBy | None, old: str, new: str) -> PartitionBy | None:
    if key is None:
        return None
    expressions = tuple(renamed for e in key.expressions if (renamed := with_renamed_column(e, old, new)) is not None)
    columns = tuple(new if column == old else column for column in key.columns)
    return replace(key, columns=columns, expressions=expressions)


def _in_index(index: Index, old: str, new: str) -> Index:
    return replace(
        index,
        elements=tuple(_in_element(element, old, new) for element in index.elements),
        predicate=with_renamed_column(index.predicate, old, new),
        include=_swap(index.include, old, new),
        reads=_swap_set(index.reads, old, new),
    )


def _in_element(element: IndexElement, old: str, new: str) -> IndexElement:
    if element.column is not None:
        return replace(element, column=new) if element.column == old else element
    expression = with_renamed_column(element.expression, old, new)
    return element if expression is element.expression else replace(element, expression=expression)


def _in_dependent(draft: Draft, dependent: Ref, before: ColumnRef, after: ColumnRef) -> None:
    relation = draft.relations.get(dependent)
    if isinstance(relation, View):
        if before in relation.reads:
            draft.put(replace(relation, reads=(relation.reads - {before}) | {after}))
    elif isinstance(relation, Sequence):
        if relation.owned_by == before:
            draft.put(replace(relation, owned_by=after))
    elif isinstance(relation, Table):
        constraints = tuple(_in_target(constraint, before, after) for constraint in relation.constraints)
        if any(a is not b for a, b in zip(constraints, relation.constraints, strict=True)):
            draft.put(replace(relation, constraints=constraints))
    overloads = draft.functions.get(dependent)
    if overloads is not None and any(before in f.reads for f in overloads):
        changed = tuple(replace(f, reads=(f.reads - {before}) | {after}) if before in f.reads else f for f in overloads)
        draft.put_functions(dependent, changed)


def _in_target(constraint: Constraint, before: ColumnRef, after: ColumnRef) -> Constraint:
    old, new = before.column, after.column
    if constraint.target != before.relation or old is None or new is None or old not in constraint.target_columns:
        return constraint
    return replace(constraint, target_columns=_swap(constraint.target_columns, old, new))


def _swap(names: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if name == old else name for name in names)


def _swap_set(names: frozenset[str], old: str, new: str) -> frozenset[str]:
    return (names - {old}) | {new} if old in names else names
