"""Runs a migration on a server and says what really happened, statement by statement: locks, work, and failures.

The server must be a throw-away one, without other sessions that lock its tables. What it is told to do it does for
good: `measure` commits where the migration does. Statements come one by one, as `migrasafe.sql` splits them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import psycopg
from psycopg import sql

from migrasafe.errors import ServerError
from migrasafe.postgres.connect import Connection, run
from migrasafe.postgres.watch.observed import Blocked, Observed
from migrasafe.postgres.watch.relations import read_relations
from migrasafe.postgres.watch.watched_session import WatchedSession

TRY_FOR_MS = 100


def measure(
    connect: Callable[[], Connection],
    statements: Sequence[str],
    *,
    in_transaction: bool,
    setup: Sequence[str] = (),
) -> tuple[Observed, ...]:
    """Run a migration and return what the server did for each statement, up to the first that fails.

    `connect` opens a new session in autocommit mode each time. With `in_transaction` all statements run in one
    transaction, as a migration tool would; otherwise each by itself, unless the migration begins a transaction of its
    own. `setup` runs first, unobserved; raises ServerError when it fails.
    """
    with connect() as session, connect() as watcher:
        _run_all(session, setup)
        watched = WatchedSession(session, watcher, connect)
        if in_transaction:
            watched.begin()
        observed: list[Observed] = []
        for number, statement in enumerate(statements):
            observed.append(watched.statement(number, statement))
            if observed[-1].error is not None:
                break
        error = watched.end(commit=in_transaction)
    if observed and error is not None:
        observed[-1] = replace(observed[-1], error=error)
    return tuple(observed)


def blocked(connect: Callable[[], Connection], statements: Sequence[str], *, setup: Sequence[str] = ()) -> Blocked:
    """Run a migration in a transaction, try to read and write each table while it is open, and roll it back.

    Raises ServerError when a statement fails.
    """
    with connect() as session, connect() as other:
        _run_all(session, setup)
        tables = {
            str(relation): sql.Identifier(relation.schema, relation.name)
            for relation in read_relations(session).values()
            if relation.kind in {"r", "p"}
        }
        session.execute("BEGIN")
        _run_all(session, statements)
        run(other, f"SET lock_timeout = {TRY_FOR_MS}")
        result = Blocked(
            reads=_refused(other, tables, "SELECT 1 FROM {} LIMIT 1"),
            # WHERE false: takes the locks of a write, and writes nothing, whatever the columns are.
            writes=_refused(other, tables, "DELETE FROM {} WHERE false"),
            rows=_refused(other, tables, "SELECT 1 FROM {} FOR NO KEY UPDATE"),
        )
        session.execute("ROLLBACK")
    return result


def _run_all(session: Connection, statements: Sequence[str]) -> None:
    for statement in statements:
        try:
            run(session, statement)
        except psycopg.Error as error:
            reason = " ".join(str(error).split())
            raise ServerError(f"the server refused `{statement}`: {reason}") from error


def _refused(other: Connection, tables: Mapping[str, sql.Identifier], attempt: str) -> frozenset[str]:
    refused = set()
    for name, table in tables.items():
        try:
            other.execute(sql.SQL(attempt).format(table))
        except psycopg.errors.LockNotAvailable:
            refused.add(name)
    return frozenset(refused)
