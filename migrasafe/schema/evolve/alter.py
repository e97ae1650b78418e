"""ALTER TABLE | INDEX | VIEW | SEQUENCE | TYPE: each action in turn, on the table as the one before left it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace

from migrasafe.schema.evolve import columns, table_settings
from migrasafe.schema.evolve.constraint_changes import (
    alter_constraint,
    not_null_by_generated_name,
    validate_constraint,
)
from migrasafe.schema.evolve.constraint_drops import remove_constraint
from migrasafe.schema.evolve.constraints import add_constraint
from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.partitions import attach_partition, detach_partition, inherit
from migrasafe.schema.evolve.types import alter_attribute
from migrasafe.schema.model import Index, Table, View
from migrasafe.sql.statements import (
    Action,
    AddColumn,
    AddConstraint,
    AddIdentity,
    AlterAttribute,
    AlterColumnType,
    AlterConstraint,
    AlterTable,
    AttachPartition,
    ClusterOn,
    ConstraintKind,
    DetachPartition,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropExpression,
    DropIdentity,
    DropNotNull,
    Inherit,
    OfType,
    OwnerTo,
    ReplicaIdentity,
    SetAccessMethod,
    SetColumnProperty,
    SetDefault,
    SetExpression,
    SetIdentity,
    SetLogged,
    SetNotNull,
    SetOptions,
    SetRowSecurity,
    SetTablespace,
    SetTriggers,
    UnknownAction,
    ValidateConstraint,
)

_FOREIGN_KEY = ConstraintKind.FOREIGN_KEY


def alter_table(draft: Draft, statement: AlterTable) -> None:
    """Apply every action. A table that was never seen is taken to exist, with what the actions tell of it."""
    if statement.kind == "TYPE":
        for action in statement.actions:
            if isinstance(action, AlterAttribute):
                alter_attribute(draft, statement.name, action)
        return
    if statement.kind not in ("TABLE", "FOREIGN TABLE"):
        _alter_other(draft, statement)
        return
    relation = draft.named(statement.name)
    if not isinstance(relation, Table):
        _alter_other(draft, statement)
        return
    for action in _in_order(relation, statement.actions):
        current = draft.table(relation.ref)
        if current is None:
            return
        _alter_one(draft, current, statement, action)


def _in_order(table: Table, actions: tuple[Action, ...]) -> Sequence[Action]:
    """The actions in the order of PostgreSQL's passes: drops, types, new columns, constraints, the rest."""
    apart = [one for action in actions for one in _foreign_keys_apart(table, action)]
    return sorted(apart, key=_pass_of) if len(apart) > 1 else apart


def _foreign_keys_apart(table: Table, action: Action) -> Sequence[Action]:
    """A new column, then its foreign keys: they may lean on a key that another new column brings."""
    if (
        not isinstance(action, AddColumn)
        or not action.column.constraints
        or table.column(action.column.name) is not None
    ):
        return (action,)
    keys = [one for one in action.column.constraints if one.kind is _FOREIGN_KEY]
    if not keys:
        return (action,)
    others = tuple(one for one in action.column.constraints if one.kind is not _FOREIGN_KEY)
    bare = replace(action, column=replace(action.column, constraints=others))
    return (bare, *(AddConstraint(constraint=one) for one in keys))


def _pass_of(action: Action) -> float:
    number = _PASSES.get(type(action), _LAST_PASS)
    if isinstance(action, AddConstraint) and action.constraint.kind is _FOREIGN_KEY:
        return number + 0.5  # it may lean on a key that comes with it
    return number


def _alter_one(draft: Draft, table: Table, statement: AlterTable, action: Action) -> None:
    kind = type(action)
    inherited = _WITH_CHILDREN.get(kind)
    if inherited is not None:
        inherited(draft, table, action, only=statement.only)
        return
    alone = _ALONE.get(kind)
    if alone is not None:
        alone(draft, table, action)
    elif isinstance(action, AttachPartition):
        attach_partition(draft, statement.name, action)
    # What is left (_UNTOUCHED) changes nothing that the catalog value holds.


def drop_constraint(draft: Draft, table: Table, action: DropConstraint, *, only: bool) -> None:
    """DROP CONSTRAINT, also of a NOT NULL by the name that PostgreSQL 18 gave to it."""
    if table.constraint(action.name) is not None:
        remove_constraint(draft, table.ref, action.name, only=only)
        return
    unnamed = not_null_by_generated_name(table, action.name)
    if unnamed is not None:
        columns.drop_not_null(draft, table, DropNotNull(column=unnamed), only=only)


_PASSES: dict[type[Action], int] = {
    DropColumn: 0,
    DropConstraint: 0,
    DropDefault: 0,
    DropNotNull: 0,
    DropExpression: 0,
    DropIdentity: 0,
    AlterColumnType: 1,
    AddColumn: 2,
    SetExpression: 3,
    SetNotNull: 4,
    SetIdentity: 4,
    AddConstraint: 5,
    SetDefault: 6,
    AddIdentity: 6,
}
_LAST_PASS = 7

_WITH_CHILDREN: dict[type[Action], Callable[..., None]] = {
    AddColumn: columns.add_column,
    DropColumn: columns.drop_column,
    AlterColumnType: columns.alter_type,
    SetDefault: columns.set_default,
    DropDefault: columns.drop_default,
    SetNotNull: columns.set_not_null,
    DropNotNull: columns.drop_not_null,
    SetExpression: columns.set_expression,
    DropExpression: columns.drop_expression,
    AddIdentity: columns.add_identity,
    SetIdentity: columns.set_identity,
    DropIdentity: columns.drop_identity,
    AddConstraint: add_constraint,
    DropConstraint: drop_constraint,
    SetTriggers: table_settings.set_triggers,
}

_ALONE: dict[type[Action], Callable[..., None]] = {
    ValidateConstraint: validate_constraint,
    AlterConstraint: alter_constraint,
    DetachPartition: detach_partition,
    Inherit: inherit,
    SetRowSecurity: table_settings.set_row_security,
    SetLogged: table_settings.set_logged,
    SetTablespace: table_settings.set_tablespace,
    SetAccessMethod: table_settings.set_access_method,
    SetOptions: table_settings.set_options,
    OfType: table_settings.set_of_type,
    OwnerTo: table_settings.set_owner,
    ReplicaIdentity: table_settings.set_replica_identity,
}

_UNTOUCHED: frozenset[type[Action]] = frozenset({SetColumnProperty, ClusterOn, UnknownAction})
_ELSEWHERE: frozenset[type[Action]] = frozenset({AttachPartition, AlterAttribute})

HANDLED_ACTIONS: frozenset[type[Action]] = frozenset({*_WITH_CHILDREN, *_ALONE}) | _UNTOUCHED | _ELSEWHERE


# --- relations that are not tables ------------------------------------------------------------------------------------


def _alter_other(draft: Draft, statement: AlterTable) -> None:
    for action in statement.actions:
        if isinstance(action, AttachPartition):
            attach_partition(draft, statement.name, action)
            continue
        relation: Any = draft.relations.get(draft.resolve(*statement.name))
        if isinstance(relation, (View, Index)) and isinstance(action, SetOptions):
            draft.put(replace(relation, options=table_settings.changed_options(relation.options, action)))
        elif isinstance(relation, Index) and isinstance(action, SetTablespace):
            default = action.tablespace == "pg_default"  # of the database, as which it is kept
            draft.put(replace(relation, tablespace=None if default else action.tablespace))
