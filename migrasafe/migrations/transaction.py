"""Which statements decide about the transaction of a migration by themselves."""

from __future__ import annotations

from migrasafe.migrations.model import TransactionMode
from migrasafe.sql.script import Script
from migrasafe.sql.statements import (
    AlterTable,
    ClusterWide,
    CreateIndex,
    DetachPartition,
    Drop,
    Reindex,
    Statement,
    Transaction,
    Vacuum,
)


def unknown_transaction(script: Script) -> TransactionMode:
    """One transaction, where no tool says: unless the script runs its own, or could only ever run without."""
    alone = any(isinstance(statement, Transaction) or refuses_transaction(statement) for statement in script.statements)
    return TransactionMode.NONE if alone else TransactionMode.ONE


def refuses_transaction(statement: Statement) -> bool:
    """Whether PostgreSQL never runs it inside a transaction block, whatever the version."""
    match statement:
        case (
            CreateIndex(concurrently=True) | Drop(concurrently=True) | Reindex(concurrently=True) | Vacuum(vacuum=True)
        ):
            return True
        case ClusterWide(verb=verb, kind=kind):
            return kind == "SYSTEM" or verb.lower() != "alter"
        case AlterTable(actions=actions):
            return any(isinstance(action, DetachPartition) and action.concurrently for action in actions)
        case _:
            return False
