"""Adding, validating and dropping constraints, and NOT NULL.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT
"""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.foreign_key_types import incompatible_types
from migrasafe.effects.keys import key_failures
from migrasafe.effects.model import Cause, Effects, Failure, Lock, Trouble, Work, WorkKind
from migrasafe.effects.situation import Situation
from migrasafe.locks import LockMode
from migrasafe.schema.model import Constraint, Ref, RelationKind, Table
from migrasafe.sql.expressions import proves_not_null
from migrasafe.sql.statements import (
    AddConstraint,
    AlterConstraint,
    ConstraintDef,
    ConstraintKind,
    DropConstraint,
    PartitionBy,
    SetNotNull,
    ValidateConstraint,
)

_INDEX_CAUSES = {
    ConstraintKind.UNIQUE: Cause.UNIQUE,
    ConstraintKind.PRIMARY_KEY: Cause.PRIMARY_KEY,
    ConstraintKind.EXCLUDE: Cause.EXCLUDE,
}


def add_constraint(action: AddConstraint, index: int, ref: Ref, situation: Situation) -> Effects:
    constraint = action.constraint
    if constraint.kind is ConstraintKind.FOREIGN_KEY:
        return _add_foreign_key(constraint, index, ref, situation)
    lock = Lock(relation=ref, mode=LockMode.ACCESS_EXCLUSIVE, action=index)
    work: list[Work] = []
    failures: tuple[Failure, ...] = ()
    match constraint.kind:
        case ConstraintKind.CHECK if not constraint.not_valid and constraint.enforced:
            work.append(_scan(ref, Cause.CHECK, index, constraint.name or ""))
        case ConstraintKind.NOT_NULL if not constraint.not_valid:
            work.extend(not_null_scan(ref, constraint.columns[0], index, situation))
        case ConstraintKind.UNIQUE | ConstraintKind.PRIMARY_KEY | ConstraintKind.EXCLUDE:
            if constraint.using_index is None:
                cause = _INDEX_CAUSES[constraint.kind]
                work.append(Work(kind=WorkKind.INDEX_BUILD, relation=ref, cause=cause, action=index))
            elif constraint.kind is ConstraintKind.PRIMARY_KEY:
                work.extend(_primary_key_nulls(constraint, ref, index, situation))
            failures = (
                *_using_index_failures(constraint, ref, index, situation),
                *key_failures(constraint, ref.name, _partition_key(ref, situation), situation.target, action=index),
            )
    return Effects(locks=(lock,), work=tuple(work), failures=failures)


def _partition_key(ref: Ref, situation: Situation) -> PartitionBy | None:
    table = situation.schema.table(ref)
    return table.partition_by if table is not None and not table.partition_of else None


def _scan(ref: Ref, cause: Cause, index: int | None, detail: str = "", column: str | None = None) -> Work:
    return Work(kind=WorkKind.SCAN, relation=ref, cause=cause, action=index, detail=detail, column=column)


def _add_foreign_key(constraint: ConstraintDef, index: int, ref: Ref, situation: Situation) -> Effects:
    assert constraint.references is not None
    target = situation.ref(constraint.references.table)
    mode = LockMode.SHARE_ROW_EXCLUSIVE
    locks = (Lock(relation=ref, mode=mode, action=index), *locks_on_target(target, mode, situation, index))
    work: tuple[Work, ...] = ()
    if not constraint.not_valid and constraint.enforced:
        work = (_scan(ref, Cause.FOREIGN_KEY, index, constraint.name or ""),)
    failures: tuple[Failure, ...] = ()
    table = situation.schema.table(ref)
    partitioned = table is not None and table.kind is RelationKind.PARTITIONED_TABLE
    if constraint.not_valid and partitioned and not situation.target.at_least(18):
        failures = (
            Failure(
                trouble=Trouble.WRONG_OBJECT,
                reason=f"a NOT VALID foreign key cannot be added to the partitioned table {ref.name} before PostgreSQL 18",
                action=index,
                objects=(str(ref),),
            ),
        )
    types = {column.name: column.type for column in table.columns} if table is not None else {}
    refused = incompatible_types(ref, types, constraint, situation, index)
    return Effects(locks=locks, work=work, failures=(*failures, *refused))


