"""Keys that PostgreSQL refuses: of one column twice, and of a partitioned table without its partition key.

https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-LIMITATIONS
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrasafe.effects.model import Failure, Trouble
from migrasafe.sql.statements import ConstraintDef, ConstraintKind, PartitionBy
from migrasafe.target import Target

_KEYS = {ConstraintKind.UNIQUE: "unique constraint", ConstraintKind.PRIMARY_KEY: "primary key"}
_EXCLUSION_ON_PARTITIONED_SINCE = 17


def key_failures(
    constraint: ConstraintDef,
    table: str,
    partition_by: PartitionBy | None,
    target: Target,
    *,
    action: int | None = None,
    column: str | None = None,
) -> Iterator[Failure]:
    """`column`: of which it is a constraint. Nothing for other kinds, and for keys made from an index."""
    columns = constraint.columns or ((column,) if column is not None else ())
    if constraint.kind is ConstraintKind.EXCLUDE and partition_by is not None:
        if not target.at_least(_EXCLUSION_ON_PARTITIONED_SINCE):
            reason = f"exclusion constraints are not supported on the partitioned table {table}"
            yield Failure(trouble=Trouble.FEATURE_NOT_SUPPORTED, reason=reason, action=action, objects=(table,))
        elif columns:
            yield from unique_failures(columns, table, partition_by, action=action)
        return
    name = _KEYS.get(constraint.kind)
    if name is None or not columns:
        return
    twice = next((one for place, one in enumerate(columns) if one in columns[:place]), None)
    if twice is not None:
        reason = f"column {twice} appears twice in the {name}"
        yield Failure(trouble=Trouble.DUPLICATE_COLUMN, reason=reason, action=action)
    yield from unique_failures(columns, table, partition_by, action=action)


def unique_failures(
    columns: Sequence[str | None], table: str, partition_by: PartitionBy | None, *, action: int | None = None
) -> Iterator[Failure]:
    """What is unique in a partitioned table must have its whole partition key, which may hold no expression then."""
    if partition_by is None:
        return
    missing = next((one for one in partition_by.columns if one not in columns), "")
    if missing is None or None in partition_by.columns:
        reason = f"nothing can be unique in the whole of {table}, which is partitioned by an expression"
    elif missing:
        reason = f"what is unique in the partitioned table {table} must include {missing}, by which it is partitioned"
    else:
        return
    yield Failure(trouble=Trouble.FEATURE_NOT_SUPPORTED, reason=reason, action=action, objects=(table,))
