"""How an ALTER TABLE locks the partitions and inheritance children of its table.

https://www.postgresql.org/docs/current/sql-altertable.html, and ddl-inherit.html: keys and foreign keys are not inherited.
"""

from __future__ import annotations

from migrasafe.effects.model import NOTHING, Effects, Lock
from migrasafe.effects.situation import Situation
from migrasafe.locks import LockMode
from migrasafe.schema.model import Ref, RelationKind, Table
from migrasafe.sql.statements import (
    Action,
    AddColumn,
    AddConstraint,
    AddIdentity,
    AlterConstraint,
    AlterTable,
    AttachPartition,
    ClusterOn,
    ConstraintKind,
    DetachPartition,
    DropColumn,
    DropConstraint,
    DropIdentity,
    DropNotNull,
    Inherit,
    OfType,
    OwnerTo,
    ReplicaIdentity,
    SetAccessMethod,
    SetIdentity,
    SetLogged,
    SetNotNull,
    SetOptions,
    SetRowSecurity,
    SetTablespace,
    SetTriggers,
    ValidateConstraint,
)

_ALONE = (
    AttachPartition,
    DetachPartition,
    ClusterOn,
    Inherit,
    OfType,
    OwnerTo,
    ReplicaIdentity,
    SetAccessMethod,
    SetLogged,
    SetOptions,
    SetRowSecurity,
    SetTablespace,
)
"""Actions on one table alone, whatever is below it."""
_KEYS = (ConstraintKind.UNIQUE, ConstraintKind.PRIMARY_KEY, ConstraintKind.EXCLUDE)


def locks_below(statement: AlterTable, effects: Effects, ref: Ref, situation: Situation) -> Effects:
    """Those of the tables below, under the strongest lock that the statement takes on its own."""
    table = situation.schema.table(ref)
    if table is None or not (table.partitions or table.children):
        return NOTHING
    modes = [lock.mode for lock in effects.locks if lock.relation == ref]
    if not modes:
        return NOTHING
    strongest = max(modes, key=lambda mode: mode.strength)
    found = [mode for one in statement.actions if (mode := _lock_below(one, table, strongest, situation)) is not None]
    if not found:
        return NOTHING
    mode = max(found, key=lambda one: one.strength)
    return Effects(locks=tuple(Lock(relation=one, mode=mode) for one in situation.below(ref)))  # there may be thousands


def locks_next_below(statement: AlterTable, ref: Ref, situation: Situation) -> Effects:
    """Of ALTER TABLE ONLY: what the tables right below inherited is their own from then on."""
    table = situation.schema.table(ref)
    if table is None or not any(isinstance(one, DropColumn | DropConstraint) for one in statement.actions):
        return NOTHING
    inherited = [
        one
        for one in statement.actions
        if (isinstance(one, DropColumn) and table.column(one.column) is not None)
        or (isinstance(one, DropConstraint) and _is_below(one, table, partitioned=False))
    ]
    mode = LockMode.ACCESS_EXCLUSIVE
    return Effects(locks=tuple(Lock(relation=one, mode=mode) for one in table.children)) if inherited else NOTHING


def _lock_below(action: Action, table: Table, strongest: LockMode, situation: Situation) -> LockMode | None:
    partitioned = table.kind is RelationKind.PARTITIONED_TABLE
    below = strongest
    match action:
        case SetTriggers():
            below_too = partitioned and not action.rule and _is_copied(action, table, situation)
        case AddColumn():
            below_too = not (action.if_not_exists and table.column(action.column.name) is not None)
        case DropColumn():
            below_too = not (action.if_exists and table.complete and table.column(action.column) is None)
        case AddIdentity() | SetIdentity():
            below_too = partitioned and situation.target.at_least(17)
        case DropIdentity():
            column = table.column(action.column)
            has_none = column is not None and column.identity is None
            below_too = partitioned and situation.target.at_least(17) and not has_none
        case SetNotNull():
            known = (partitioned or situation.target.at_least(18)) and _is_not_null(table, action.column)
            below_too = not known
        case DropNotNull():
            column = table.column(action.column)
            below_too = not (situation.target.at_least(18) and column is not None and not column.not_null)
        case AddConstraint() if situation.target.at_least(18):
            below_too = True
        case AddConstraint(constraint=constraint) if constraint.kind in _KEYS:
            sets_not_null = constraint.kind is ConstraintKind.PRIMARY_KEY and constraint.using_index is None
            already = all(_is_not_null(table, column) for column in constraint.columns)
            if partitioned and not (sets_not_null and not already):
                below = LockMode.SHARE_ROW_EXCLUSIVE if constraint.deferrable else LockMode.SHARE
            below_too = partitioned or sets_not_null
        case AddConstraint(constraint=constraint):
            below_too = not constraint.no_inherit and (partitioned or constraint.kind is not ConstraintKind.FOREIGN_KEY)
        case DropConstraint() | ValidateConstraint() | AlterConstraint():
            below_too = _is_below(action, table, partitioned=partitioned)
        case _:
            below_too = not isinstance(action, _ALONE)
    return below if below_too else None


def _is_copied(action: SetTriggers, table: Table, situation: Situation) -> bool:
    """Whether partitions have the trigger too, or one of those that are meant: since 15 those of foreign keys as well."""
    if action.name is not None:
        return any(trigger.row and trigger.name == action.name for trigger in table.triggers)
    if any(trigger.row for trigger in table.triggers):
        return True
    if action.which != "all" or not situation.target.at_least(15):
        return False
    others = (situation.schema.table(one) for one in situation.schema.dependents_of(table.ref))
    keys = [key for one in (table, *others) if one is not None for key in one.constraints if key.target is not None]
    return any(key in table.constraints or key.target == table.ref for key in keys)


def _is_not_null(table: Table, name: str) -> bool:
    column = table.column(name)
    return column is not None and column.not_null and column.not_null_valid


def _is_below(
    action: DropConstraint | ValidateConstraint | AlterConstraint, table: Table, *, partitioned: bool
) -> bool:
    """Whether the tables below have the constraint, and something is done to theirs."""
    constraint = table.constraint(action.name)
    if constraint is None:
        return partitioned or not table.complete
    if constraint.no_inherit or (isinstance(action, ValidateConstraint) and constraint.valid):
        return False
    return partitioned or constraint.kind in (ConstraintKind.CHECK, ConstraintKind.NOT_NULL)