def _primary_key_nulls(constraint: ConstraintDef, ref: Ref, index: int, situation: Situation) -> Iterator[Work]:
    """PRIMARY KEY USING INDEX makes its columns NOT NULL, by a scan for those that are not."""
    table = situation.schema.table(ref)
    found = situation.schema.index(Ref(ref.schema, constraint.using_index or ""))
    if table is None or found is None:
        return  # nothing is known of the index: assume it was prepared well
    for element in found.elements:
        column = table.column(element.column) if element.column else None
        if column is not None and not column.not_null and not _proof(table, column.name):
            yield _scan(ref, Cause.PRIMARY_KEY_NULLS, index, column=column.name)


def _using_index_failures(constraint: ConstraintDef, ref: Ref, index: int, situation: Situation) -> tuple[Failure, ...]:
    table = situation.schema.table(ref)
    if constraint.using_index is None or table is None or table.kind is not RelationKind.PARTITIONED_TABLE:
        return ()
    return (
        Failure(
            trouble=Trouble.FEATURE_NOT_SUPPORTED,
            reason=f"ADD CONSTRAINT … USING INDEX is not supported on the partitioned table {ref.name}",
            action=index,
            objects=(str(ref),),
        ),
    )


# --- NOT NULL ---------------------------------------------------------------------------------------------------------


def set_not_null(action: SetNotNull, index: int, ref: Ref, situation: Situation) -> Effects:
    lock = Lock(relation=ref, mode=LockMode.ACCESS_EXCLUSIVE, action=index)
    return Effects(locks=(lock,), work=tuple(not_null_scan(ref, action.column, index, situation)))


def not_null_scan(ref: Ref, column_name: str, index: int, situation: Situation) -> Iterator[Work]:
    """The scan of SET NOT NULL, on every table below; none where a valid CHECK proves it (12 and later)."""
    table = situation.schema.table(ref)
    if table is None:
        yield _scan(ref, Cause.SET_NOT_NULL, index, column=column_name)
        return
    for part in situation.with_partitions(table):
        column = part.column(column_name)
        if column is not None and column.not_null and column.not_null_valid:
            continue
        if (column is not None and column.not_null and not column.not_null_valid) or (
            part.kind is not RelationKind.PARTITIONED_TABLE and not _proof(part, column_name)
        ):
            yield _scan(part.ref, Cause.SET_NOT_NULL, index, column=column_name)


def _proof(table: Table, column: str) -> Constraint | None:
    """A validated CHECK from which NOT NULL follows. A constraint of an unknown table that the script validated before is
    taken at its word: what it checks cannot be seen."""
    for constraint in table.constraints:
        if constraint.kind is not ConstraintKind.CHECK or not constraint.valid or not constraint.enforced:
            continue
        if constraint.expression is None:
            if not table.complete:
                return constraint
        elif proves_not_null(constraint.expression, column):
            return constraint
    return None


# --- validating, altering, dropping -------------------------------------------------------------------------------------


def validate(action: ValidateConstraint, index: int, ref: Ref, situation: Situation) -> Effects:
    table = situation.schema.table(ref)
    constraint = table.constraint(action.name) if table is not None else None
    locks = [Lock(relation=ref, mode=LockMode.SHARE_UPDATE_EXCLUSIVE, action=index)]
    if constraint is not None and constraint.target is not None:
        locks.append(Lock(relation=constraint.target, mode=LockMode.ROW_SHARE, action=index))
    if constraint is not None and constraint.valid:
        return Effects(locks=tuple(locks))
    return Effects(locks=tuple(locks), work=(_scan(ref, Cause.VALIDATE, index, action.name),))


