"""What PostgreSQL refuses because of logical replication: columns that publications and replica identities stand on.

https://www.postgresql.org/docs/current/logical-replication-publication.html
"""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Effects, Failure, Lock, Trouble
from migrasafe.effects.situation import Situation
from migrasafe.locks import LockMode
from migrasafe.schema.model import Index, Ref, Table
from migrasafe.sql.statements import Action, DropNotNull, ReplicaIdentity


def publications_that_need(column: str, ref: Ref, situation: Situation, *, filters_only: bool = False) -> Iterator[str]:
    """The publications whose column list or WHERE names a column of the table."""
    for name in sorted(situation.schema.publications):
        for part in situation.schema.publications[name].parts:
            named = part.filtered_by if filters_only else (*part.columns, *part.filtered_by)
            if part.table == ref and column in named:
                yield name


def replica_identity(action: Action, index: int, ref: Ref, situation: Situation) -> Effects:
    """REPLICA IDENTITY USING INDEX takes a valid unique index over NOT NULL columns, without a WHERE."""
    assert isinstance(action, ReplicaIdentity)
    locks = (Lock(relation=ref, mode=LockMode.ACCESS_EXCLUSIVE, action=index),)
    table = situation.schema.table(ref)
    chosen = situation.schema.index(Ref(ref.schema, action.index)) if action.index is not None else None
    if table is None or chosen is None:
        return Effects(locks=locks)
    failures = tuple(
        Failure(trouble=trouble, reason=reason, action=index, objects=(str(chosen.ref),))
        for trouble, reason in _unfit(table, chosen)
    )
    return Effects(locks=locks, failures=failures[:1])


def _unfit(table: Table, index: Index) -> Iterator[tuple[Trouble, str]]:
    name = index.ref.name
    if not index.unique:
        yield Trouble.WRONG_OBJECT, f"cannot use non-unique index {name} as replica identity"
    if any(element.column is None for element in index.elements):
        yield Trouble.FEATURE_NOT_SUPPORTED, f"cannot use expression index {name} as replica identity"
    if index.predicate is not None:
        yield Trouble.FEATURE_NOT_SUPPORTED, f"cannot use partial index {name} as replica identity"
    for element in index.elements:
        column = table.column(element.column) if element.column is not None else None
        if column is not None and column.type is not None and not column.not_null:
            yield (
                Trouble.WRONG_OBJECT,
                f"index {name} cannot be used as replica identity because column {column.name} is nullable",
            )


def drop_not_null(action: Action, index: int, ref: Ref, situation: Situation) -> Effects:
    """Refused for a column of the index that tells rows apart."""
    assert isinstance(action, DropNotNull)
    locks = (Lock(relation=ref, mode=LockMode.ACCESS_EXCLUSIVE, action=index),)
    table = situation.schema.table(ref)
    for one in situation.schema.indexes_of(table) if table is not None else ():
        if one.replica_identity and any(element.column == action.column for element in one.elements):
            failure = Failure(
                trouble=Trouble.INVALID_TABLE_DEFINITION,
                reason=f"column {action.column} is in index {one.ref.name}, which is the replica identity",
                action=index,
                objects=(f"{ref}.{action.column}",),
            )
            return Effects(locks=locks, failures=(failure,))
    return Effects(locks=locks)
