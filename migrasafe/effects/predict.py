"""The effects of any statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from migrasafe.effects.model import NOTHING, Effects, Failure, Lock, Trouble, strong
from migrasafe.effects.situation import Situation
from migrasafe.locks import LockMode
from migrasafe.on_call import on_call
from migrasafe.sql.statements import (
    AlterDomain,
    AlterPolicy,
    AlterPublication,
    AlterTable,
    Cluster,
    ClusterWide,
    Comment,
    Copy,
    CreateFunction,
    CreateIndex,
    CreatePolicy,
    CreatePublication,
    CreateRule,
    CreateStatistics,
    CreateTable,
    CreateTableAs,
    CreateTrigger,
    CreateView,
    Delete,
    Drop,
    Insert,
    LockTable,
    Merge,
    RefreshMaterializedView,
    Reindex,
    Rename,
    Select,
    SetSchema,
    Statement,
    SubscriptionStatement,
    Transaction,
    Truncate,
    Update,
    Vacuum,
)

if TYPE_CHECKING:
    from migrasafe.effects import alter_table, drops, functions, indexes, objects, rows
else:
    alter_table, drops, functions = on_call("migrasafe.effects", "alter_table", "drops", "functions")
    indexes, objects, rows = on_call("migrasafe.effects", "indexes", "objects", "rows")


def predict(statement: Statement, situation: Situation) -> Effects:
    """What PostgreSQL does when the statement runs in this situation. The bodies of DO blocks are predicted statement by
    statement by whoever walks them."""
    found = _PREDICTIONS.get(type(statement))
    return found(statement, situation) if found is not None else NOTHING


def _on_table(mode: LockMode) -> Callable[[Any, Situation], Effects]:
    def predict_lock(statement: Any, situation: Situation) -> Effects:
        return strong(situation.ref(statement.table), mode)

    return predict_lock


def _create_trigger(statement: CreateTrigger, situation: Situation) -> Effects:
    """A row trigger of a partitioned table is made on its partitions too."""
    ref = situation.ref(statement.table)
    below = situation.below(ref) if statement.row and situation.is_partitioned(ref) else ()
    return Effects(locks=tuple(Lock(relation=one, mode=LockMode.SHARE_ROW_EXCLUSIVE) for one in (ref, *below)))


def _statistics(statement: CreateStatistics, situation: Situation) -> Effects:
    if statement.table is None:
        return NOTHING
    return strong(situation.ref(statement.table), LockMode.SHARE_UPDATE_EXCLUSIVE)


def _publication(statement: CreatePublication | AlterPublication, situation: Situation) -> Effects:
    effects = NOTHING
    for published in statement.tables:
        effects = effects.and_(strong(situation.ref(published.table), LockMode.SHARE_UPDATE_EXCLUSIVE))
    return effects


def _cluster_wide(statement: ClusterWide, situation: Situation) -> Effects:
    alone = statement.kind == "SYSTEM" or statement.verb in ("create", "drop")
    if not (alone and situation.in_block):
        return NOTHING
    command = f"{statement.verb} {statement.kind}".upper()
    return _not_in_block(command)


def _not_in_block(command: str) -> Effects:
    failure = Failure(trouble=Trouble.NOT_IN_TRANSACTION, reason=f"{command} cannot run inside a transaction block")
    return Effects(failures=(failure,))


def _transaction(statement: Transaction, situation: Situation) -> Effects:
    """COMMIT and ROLLBACK in plpgsql: only in DO blocks and procedures, and only outside a transaction block."""
    if not situation.in_body:
        needs_block = statement.verb in ("savepoint", "release", "rollback to")
        return (
            objects.outside_block(statement.verb.upper())
            if needs_block and not situation.session.in_transaction
            else NOTHING
        )
    if statement.verb not in ("commit", "rollback"):
        reason = f"{statement.verb.upper()} is not known in the body of a function or DO block"
        return Effects(failures=(Failure(trouble=Trouble.FEATURE_NOT_SUPPORTED, reason=reason),))
    if not situation.atomic:
        return NOTHING
    reason = f"{statement.verb.upper()} cannot end a transaction that was begun outside of the body it stands in"
    return Effects(failures=(Failure(trouble=Trouble.TRANSACTION_END_IN_BODY, reason=reason),))


def _subscription(statement: SubscriptionStatement, situation: Situation) -> Effects:
    makes_slot = dict(statement.options).get("create_slot", "true") == "true"
    if statement.verb == "create" and makes_slot and situation.in_block:
        return _not_in_block("CREATE SUBSCRIPTION … WITH (create_slot = true)")
    return NOTHING


_PREDICTIONS: Mapping[type[Statement], Callable[[Any, Situation], Effects]] = {
    AlterDomain: objects.alter_domain,
    AlterPolicy: _on_table(LockMode.ACCESS_EXCLUSIVE),
    AlterPublication: _publication,
    AlterTable: alter_table.predict_alter,
    Cluster: objects.cluster,
    ClusterWide: _cluster_wide,
    Comment: objects.comment,
    Copy: rows.predict_copy,
    CreateFunction: functions.create_function,
    CreateIndex: indexes.create_index,
    CreatePolicy: _on_table(LockMode.ACCESS_EXCLUSIVE),
    CreatePublication: _publication,
    CreateRule: _on_table(LockMode.ACCESS_EXCLUSIVE),
    CreateStatistics: _statistics,
    CreateTable: objects.create_table,
    CreateTableAs: objects.create_table_as,
    CreateTrigger: _create_trigger,
    CreateView: objects.create_view,
    Delete: rows.predict_dml,
    Drop: drops.drop,
    Insert: rows.predict_dml,
    LockTable: objects.lock_table,
    Merge: rows.predict_dml,
    RefreshMaterializedView: objects.refresh,
    Reindex: indexes.reindex,
    Rename: objects.rename,
    Select: rows.predict_select,
    SetSchema: objects.set_schema,
    SubscriptionStatement: _subscription,
    Transaction: _transaction,
    Truncate: rows.predict_truncate,
    Update: rows.predict_dml,
    Vacuum: objects.vacuum,
}
