"""Constraints: built with PostgreSQL's own names, added, validated, altered."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from migrasafe.schema.evolve.constraint_drops import same_foreign_key
from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.family import below
from migrasafe.schema.evolve.free_names import free_name
from migrasafe.schema.evolve.generated_names import clipped, first_free, index_column_names, joined_columns
from migrasafe.schema.evolve.indexes import free_index_ref, give_index_to_partition, index_reads, remove_index
from migrasafe.schema.evolve.names_used import columns_used
from migrasafe.schema.model import Column, Constraint, Index, Ref, RelationKind, Table
from migrasafe.sql.statements import (
    AddConstraint,
    ConstraintDef,
    ConstraintKind,
    IndexElement,
    References,
)

# --- building ---------------------------------------------------------------------------------------------------------


def check_constraint(draft: Draft, table: Ref, definition: ConstraintDef, *, new_table: bool = False) -> Constraint:
    """A CHECK under its own or its generated name."""
    columns = columns_used(definition.expression)
    name = definition.name or free_constraint_name(draft, table, columns[0] if len(columns) == 1 else None, "check")
    return _built(draft, definition, name, columns, new_table=new_table)


def foreign_key(
    draft: Draft, table: Ref, definition: ConstraintDef, key: tuple[str, ...], *, new_table: bool = False
) -> Constraint:
    """A FOREIGN KEY; `key` is the primary key of `table` itself, for one that references its own table."""
    name = definition.name or free_constraint_name(draft, table, joined_columns(definition.columns) or None, "fkey")
    constraint = _built(draft, definition, name, definition.columns, new_table=new_table)
    references = definition.references
    if references is None:
        return constraint
    target = _target(draft, table, references)
    columns = references.columns
    if not columns:
        columns = key if target == table else primary_key_columns(draft.table(target))
    return replace(constraint, references=references, target=target, target_columns=columns)


def _target(draft: Draft, table: Ref, references: References) -> Ref:
    schema, name = references.table
    found = draft.resolve(schema, name)
    if schema is None and name == table.name and found not in draft.relations:
        return table
    return found


def primary_key_columns(table: Table | None) -> tuple[str, ...]:
    key = table.primary_key if table is not None else None
    return key.columns if key is not None else ()


def indexed_constraint(draft: Draft, table: Ref, definition: ConstraintDef) -> tuple[Constraint, Index]:
    """A PRIMARY KEY, UNIQUE or EXCLUDE and the index behind it, which is put already but not listed by the table."""
    elements = definition.elements or tuple(IndexElement(column=column) for column in definition.columns)
    names = index_column_names(elements, definition.include)
    if definition.name is not None:
        ref = _made_free(draft, Ref(table.schema, clipped(definition.name)), table)
    else:
        ref = free_index_ref(draft, table, names, definition.kind)
    excludes = definition.kind is ConstraintKind.EXCLUDE
    index = Index(
        ref=ref,
        table=table,
        elements=elements,
        unique=not excludes,
        method=(definition.exclude_method or "gist") if excludes or definition.without_overlaps else "btree",
        predicate=definition.expression if excludes else None,
        include=definition.include,
        column_names=names,
        nulls_not_distinct=definition.nulls_not_distinct,
        constraint=ref.name,
        tablespace=definition.tablespace,
        options=definition.options,
        born=draft.moment,
    )
    index = replace(index, reads=index_reads(index))
    draft.put(index)
    constraint = _built(draft, definition, ref.name, definition.columns, new_table=True)
    return replace(constraint, index=ref, expression=None), index


def _made_free(draft: Draft, ref: Ref, table: Ref) -> Ref:
    """A name that PostgreSQL would refuse if it were taken: the index that had it must be gone by other means."""

    def is_taken(name: str) -> bool:
        other = Ref(ref.schema, name)
        return other == table or other in draft.relations or (name != ref.name and draft.names_constraint(other))

    if draft.index(ref) is not None:
        remove_index(draft, ref)
    return Ref(ref.schema, first_free(ref.name, None, "key", is_taken)) if is_taken(ref.name) else ref


def _built(
    draft: Draft, definition: ConstraintDef, name: str, columns: tuple[str, ...], *, new_table: bool
) -> Constraint:
    return Constraint(
        name=clipped(name),
        kind=definition.kind,
        columns=columns,
        expression=definition.expression,
        valid=definition.enforced and (new_table or not definition.not_valid),
        enforced=definition.enforced,
        deferrable=definition.deferrable,
        initially_deferred=definition.initially_deferred,
        no_inherit=definition.no_inherit,
        include=definition.include,
        nulls_not_distinct=definition.nulls_not_distinct,
        without_overlaps=definition.without_overlaps,
        born=draft.moment,
    )


def free_constraint_name(draft: Draft, table: Ref, column: str | None, label: str) -> str:
    """A generated name that no constraint in the schema of the table has: ChooseConstraintName."""
    return free_name(
        draft, table.schema, table.name, column, label, lambda name: draft.names_constraint(Ref(table.schema, name))
    )


# --- ALTER TABLE … ADD CONSTRAINT -------------------------------------------------------------------------------------


def add_constraint(draft: Draft, table: Table, action: AddConstraint, *, only: bool = False) -> None:
    """ADD CONSTRAINT, on the table and everything below it that inherits it."""
    definition = action.constraint
    if definition.name is not None and table.constraint(clipped(definition.name)) is not None:
        return  # PostgreSQL refuses it; a DO block guards against it
    _ADD[definition.kind](draft, table, definition, only)


def _add_check(draft: Draft, table: Table, definition: ConstraintDef, only: bool) -> None:  # noqa: FBT001 — one signature for all kinds
    constraint = check_constraint(draft, table.ref, definition)
    draft.put(replace(table, constraints=(*table.constraints, constraint)))
    if not only and not constraint.no_inherit:
        for child in below(draft, table):
            inherit_check(draft, child, constraint)


def inherit_check(draft: Draft, child: Table, constraint: Constraint) -> None:
    """Give a CHECK of the table above to a table, or mark its own one of that name as inherited."""
    own = child.constraint(constraint.name)
    if own is not None:
        constraints = tuple(replace(c, inherited=True) if c is own else c for c in child.constraints)
    else:
        constraints = (*child.constraints, replace(constraint, inherited=True, born=draft.moment))
    draft.put(replace(child, constraints=constraints))


def _add_foreign_key(draft: Draft, table: Table, definition: ConstraintDef, only: bool) -> None:  # noqa: FBT001 - the action is always called with it
    constraint = foreign_key(draft, table.ref, definition, primary_key_columns(table))
    draft.put(replace(table, constraints=(*table.constraints, constraint)))
    for partition in table.partitions:
        inherit_foreign_key(draft, partition, constraint)


def inherit_foreign_key(draft: Draft, partition: Ref, constraint: Constraint) -> None:
    """Give a partition the FOREIGN KEY of the table above it, or mark its own equal one as inherited; and so on."""
    child = draft.table(partition)
    if child is None:
        return
    for own in child.constraints:
        if own.kind is ConstraintKind.FOREIGN_KEY and not own.inherited and same_foreign_key(own, constraint):
            constraints = tuple(replace(c, inherited=True) if c is own else c for c in child.constraints)
            draft.put(replace(child, constraints=constraints))
            return  # what is below has it from there already
    name = constraint.name
    if child.constraint(name) is not None:
        name = free_constraint_name(draft, partition, joined_columns(constraint.columns) or None, "fkey")
    copy = replace(constraint, name=name, inherited=True, born=draft.moment)
    draft.put(replace(child, constraints=(*child.constraints, copy)))
    for below_it in child.partitions:
        inherit_foreign_key(draft, below_it, copy)


def _add_indexed(draft: Draft, table: Table, definition: ConstraintDef, only: bool) -> None:  # noqa: FBT001 - the action is always called with it
    if definition.kind is ConstraintKind.PRIMARY_KEY and table.primary_key is not None:
        return  # PostgreSQL refuses a second one
    if definition.using_index is not None:
        named = draft.index(Ref(table.ref.schema, definition.using_index))
        if named is not None and named.constraint is not None:
            return  # nor one over the index of another
        if table.constraint(clipped(definition.name or definition.using_index)) is not None:
            return  # nor one of the name of another
        table, constraint, index = _from_index(draft, table, definition, definition.using_index)
    else:
        constraint, index = indexed_constraint(draft, table.ref, definition)
        table = draft.table(table.ref) or table
        if only and table.partitions:
            index = replace(index, valid=False)
            draft.put(index)
        table = replace(table, indexes=(*table.indexes, index.ref))
    columns = table.columns
    if constraint.kind is ConstraintKind.PRIMARY_KEY:
        columns = with_not_null(table, constraint.columns, draft)
    draft.put(replace(table, columns=columns, constraints=(*table.constraints, constraint)))
    if constraint.kind is ConstraintKind.PRIMARY_KEY:
        for child in below(draft, table):
            draft.put(replace(child, columns=with_not_null(child, constraint.columns, draft)))
    if not only:
        for partition in table.partitions:
            give_index_to_partition(draft, index, constraint, partition)


def _from_index(
    draft: Draft, table: Table, definition: ConstraintDef, index_name: str
) -> tuple[Table, Constraint, Index]:
    """UNIQUE | PRIMARY KEY USING INDEX: the index takes the name of the constraint."""
    old = Ref(table.ref.schema, index_name)
    index = draft.index(old)
    if index is None or index.table != table.ref:
        index = Index(ref=old, table=table.ref, unique=True)
    else:
        draft.take(old)
    ref = _made_free(draft, Ref(table.ref.schema, clipped(definition.name or index_name)), table.ref)
    table = draft.table(table.ref) or table
    index = replace(index, ref=ref, constraint=ref.name)
    draft.put(index)
    listed = [ref if one == old else one for one in table.indexes]
    if ref not in listed:
        listed.append(ref)
    columns = tuple(element.column for element in index.elements if element.column is not None)
    constraint = replace(
        _built(draft, definition, ref.name, columns, new_table=True),
        include=index.include,
        nulls_not_distinct=index.nulls_not_distinct,
        index=ref,
    )
    return replace(table, indexes=tuple(listed)), constraint, index


def with_not_null(table: Table, names: tuple[str, ...], draft: Draft) -> tuple[Column, ...]:
    """The columns of a table with those named made NOT NULL; one we did not know of is known now."""
    columns = tuple(
        replace(column, not_null=True, not_null_valid=True)
        if column.name in names and not (column.not_null and column.not_null_valid)
        else column
        for column in table.columns
    )
    if table.complete or draft.complete:
        return columns
    known = {column.name for column in columns}
    return (*columns, *(Column(name=name, type=None, not_null=True) for name in names if name not in known))


def _add_not_null(draft: Draft, table: Table, definition: ConstraintDef, only: bool) -> None:  # noqa: FBT001 - the action is always called with it
    """ADD [CONSTRAINT name] NOT NULL column [NOT VALID] (18)."""
    for one in (table, *(() if only or definition.no_inherit else below(draft, table))):
        columns = tuple(
            replace(column, not_null=True, not_null_valid=not definition.not_valid)
            if column.name in definition.columns and not column.not_null
            else column
            for column in one.columns
        )
        constraints = one.constraints
        if definition.name is not None and one.constraint(clipped(definition.name)) is None:
            constraint = _built(draft, definition, definition.name, definition.columns, new_table=False)
            constraints = (*constraints, replace(constraint, inherited=one is not table))
        draft.put(replace(one, columns=columns, constraints=constraints))


_ADD: dict[ConstraintKind, Callable[[Draft, Table, ConstraintDef, bool], None]] = {
    ConstraintKind.CHECK: _add_check,
    ConstraintKind.FOREIGN_KEY: _add_foreign_key,
    ConstraintKind.UNIQUE: _add_indexed,
    ConstraintKind.PRIMARY_KEY: _add_indexed,
    ConstraintKind.EXCLUDE: _add_indexed,
    ConstraintKind.NOT_NULL: _add_not_null,
}


def copied_checks(draft: Draft, source: Table) -> list[Constraint]:
    """The CHECKs of a table as a new one that inherits from it gets them: validated, because it has no rows."""
    return [
        replace(c, inherited=True, valid=c.enforced, born=draft.moment)
        for c in source.constraints
        if c.kind is ConstraintKind.CHECK and not c.no_inherit
    ]


def is_partitioned(table: Table) -> bool:
    return table.kind is RelationKind.PARTITIONED_TABLE
