"""What runs in which transaction, and which statements decide about that by themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from migrasafe.regex import regex
from migrasafe.sql.script import Script
from migrasafe.sql.statements import (
    AlterTable,
    ClusterWide,
    CreateIndex,
    DetachPartition,
    DoBlock,
    Drop,
    Reindex,
    Statement,
    Transaction,
    Vacuum,
)


class TransactionMode(Enum):
    """What the migration tool wraps around the up part of one migration."""

    ONE = "one"
    """One transaction around the whole migration."""
    NONE = "none"
    """Nothing: each statement commits by itself unless the script says BEGIN."""
    IMPLICIT = "implicit"
    """The file is sent as one simple query: an implicit transaction that explicit BEGIN and COMMIT can end early.
    A file of one single statement runs outside a transaction block, so CONCURRENTLY works there."""


_WORDS = regex(
    r"(?i)\b(?:concurrently|vacuum|database|tablespace|system|subscription|"
    r"abort|begin|commit|end|prepare|release|rollback|savepoint|start)\b"
)
"""One of which stands in every statement that refuses a transaction or begins or ends one."""


def may_refuse_transaction(text: str) -> bool:
    """Whether a text may hold a statement that `refuses_transaction`, as far as its words tell without parsing it."""
    return _WORDS.search(text) is not None


def unknown_transaction(script: Script) -> TransactionMode:
    """One transaction, where no tool says: unless the script runs its own, or could only ever run without."""
    for statement in script.statements:
        if type(statement) is Transaction or refuses_transaction(statement):
            return TransactionMode.NONE
    return TransactionMode.ONE


def refuses_transaction(statement: Statement) -> bool:
    """Whether PostgreSQL never runs it inside a transaction block, whatever the version."""
    refuses = _REFUSES.get(type(statement))
    return refuses is not None and refuses(statement)


def _runs_concurrently(statement: CreateIndex | Drop | Reindex) -> bool:
    return statement.concurrently


def _vacuums(statement: Vacuum) -> bool:
    return statement.vacuum


def _is_of_the_cluster(statement: ClusterWide) -> bool:
    return statement.kind == "SYSTEM" or statement.verb.lower() != "alter"


def _detaches_concurrently(statement: AlterTable) -> bool:
    return any(type(action) is DetachPartition and action.concurrently for action in statement.actions)


def _commits(statement: DoBlock) -> bool:
    return any(isinstance(one.statement, Transaction) for one in statement.body.statements)


_REFUSES: Mapping[type[Statement], Callable[[Any], bool]] = {
    CreateIndex: _runs_concurrently,
    Drop: _runs_concurrently,
    Reindex: _runs_concurrently,
    Vacuum: _vacuums,
    ClusterWide: _is_of_the_cluster,
    AlterTable: _detaches_concurrently,
    DoBlock: _commits,
}
