"""ALTER COLUMN … TYPE: the work, what else is locked, and what stands in its way.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.column_type import Cost, change_cost
from migrasafe.effects.constraints import on_targets, referencing_column
from migrasafe.effects.model import Cause, Effects, Failure, Lock, Trouble, Work, WorkKind
from migrasafe.effects.replication import publications_that_need
from migrasafe.effects.situation import Situation
from migrasafe.locks import LockMode
from migrasafe.schema.model import Index, Ref, RelationKind, Table
from migrasafe.sql.expressions import columns_read
from migrasafe.sql.quote import spell_type
from migrasafe.sql.statements import AlterColumnType, ConstraintKind, Name


def alter_type(action: AlterColumnType, index: int, ref: Ref, situation: Situation) -> Effects:
    lock = Lock(relation=ref, mode=LockMode.ACCESS_EXCLUSIVE, action=index)
    table = situation.schema.table(ref)
    if table is None:
        change = change_cost(None, action.type, action.using, action.column, situation)
        if change.cost is not Cost.REWRITE:
            return Effects(locks=(lock,))
        work = Work(
            kind=WorkKind.REWRITE,
            relation=ref,
            cause=Cause.COLUMN_TYPE,
            action=index,
            column=action.column,
            detail=f"to {spell_type(action.type)}",
            assumed=change.assumed,
        )
        return Effects(locks=(lock,), work=(work,))
    work_found: list[Work] = []
    for part in situation.with_partitions(table):
        work_found.extend(_work_of_type_change(action, index, part, situation))
    locks = [lock, *on_targets(action.column, index, table, situation)]
    made_again = [key.target for key in table.constraints if key.target is not None and action.column in key.columns]
    locks.extend(Lock(relation=one, mode=LockMode.SHARE_ROW_EXCLUSIVE, action=index) for one in made_again)
    for other, constraint in referencing_column(ref, action.column, situation):
        locks.append(Lock(relation=other.ref, mode=LockMode.ACCESS_EXCLUSIVE, action=index))
        if _compares_otherwise(action, table, situation):
            work_found.append(
                Work(
                    kind=WorkKind.SCAN,
                    relation=other.ref,
                    cause=Cause.RECHECKED_CONSTRAINT,
                    action=index,
                    column=action.column,
                    detail=constraint.name,
                )
            )
    failures = tuple(_failures_of_type_change(action, index, table, situation))
    return Effects(locks=tuple(locks), work=tuple(work_found), failures=failures)


def _work_of_type_change(action: AlterColumnType, index: int, table: Table, situation: Situation) -> Iterator[Work]:
    column = table.column(action.column)
    old = column.type if column is not None else None
    change = change_cost(old, action.type, action.using, action.column, situation)
    before = spell_type(old) if old is not None else "its type"
    detail = f"{before} → {spell_type(action.type)}"
    if column is not None and column.generated is not None and not column.generated_stored:
        return  # a virtual column: there is nothing in the rows, and nothing is indexed
    if change.cost is Cost.REWRITE:
        if table.kind is not RelationKind.PARTITIONED_TABLE:
            yield Work(
                kind=WorkKind.REWRITE,
                relation=table.ref,
                cause=Cause.COLUMN_TYPE,
                action=index,
                column=action.column,
                detail=detail,
                assumed=change.assumed,
            )
        return
    collated = column is not None and _collation(action.collation) != (column.collation or _DEFAULT)
    for one in situation.schema.indexes_of(table):
        if action.column in one.reads and (
            (change.cost is Cost.RELABEL and old != action.type) or collated or _must_rebuild(one)
        ):
            yield Work(
                kind=WorkKind.INDEX_BUILD,
                relation=table.ref,
                cause=Cause.COLLATION if collated else Cause.COLUMN_TYPE,
                action=index,
                column=action.column,
                detail=one.ref.name,
            )
    for constraint in table.constraints:
        if constraint.kind is not ConstraintKind.CHECK or not (constraint.valid and constraint.enforced):
            continue
        if action.column in constraint.columns and old != action.type:
            yield Work(
                kind=WorkKind.SCAN,
                relation=table.ref,
                cause=Cause.RECHECKED_CONSTRAINT,
                action=index,
                column=action.column,
                detail=constraint.name,
            )


_DEFAULT = "default"


def _collation(written: Name | None) -> str:
    """The one that the column has afterwards: without COLLATE, that of its type."""
    return written.name if written is not None else _DEFAULT


def _must_rebuild(index: Index) -> bool:
    """PostgreSQL does not look into expressions and predicates: an index that has any is made anew. And so are those of
    partitions, from that of their table."""
    if index.predicate is not None or index.parent is not None:
        return True
    return any(element.expression is not None for element in index.elements)


def _failures_of_type_change(
    action: AlterColumnType, index: int, table: Table, situation: Situation
) -> Iterator[Failure]:
    """PostgreSQL refuses while a view, rule, policy, generated column or trigger condition uses the column."""

    def failure(what: str) -> Failure:
        return Failure(
            trouble=Trouble.FEATURE_NOT_SUPPORTED,
            reason=f"cannot alter type of column {table.ref.name}.{action.column}: it is used by {what}",
            action=index,
            objects=(f"{table.ref}.{action.column}",),
        )

    for dependent in sorted(situation.schema.dependents_of(table.ref)):
        view = situation.schema.view(dependent)
        if view is not None and any(read.relation == table.ref and read.column == action.column for read in view.reads):
            yield failure(f"the view {dependent.name}")
    for name in publications_that_need(action.column, table.ref, situation, filters_only=True):
        yield failure(f"the WHERE of the publication {name}")
    for policy in table.policies:
        if action.column in policy.reads:
            yield failure(f"the policy {policy.name}")
    for trigger in table.triggers:
        if action.column in trigger.reads:
            yield failure(f"the trigger {trigger.name}")
    for column in table.columns:
        if column.generated is not None and action.column in columns_read(column.generated):
            yield failure(f"the generated column {column.name}")


def _compares_otherwise(action: AlterColumnType, table: Table, situation: Situation) -> bool:
    """Whether foreign keys on the column are compared by another operator from now on, so that they are checked again."""
    column = table.column(action.column)
    old = column.type if column is not None else None
    if old is not None and (old.schema, old.name, old.array) == (
        action.type.schema,
        action.type.name,
        action.type.array,
    ):
        return False
    return change_cost(old, action.type, action.using, action.column, situation).cost is not Cost.FREE
