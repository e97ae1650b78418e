"""Attaching, making and detaching partitions: which tables wait, and what is scanned.

https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE
"""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Cause, Effects, Failure, Lock, Trouble, Work, WorkKind
from migrasafe.effects.partition_proofs import bound_is_proven, constants_in
from migrasafe.effects.same_foreign_key import foreign_key_like
from migrasafe.effects.situation import Situation
from migrasafe.locks import LockMode
from migrasafe.schema.model import Ref, Table
from migrasafe.schema.same_index import same_index
from migrasafe.sql.expressions import columns_read
from migrasafe.sql.statements import AttachPartition, ConstraintKind, DetachPartition, PartitionBound


def attach(action: AttachPartition, index: int, ref: Ref, situation: Situation) -> Effects:
    partition = situation.ref(action.partition)
    locks = [
        Lock(relation=ref, mode=LockMode.SHARE_UPDATE_EXCLUSIVE, action=index),
        Lock(relation=partition, mode=LockMode.ACCESS_EXCLUSIVE, action=index),
    ]
    work: list[Work] = []
    parent, child = situation.schema.table(ref), situation.schema.table(partition)
    as_default = action.bound is not None and action.bound.default
    # Partitions may be made where no migration says so: only a server knows that there are no others.
    takes_all = as_default and situation.schema.complete and parent is not None and not parent.partitions
    if situation.exists_already(partition) and not takes_all and not bound_is_proven(child, parent, action.bound):
        work.append(
            Work(kind=WorkKind.SCAN, relation=partition, cause=Cause.ATTACH_PARTITION, action=index, detail=ref.name)
        )
    if parent is not None:
        locks.extend(_referenced(parent, index, taken_over=child))
        work.extend(_missing_indexes(parent, child, partition, index, situation))
        if situation.exists_already(partition):
            work.extend(_missing_foreign_keys(parent, child, partition, index))
        default = situation.schema.default_partition(parent.ref)
        if default is not None and not (action.bound is not None and action.bound.default):
            locks.append(Lock(relation=default.ref, mode=LockMode.ACCESS_EXCLUSIVE, action=index))
            work.extend(_scan_of_default(default, parent, action.bound, partition, index))
    return Effects(locks=tuple(locks), work=tuple(work))


def _referenced(parent: Table, index: int | None, *, taken_over: Table | None = None) -> Iterator[Lock]:
    """What the foreign keys of the table above refer to: triggers for the partition are made there, and those of a foreign
    key that is taken over are dropped."""
    for key in parent.constraints:
        if key.kind is ConstraintKind.FOREIGN_KEY and key.target is not None and key.target != parent.ref:
            like = foreign_key_like(key, taken_over)
            mode = LockMode.SHARE_ROW_EXCLUSIVE if like is None else LockMode.ACCESS_EXCLUSIVE
            yield Lock(relation=key.target, mode=mode, action=index)


def _scan_of_default(
    default: Table, parent: Table, bound: PartitionBound | None, partition: Ref, action: int | None
) -> Iterator[Work]:
    """The DEFAULT partition is scanned for rows of the new one, unless a valid CHECK on the partition key names every
    constant of the new bound; that it excludes them is taken on trust."""
    keys = {column for column in parent.partition_by.columns if column is not None} if parent.partition_by else set()
    bounds = (*bound.lower, *bound.upper, *bound.values) if bound is not None else ()
    wanted = frozenset[str]().union(*(constants_in(one) for one in bounds))
    if keys and wanted:
        for constraint in default.constraints:
            if constraint.kind is not ConstraintKind.CHECK or not (constraint.valid and constraint.enforced):
                continue
            check = constraint.expression
            if check is not None and keys <= columns_read(check) and wanted <= constants_in(check):
                return
    yield Work(
        kind=WorkKind.SCAN,
        relation=default.ref,
        cause=Cause.DEFAULT_PARTITION,
        action=action,
        detail=partition.name,
    )


def _missing_indexes(
    parent: Table, child: Table | None, partition: Ref, index: int, situation: Situation
) -> Iterator[Work]:
    own = list(situation.schema.indexes_of(child)) if child is not None else []
    for wanted in situation.schema.indexes_of(parent):
        found = next((one for one in own if same_index(wanted, one)), None)
        if found is not None:
            own.remove(found)  # it is attached to one of them
        else:
            yield Work(
                kind=WorkKind.INDEX_BUILD,
                relation=partition,
                cause=Cause.PARTITION_INDEX,
                action=index,
                detail=wanted.ref.name,
            )


def _missing_foreign_keys(parent: Table, child: Table | None, partition: Ref, index: int) -> Iterator[Work]:
    """Those of the parent that no valid one of the partition stands for: every row is checked for them."""
    for wanted in parent.constraints:
        if wanted.kind is ConstraintKind.FOREIGN_KEY and foreign_key_like(wanted, child) is None:
            yield Work(
                kind=WorkKind.SCAN,
                relation=partition,
                cause=Cause.PARTITION_FOREIGN_KEY,
                action=index,
                detail=wanted.name,
            )


def create_partition(name: Ref, parent_ref: Ref, situation: Situation, bound: PartitionBound | None) -> Effects:
    """CREATE TABLE … PARTITION OF: ACCESS EXCLUSIVE on the parent, and a scan of its DEFAULT partition."""
    locks = [Lock(relation=parent_ref, mode=LockMode.ACCESS_EXCLUSIVE)]
    work: list[Work] = []
    parent = situation.schema.table(parent_ref)
    if parent is not None:
        locks.extend(_referenced(parent, None))
    default = situation.schema.default_partition(parent.ref) if parent is not None else None
    if parent is not None and default is not None and not (bound is not None and bound.default):
        locks.append(Lock(relation=default.ref, mode=LockMode.ACCESS_EXCLUSIVE))
        work.extend(_scan_of_default(default, parent, bound, name, None))
    return Effects(locks=tuple(locks), work=tuple(work))


def detach(action: DetachPartition, index: int, ref: Ref, situation: Situation) -> Effects:
    partition = situation.ref(action.partition)
    parent = situation.schema.table(ref)
    default = situation.schema.default_partition(parent.ref) if parent is not None else None
    failures: list[Failure] = []
    if action.concurrently and situation.in_block:
        failures.append(
            Failure(
                trouble=Trouble.NOT_IN_TRANSACTION,
                reason="ALTER TABLE … DETACH CONCURRENTLY cannot run inside a transaction block",
                action=index,
            )
        )
    if action.concurrently and default is not None:
        failures.append(
            Failure(
                trouble=Trouble.WRONG_OBJECT,
                reason=f"cannot detach concurrently while {ref.name} has the DEFAULT partition {default.ref.name}",
                action=index,
            )
        )
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE if action.concurrently or action.finalize else LockMode.ACCESS_EXCLUSIVE
    locks = [Lock(relation=ref, mode=mode, action=index), *(_referenced(parent, index) if parent is not None else ())]
    # Before 14 the partition itself was locked no more than that; but its indexes are, which every query opens.
    has_indexes = parent is not None and bool(parent.indexes)
    weak_child = action.concurrently or not (has_indexes or situation.target.at_least(14))
    child_mode = LockMode.SHARE_UPDATE_EXCLUSIVE if weak_child else LockMode.ACCESS_EXCLUSIVE
    locks.append(Lock(relation=partition, mode=child_mode, action=index))
    if default is not None and not action.concurrently:
        locks.append(Lock(relation=default.ref, mode=LockMode.ACCESS_EXCLUSIVE, action=index))
    return Effects(locks=tuple(locks), failures=tuple(failures))
