"""Effects tell the work of an ALTER TABLE once, of the table that it names; here of each table whose rows are looked at."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from migrasafe.effects.constraints import not_null_scan
from migrasafe.effects.model import Cause, Work, WorkKind
from migrasafe.effects.situation import Situation
from migrasafe.schema.model import RelationKind, Table
from migrasafe.sql.statements import AddConstraint, AlterTable, Statement

_INHERITED = frozenset(
    {
        Cause.VOLATILE_DEFAULT,
        Cause.SERIAL_COLUMN,
        Cause.IDENTITY_COLUMN,
        Cause.GENERATED_COLUMN,
        Cause.CONSTRAINED_DOMAIN,
        Cause.GENERATION_EXPRESSION,
        Cause.CHECK,
        Cause.INLINE_CHECK,
        Cause.NEW_COLUMN_NOT_NULL,
        Cause.VALIDATE,
    }
)
"""What is done to inheritance children as well."""
_FOREIGN_KEYS = frozenset({Cause.FOREIGN_KEY, Cause.INLINE_FOREIGN_KEY})
"""Checked by a query of the whole partitioned table, and of each partition."""
_PARTITIONED = _INHERITED | _FOREIGN_KEYS | {Cause.UNIQUE, Cause.PRIMARY_KEY, Cause.EXCLUDE}
"""What is done to partitions."""
_TOLD_OF_EACH = frozenset({Cause.COLUMN_TYPE, Cause.COLLATION, Cause.RECHECKED_CONSTRAINT})


def shared_out(work: Work, statement: Statement, situation: Situation) -> Iterator[Work]:
    """The work on each table that holds rows: on its partitions in the place of a partitioned one."""
    table = situation.schema.table(work.relation)
    partitioned = table is not None and table.kind is RelationKind.PARTITIONED_TABLE
    if not isinstance(statement, AlterTable) or table is None:
        if not (partitioned and work.cause is Cause.VACUUM_FULL):  # told of each partition as well
            yield work
        return
    if not partitioned or work.cause not in (_PARTITIONED | _TOLD_OF_EACH) - _FOREIGN_KEYS:
        yield work
    adds = statement.actions[work.action] if work.action is not None else None
    not_below = isinstance(adds, AddConstraint) and adds.constraint.no_inherit
    if statement.only or not_below or table.ref != situation.ref(statement.name):
        return
    for one in list(situation.with_partitions(table))[1:]:
        if one.kind is not RelationKind.TABLE or _is_valid_there(work, one):
            continue
        if work.cause in (_PARTITIONED if partitioned else _INHERITED):
            yield replace(work, relation=one.ref)
        elif work.cause is Cause.PRIMARY_KEY and work.action is not None:
            yield from _not_null(work, work.action, statement, one, situation)


def _is_valid_there(work: Work, table: Table) -> bool:
    constraint = table.constraint(work.detail)
    return work.cause is Cause.VALIDATE and constraint is not None and constraint.valid


def _not_null(work: Work, action: int, statement: AlterTable, child: Table, situation: Situation) -> Iterator[Work]:
    """Children do not have the key; that its columns are NOT NULL they have."""
    adds = statement.actions[action]
    columns = adds.constraint.columns if isinstance(adds, AddConstraint) else (work.column,) if work.column else ()
    for column in columns:
        for scan in not_null_scan(child.ref, column, action, situation):
            if scan.kind is WorkKind.SCAN and scan.relation == child.ref:
                yield scan
