"""Columns: made from their definitions, added, dropped, altered."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from migrasafe.schema.evolve.cascade import remove_column, remove_relation
from migrasafe.schema.evolve.constraints import add_constraint
from migrasafe.schema.evolve.distinct_keys import INDEXED, distinct_keys
from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.expressions import is_null, nextval_of, with_full_sequence_name
from migrasafe.schema.evolve.family import below, family
from migrasafe.schema.evolve.free_names import free_name
from migrasafe.schema.evolve.indexes import rebuild_indexes
from migrasafe.schema.evolve.owned_sequences import sequences_owned_by
from migrasafe.schema.evolve.type_names import SERIAL_TYPES, resolved_type
from migrasafe.schema.model import Column, ColumnRef, Ref, Sequence, Table
from migrasafe.sql.statements import (
    AddColumn,
    AddConstraint,
    AddIdentity,
    AlterColumnType,
    ColumnDef,
    ConstraintKind,
    DropColumn,
    DropDefault,
    DropExpression,
    DropIdentity,
    DropNotNull,
    Name,
    SetDefault,
    SetExpression,
    SetIdentity,
    SetNotNull,
    TypeName,
)


def new_column(draft: Draft, table: Ref, definition: ColumnDef, *, key: bool = False) -> Column:
    """The column a definition makes, its sequence made as well; `key`: it is part of the primary key."""
    type_name = resolved_type(draft, definition.type)
    default = definition.default
    identity = definition.identity
    not_null = definition.not_null or key or identity is not None
    if type_name is not None and type_name.name in SERIAL_TYPES and type_name.schema is None:
        type_name = TypeName(name=SERIAL_TYPES[type_name.name], array=type_name.array)
        default = nextval_of(new_sequence(draft, table, definition.name, type_name))
        not_null = True
    elif identity is not None:
        new_sequence(draft, table, definition.name, type_name, identity.sequence)
    elif default is not None:
        default = None if is_null(default) else with_full_sequence_name(draft, default)
    collation = definition.collation
    return Column(
        name=definition.name,
        type=type_name,
        not_null=not_null,
        default=default,
        identity=identity,
        generated=definition.generated,
        generated_stored=definition.generated_stored,
        collation=collation.name if collation is not None else None,
        born=draft.moment,
    )


def each_once(columns: list[Column]) -> list[Column]:
    """The first of each name: PostgreSQL refuses a table or a type with two."""
    first: dict[str, Column] = {}
    for column in columns:
        first.setdefault(column.name, column)
    return list(first.values())


def new_sequence(draft: Draft, table: Ref, column: str, type_name: TypeName | None, given: Name | None = None) -> Ref:
    """Make the sequence of a serial or identity column."""
    if given is not None:
        ref = Ref(given.schema or table.schema, given.name)
    else:
        schema = table.schema
        name = free_name(draft, schema, table.name, column, "seq", lambda name: Ref(schema, name) in draft.relations)
        ref = Ref(schema, name)
    draft.put(Sequence(ref=ref, type=type_name, owned_by=ColumnRef(table, column), born=draft.moment))
    return ref


def add_column(draft: Draft, table: Table, action: AddColumn, *, only: bool) -> None:
    """ADD COLUMN with its constraints, here and below."""
    definition = action.column
    if table.column(definition.name) is not None:
        return  # IF NOT EXISTS, or an error
    constraints = definition.constraints
    key = any(c.kind is ConstraintKind.PRIMARY_KEY for c in constraints)
    column = new_column(draft, table.ref, definition, key=key)
    draft.put(replace(table, columns=(*table.columns, column)))
    if not only:
        for child in below(draft, table):
            _inherit_column(draft, child, column)
    others = [c for c in constraints if c.kind not in INDEXED and (c.kind is not ConstraintKind.NOT_NULL or c.name)]
    for constraint in (*others, *distinct_keys(constraints)):
        current = draft.table(table.ref)
        if current is not None:
            add_constraint(draft, current, AddConstraint(constraint=constraint), only=only)


def _inherit_column(draft: Draft, child: Table, column: Column) -> None:
    own = child.column(column.name)
    if own is None:
        draft.put(replace(child, columns=(*child.columns, replace(column, inherited=True, identity=None))))
    else:
        merged = replace(own, inherited=True, local=True, not_null=own.not_null or column.not_null)
        draft.put(replace(child, columns=tuple(merged if c is own else c for c in child.columns)))


def drop_column(draft: Draft, table: Table, action: DropColumn, *, only: bool) -> None:
    remove_column(draft, table.ref, action.column, only=only)


# --- ALTER COLUMN -----------------------------------------------------------------------------------------------------


def _alter(draft: Draft, table: Table, name: str, change: Callable[[Column], Column], *, only: bool) -> None:
    """Change a column here and below; one that is not known yet is known now, unless everything was."""
    for one in family(draft, table, only=only):
        column = one.column(name)
        if column is None:
            if one is not table or one.complete or draft.complete:
                continue
            draft.put(replace(one, columns=(*one.columns, change(Column(name=name, type=None)))))
            continue
        changed = change(column)
        if changed is not column:
            draft.put(replace(one, columns=tuple([changed if c is column else c for c in one.columns])))


def alter_type(draft: Draft, table: Table, action: AlterColumnType, *, only: bool) -> None:
    type_name = resolved_type(draft, action.type)
    collation = action.collation.name if action.collation is not None else None
    _alter(draft, table, action.column, lambda c: replace(c, type=type_name, collation=collation), only=only)
    for one in family(draft, table, only=only):
        column = one.column(action.column)
        if column is not None and column.identity is not None:
            for sequence in sequences_owned_by(draft, one.ref, action.column):
                draft.put(replace(sequence, type=type_name))
        rebuild_indexes(draft, one, action.column)


def set_default(draft: Draft, table: Table, action: SetDefault, *, only: bool) -> None:
    default = None if is_null(action.default) else with_full_sequence_name(draft, action.default)
    _alter(draft, table, action.column, lambda c: replace(c, default=default), only=only)


def drop_default(draft: Draft, table: Table, action: DropDefault, *, only: bool) -> None:
    _alter(draft, table, action.column, lambda c: replace(c, default=None), only=only)


def set_not_null(draft: Draft, table: Table, action: SetNotNull, *, only: bool) -> None:
    _alter(draft, table, action.column, lambda c: replace(c, not_null=True, not_null_valid=True), only=only)


def drop_not_null(draft: Draft, table: Table, action: DropNotNull, *, only: bool) -> None:
    """DROP NOT NULL takes a named NOT NULL constraint (18) with it."""
    _alter(draft, table, action.column, lambda c: replace(c, not_null=False, not_null_valid=True), only=only)
    for one in family(draft, table, only=only):
        kept = tuple(
            c for c in one.constraints if c.kind is not ConstraintKind.NOT_NULL or action.column not in c.columns
        )
        if len(kept) < len(one.constraints):
            draft.put(replace(one, constraints=kept))


def set_expression(draft: Draft, table: Table, action: SetExpression, *, only: bool) -> None:
    _alter(draft, table, action.column, lambda c: replace(c, generated=action.expression), only=only)


def drop_expression(draft: Draft, table: Table, action: DropExpression, *, only: bool) -> None:
    _alter(draft, table, action.column, lambda c: replace(c, generated=None), only=only)


def add_identity(draft: Draft, table: Table, action: AddIdentity, *, only: bool) -> None:
    column = table.column(action.column)
    if column is not None and column.identity is not None:
        return
    type_name = column.type if column is not None else None
    new_sequence(draft, table.ref, action.column, type_name, action.identity.sequence)
    _alter(draft, table, action.column, lambda c: replace(c, identity=action.identity, not_null=True), only=True)


def set_identity(draft: Draft, table: Table, action: SetIdentity, *, only: bool) -> None:
    """SET GENERATED says whether the identity is ALWAYS; the other options belong to its sequence."""

    def change(column: Column) -> Column:
        if column.identity is None or action.always is None:
            return column
        return replace(column, identity=replace(column.identity, always=action.always))

    _alter(draft, table, action.column, change, only=True)


def drop_identity(draft: Draft, table: Table, action: DropIdentity, *, only: bool) -> None:
    column = table.column(action.column)
    if column is not None and column.identity is None:
        return
    for sequence in sequences_owned_by(draft, table.ref, action.column):
        remove_relation(draft, sequence.ref)
    current = draft.table(table.ref)
    if current is not None:
        _alter(draft, current, action.column, lambda c: replace(c, identity=None), only=True)
