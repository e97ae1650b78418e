"""Sees the locks of a statement that cannot run in a transaction, and so keeps none that could be read afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from migrasafe.postgres.connect import Connection
from migrasafe.postgres.watch.relations import HeldLocks, Relation, Relations, read_locks

MAINTENANCE_HOLDS_SECONDS = 0.05
READER_HOLDS_SECONDS = 0.15
NO_LOCK_COMES_AFTER_SECONDS = 0.5
LOOK_EVERY_SECONDS = 0.0005


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """The locks seen while a statement ran, and why it failed if it did."""

    locks: HeldLocks
    error: psycopg.Error | None


def run_sampled(
    session: Connection, statement: str, relations: Relations, connect: Callable[[], Connection]
) -> Sampled:
    """Run a statement outside a transaction while a second session looks at its locks, many times a second.

    A third session stands in the way, so that locks which last for an instant wait for it, and show: for 50 ms it holds
    what stops all that ALTER, VACUUM and CREATE INDEX take, and then for 100 ms what a reader holds, which stops only
    those locks that stop readers.
    """
    failures: list[psycopg.Error] = []

    def run_it() -> None:
        try:
            session.execute(statement)
        except psycopg.Error as error:
            failures.append(error)

    seen: set[HeldLocks] = set()
    with connect() as watcher, connect() as in_the_way:
        _stand_in_the_way(in_the_way, relations)
        started_at = time.monotonic()
        releases = [(MAINTENANCE_HOLDS_SECONDS, "ROLLBACK TO SAVEPOINT reading"), (READER_HOLDS_SECONDS, "ROLLBACK")]
        worker = threading.Thread(target=run_it)
        worker.start()
        while worker.is_alive():
            seen.add(read_locks(watcher, session.info.backend_pid))
            elapsed = time.monotonic() - started_at
            has_arrived = any(seen) or elapsed > NO_LOCK_COMES_AFTER_SECONDS
            if releases and has_arrived and elapsed >= releases[0][0]:
                in_the_way.execute(releases.pop(0)[1])
            time.sleep(LOOK_EVERY_SECONDS)
        worker.join()
    return Sampled(locks=frozenset().union(*seen), error=failures[0] if failures else None)


def _stand_in_the_way(session: Connection, relations: Relations) -> None:
    """Lock every table and its indexes as a reader does, and then, until a savepoint, as VACUUM does."""
    session.execute("BEGIN")
    for relation in relations.values():
        if relation.holds_rows:
            # EXPLAIN takes the locks and leaves no snapshot behind, for which a concurrent index build would wait.
            session.execute(sql.SQL("EXPLAIN SELECT FROM {}").format(_name(relation)))
    session.execute("SAVEPOINT reading")
    for relation in relations.values():
        if relation.kind in {"r", "p"}:
            session.execute(sql.SQL("LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE").format(_name(relation)))
        elif relation.kind == "m":  # which LOCK TABLE refuses; a comment takes the same lock
            session.execute(sql.SQL("COMMENT ON MATERIALIZED VIEW {} IS NULL").format(_name(relation)))


def _name(relation: Relation) -> sql.Identifier:
    return sql.Identifier(relation.schema, relation.name)
