"""A session that runs a migration while its locks, the server's messages and the catalog are looked at."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import psycopg
from psycopg.pq import TransactionStatus

from migrasafe.locks import LockMode
from migrasafe.postgres.attempt import sql_state
from migrasafe.postgres.connect import Connection, run
from migrasafe.postgres.queries import query
from migrasafe.postgres.watch.observed import Observed, SqlState
from migrasafe.postgres.watch.relations import (
    HeldLocks,
    Relations,
    difference,
    moved,
    named,
    read_locks,
    read_relations,
    rewritten,
    strongest_by_table,
)
from migrasafe.postgres.watch.sample_locks import run_sampled
from migrasafe.postgres.watch.server_messages import read_messages

CANNOT_RUN_IN_A_TRANSACTION = frozenset({"25001", "2D000"})
"""SQLSTATEs of VACUUM, CREATE INDEX CONCURRENTLY and their like, and of a procedure that commits."""
NEEDS_A_TRANSACTION = frozenset({"LOCK TABLE", "SAVEPOINT", "DECLARE CURSOR"})
"""Command tags of what fails outside a transaction, and would only work because we make one to look at it."""
BEGINS_A_TRANSACTION = frozenset({"BEGIN", "START TRANSACTION"})
TOUCHES_NO_TABLE = BEGINS_A_TRANSACTION | {"SET", "RESET", "SHOW"}
"""Nothing is asked after these, since SET TRANSACTION must come before any query."""
COMES_TOO_LATE = "must be called before any query"


class WatchedSession:
    """Runs statements one after the other and tells of each what the server did.

    It follows the transactions of the migration: what is begun, committed or rolled back in SQL is understood.
    """

    def __init__(self, session: Connection, watcher: Connection, connect: Callable[[], Connection]) -> None:
        """Remember what exists before the migration. `connect` opens further sessions, when they are needed."""
        self._session = session
        self._watcher = watcher
        self._connect = connect
        self._tag = ""
        self._harmless_so_far: list[str] | None = None  # statements of the open transaction, until one is not
        self._messages: list[str] = []
        self._seconds = 0.0  # of the statement that was run last
        session.add_notice_handler(lambda notice: self._messages.append(notice.message_primary or ""))
        run(session, "SET lc_messages = 'C'")
        self._before = self._now = read_relations(session)

    def begin(self) -> None:
        """Begin a transaction, as a migration tool does."""
        self._session.execute("BEGIN")
        # Read inside of it: outside, the counters of rows may be reset at any time.
        self._now = read_relations(self._session)
        self._harmless_so_far = []

    def end(self, *, commit: bool) -> SqlState | None:
        """End the transaction if one is open, and say why it could not be committed."""
        if not self.is_open():
            return None
        return self._execute("COMMIT" if commit else "ROLLBACK")

    def statement(self, number: int, statement: str) -> Observed:
        """Run the statement with this place in the migration."""
        wal = self._wal()
        seen = self._seen(number, statement)
        return replace(seen, seconds=self._seconds, wal_bytes=self._wal() - wal)

    def _wal(self) -> int:
        """How far the write-ahead log is, in bytes."""
        return int(run(self._watcher, "SELECT pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_lsn")[0][0])

    def _seen(self, number: int, statement: str) -> Observed:
        if self.is_open():
            return self._in_transaction(number, statement)
        self.begin()
        seen = self._in_transaction(number, statement)
        if self._tag in BEGINS_A_TRANSACTION or not self.is_open():
            return seen  # the migration's own BEGIN, or a COMMIT of nothing
        needs_another_way = seen.error is not None and seen.error.code in CANNOT_RUN_IN_A_TRANSACTION
        if needs_another_way or self._tag in NEEDS_A_TRANSACTION:
            self.end(commit=False)
            return self._by_itself(number, statement)
        error = seen.error or self.end(commit=True)
        self.end(commit=False)
        return replace(seen, in_transaction=False, held={}, error=error)

    def _in_transaction(self, number: int, statement: str) -> Observed:
        locked_before = read_locks(self._watcher, self._session.info.backend_pid)
        self._listen()
        error = self._execute(statement)
        if error is not None and COMES_TOO_LATE in error.message and self._harmless_so_far is not None:
            error = self._without_our_query(self._harmless_so_far, statement)
        if self._tag not in TOUCHES_NO_TABLE:
            self._harmless_so_far = None
        elif self._harmless_so_far is not None:
            self._harmless_so_far.append(statement)
        if error is not None or not self.is_open():
            return Observed(statement=number, in_transaction=True, error=error)
        locked = read_locks(self._watcher, self._session.info.backend_pid)
        earlier = self._now
        if self._tag not in TOUCHES_NO_TABLE:
            self._now = read_relations(self._session)
        seen = self._observed(number, locked - locked_before, locked, earlier)
        return replace(
            seen,
            held=strongest_by_table(locked, self._before),
            scans=tuple(sorted({*seen.scans, *seen.rows_read})),
        )

    def _without_our_query(self, earlier: list[str], statement: str) -> SqlState | None:
        """Begin the transaction again without the query with which we began it, which was too early for a statement."""
        self._session.execute("ROLLBACK")
        self._session.execute("BEGIN")
        for harmless in earlier:
            self._session.execute(harmless)
        return self._execute(statement)

    def _by_itself(self, number: int, statement: str) -> Observed:
        """Run a statement outside a transaction, while another session samples its locks."""
        earlier = read_relations(self._session)
        # It has to wait for the session that makes its locks visible, which no timeout of the migration should end.
        timeout = run(self._session, "SHOW lock_timeout")[0][0]
        run(self._session, "SET lock_timeout = 0")
        self._listen()
        self._tag = ""
        begun_at = time.perf_counter()
        sampled = run_sampled(self._session, statement, earlier, self._connect)
        self._seconds = time.perf_counter() - begun_at
        run(self._session, f"SET lock_timeout = '{timeout}'")
        self._now = read_relations(self._session)
        # DROP INDEX CONCURRENTLY locks the index itself only when nobody uses it any longer.
        locks = frozenset((oid, mode) for oid, mode in sampled.locks if oid not in earlier or not earlier[oid].is_index)
        seen = self._observed(number, locks, locks, earlier)
        return replace(
            seen,
            in_transaction=False,
            rows_read={},
            rows_changed={},
            error=None if sampled.error is None else sql_state(sampled.error),
        )

    def _observed(self, number: int, new_locks: HeldLocks, locked: HeldLocks, earlier: Relations) -> Observed:
        """Put together what locks, messages and catalog say about the statement that has just run."""
        before, now = self._before, self._now
        work = read_messages(self._messages)
        # Two tables may have foreign keys of one name: the one whose rows are looked at is locked.
        held = {oid for oid, mode in locked if mode.strength >= LockMode.SHARE_UPDATE_EXCLUSIVE.strength}
        validated = {
            str(before[oid])
            for name in work.validated_foreign_keys
            for (oid,) in run(self._session, query("tables_of_foreign_key"), name)
            if oid in before and oid in held
        }
        moments = (earlier, now)
        return Observed(
            statement=number,
            in_transaction=True,
            command=self._tag,
            locks=strongest_by_table(new_locks, before),
            rewrites=tuple(sorted(named(work.rewritten_tables, moments, locked, before) | rewritten(moments, before))),
            copies=tuple(sorted(moved(moments, before))),
            scans=tuple(sorted(named(work.verified_tables, moments, locked, before) | validated)),
            index_builds=tuple(sorted(named(work.indexed_tables, moments, locked, before))),
            rows_read=difference(moments, before, "rows_read"),
            rows_changed=difference(moments, before, "rows_changed"),
            proofs=work.proofs,
        )

    def _listen(self) -> None:
        """Have the server tell about its work, also after the migration has set what it tells."""
        self._session.execute("SET client_min_messages = debug1")
        self._messages.clear()

    def _execute(self, statement: str) -> SqlState | None:
        self._tag = ""
        begun_at = time.perf_counter()
        try:
            self._tag = self._session.execute(statement).statusmessage or ""
        except psycopg.Error as error:
            return sql_state(error)
        finally:
            self._seconds = time.perf_counter() - begun_at
        return None

    def is_open(self) -> bool:
        """Whether a transaction is open, or has failed and waits for its end."""
        return self._session.info.transaction_status is not TransactionStatus.IDLE