def alter(action: AlterConstraint, index: int, ref: Ref, situation: Situation) -> Effects:
    table = situation.schema.table(ref)
    constraint = table.constraint(action.name) if table is not None else None
    locks = [Lock(relation=ref, mode=LockMode.ACCESS_EXCLUSIVE, action=index)]
    if constraint is not None and constraint.target is not None and action.enforced is not None:
        # Its triggers on the target are made or dropped; DEFERRABLE only changes them.
        mode = LockMode.SHARE_ROW_EXCLUSIVE if action.enforced else LockMode.ACCESS_EXCLUSIVE
        locks.append(Lock(relation=constraint.target, mode=mode, action=index))
    work = (_scan(ref, Cause.ENFORCE, index, action.name),) if action.enforced else ()
    return Effects(locks=tuple(locks), work=work)


def drop(action: DropConstraint, index: int, ref: Ref, situation: Situation) -> Effects:
    table = situation.schema.table(ref)
    constraint = table.constraint(action.name) if table is not None else None
    locks = [Lock(relation=ref, mode=LockMode.ACCESS_EXCLUSIVE, action=index)]
    if constraint is not None and constraint.target is not None:
        locks.extend(locks_on_target(constraint.target, LockMode.ACCESS_EXCLUSIVE, situation, index))
    failures: list[Failure] = []
    if constraint is not None and constraint.kind in (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE):
        for other, name in referencing(ref, constraint.columns, situation):
            locks.append(Lock(relation=other, mode=LockMode.ACCESS_EXCLUSIVE, action=index))
            if not action.cascade:
                failures.append(
                    Failure(
                        trouble=Trouble.DEPENDENT_OBJECTS,
                        reason=f"the foreign key {name} of {other.name} depends on the constraint {action.name}",
                        action=index,
                        objects=(str(other),),
                    )
                )
    return Effects(locks=tuple(locks), failures=tuple(failures))


def referencing(ref: Ref, columns: tuple[str, ...], situation: Situation) -> Iterator[tuple[Ref, str]]:
    """The foreign keys that point at these columns of a table."""
    for dependent in sorted(situation.schema.dependents_of(ref)):
        table = situation.schema.table(dependent)
        for constraint in table.constraints if table is not None else ():
            if constraint.target == ref and set(constraint.target_columns) == set(columns):
                yield dependent, constraint.name


def referencing_column(ref: Ref, column: str, situation: Situation) -> Iterator[tuple[Table, Constraint]]:
    """The foreign keys of other tables that point at this column."""
    for dependent in sorted(situation.schema.dependents_of(ref)):
        table = situation.schema.table(dependent)
        for constraint in table.constraints if table is not None and dependent != ref else ():
            if table is not None and constraint.target == ref and column in constraint.target_columns:
                yield table, constraint


def on_targets(column: str, index: int, table: Table, situation: Situation) -> Iterator[Lock]:
    """Locks on the tables that the column's foreign keys point at: the triggers of these are dropped there."""
    for constraint in table.constraints:
        if constraint.target is not None and constraint.target != table.ref and column in constraint.columns:
            yield from locks_of_lost_key(constraint.target, situation, index)


def locks_of_lost_key(target: Ref, situation: Situation, action: int | None = None) -> Iterator[Lock]:
    """Those on a table that a foreign key pointed at which goes with something else; before 15 a partitioned table had none
    of its triggers."""
    for lock in locks_on_target(target, LockMode.ACCESS_EXCLUSIVE, situation, action):
        if situation.target.at_least(15) or not situation.is_partitioned(lock.relation):
            yield lock


def locks_on_target(target: Ref, mode: LockMode, situation: Situation, action: int | None = None) -> Iterator[Lock]:
    """Those on a table that a foreign key points at: its triggers come and go there, and on its partitions."""
    yield Lock(relation=target, mode=mode, action=action)
    if situation.is_partitioned(target):
        yield from (Lock(relation=one, mode=mode, action=action) for one in situation.below(target))
