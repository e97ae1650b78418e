"""Reads what can be seen of a server under load: each question by itself, so that one without an answer spoils no other.

A question is one message to the server, its time limit included, so that nothing is left behind in a session that a
pooler hands to somebody else; where there is no pooler, questions are prepared once. What a role may not see comes back
as `Lost`, with the statement that mends it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import namedtuple_row

from migrasafe.errors import ServerError
from migrasafe.postgres.connect import Connection, connect
from migrasafe.postgres.figures.load_signals import (
    ArchiverSeen,
    AuroraReplicaSeen,
    BlockedSeen,
    HorizonSeen,
    Lost,
    PrimarySeen,
    Reading,
    ReplicaSeen,
    ReplicaState,
    SessionsSeen,
    SlotSeen,
    StandbySeen,
    UpkeepSeen,
    VacuumSeen,
)
from migrasafe.postgres.queries import query

ANSWER_WITHIN_SECONDS = 5
SILENT_MS = 5000
"""What is sent and not acknowledged for so long ends the connection."""
APPLICATION_NAME = "migrasafe throttle"
STALE_AURORA_SECONDS = 60.0
"""Readers that were removed stay in the list of an Aurora cluster for a while."""

Row = Any
"""A row of one of the questions in sql/; its fields are the columns that the question names."""
T = TypeVar("T")


def ask(connection: Connection, question: str, *parameters: object) -> list[Row]:
    """The rows that answer `sql/<question>.sql`. Raises psycopg.Error, also when it takes too long."""
    if connection.prepare_threshold is not None:
        direct = connection.cursor(row_factory=namedtuple_row)
        return direct.execute(query(question), parameters, prepare=True).fetchall()
    cursor = psycopg.ClientCursor(connection, row_factory=namedtuple_row)
    limit = f"SET LOCAL statement_timeout = '{ANSWER_WITHIN_SECONDS}s';\n"
    cursor.execute(limit + query(question), parameters)
    cursor.nextset()
    return cursor.fetchall()


def connect_to_look(dsn: str, *, primary: bool = False, direct: bool = False) -> Connection:
    """Open a session that only looks: one that a broken network ends within seconds. Raises ServerError.

    `primary`: of several hosts in the dsn, the one that takes writes. `direct`: no pooler hands the session to others, so
    that the server can keep what it planned: looks then cost it a fifth.
    """
    ours: dict[str, str | int] = {"tcp_user_timeout": SILENT_MS, "keepalives_idle": 5, "keepalives_interval": 2}
    if primary:
        ours["target_session_attrs"] = "read-write"
    try:
        said = conninfo_to_dict(dsn)
        patient = make_conninfo(dsn, **{key: value for key, value in ours.items() if key not in said})
    except psycopg.ProgrammingError:
        patient = dsn  # connect() says what is wrong with it
    connection = connect(patient, application_name=APPLICATION_NAME)
    if direct:
        try:
            connection.execute(f"SET statement_timeout = '{ANSWER_WITHIN_SECONDS}s'")
        except psycopg.Error as error:
            connection.close()
            raise ServerError(f"the server does not answer: {_one_line(error)}") from error
        connection.prepare_threshold = 0
    return connection


def ask_value(connection: Connection, sql: str, timeout_seconds: float) -> tuple[Any, ...] | None:
    """The first row of a query that somebody else wrote, None when it has none; it can change nothing.

    Raises ServerError.
    """
    try:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute(f"SET LOCAL statement_timeout = {max(1, round(timeout_seconds * 1000))}")
            cursor.execute(sql.encode())
            return cursor.fetchone() if cursor.description is not None else None
    except psycopg.Error as error:
        raise ServerError(f"its query fails: {_one_line(error)}") from error


def read_primary(connection: Connection) -> PrimarySeen:
    """What a quick look shows: the end of the log, replicas, slots, sessions. Raises ServerError when there is none."""
    before = time.monotonic()
    try:
        rows = ask(connection, "load_replication")
    except psycopg.Error as error:
        raise ServerError(f"the primary does not answer: {_one_line(error)}") from error
    at = (before + time.monotonic()) / 2
    slots, names_of_slots = _slots(connection)
    sessions, blocked = _sessions(connection)
    return PrimarySeen(
        at=at,
        lsn=rows[0].lsn or 0,
        in_recovery=rows[0].in_recovery,
        replicas=_replicas(rows, names_of_slots),
        slots=slots,
        sessions=sessions,
        blocked=blocked,
        synchronous_standby_names=rows[0].synchronous_standby_names,
    )


def read_upkeep(connection: Connection, tables: Sequence[int]) -> UpkeepSeen:
    """What changes slowly; `tables` are the oids of the tables of the job, partitions are found from their roots."""
    archiver: Reading[ArchiverSeen | None]
    segment_bytes, slot_limit = 16 * 2**20, None
    try:
        row = ask(connection, "load_archiver")[0]
        segment_bytes, slot_limit = row.wal_segment_bytes, row.slot_wal_limit_bytes
        archiver = _archiver(connection, row) if row.archives else None
    except psycopg.Error as error:
        archiver = _lost("archiving", error)
    return UpkeepSeen(
        at=time.monotonic(),
        archiver=archiver,
        horizon=_asked("transactions and the horizon of vacuum", lambda: _horizon(connection)),
        vacuums=_asked("autovacuum on the table", lambda: _vacuums(connection, tables)),
        wal_segment_bytes=segment_bytes,
        slot_wal_limit_bytes=slot_limit,
    )


def read_standby(connection: Connection, system_identifier: str | None) -> StandbySeen:
    """What a standby says of itself. Raises ServerError when it is not a standby of the cluster of that identifier."""
    try:
        row = ask(connection, "load_standby")[0]
    except psycopg.Error as error:
        raise ServerError(f"it does not answer: {_one_line(error)}") from error
    if not row.in_recovery:
        raise ServerError("it is no standby (any more): it takes writes itself")
    if system_identifier is not None and row.system_identifier != system_identifier:
        raise ServerError("it is a standby of another cluster: its system identifier differs from the primary's")
    if row.replay_lsn is None:
        raise ServerError("it does not say how much of the log it has replayed")
    return StandbySeen(at=time.monotonic(), replay_lsn=row.replay_lsn, replay_paused=row.replay_paused)


def read_system_identifier(connection: Connection) -> str | None:
    """The identifier that a cluster and its standbys share; None where the server does not tell."""
    try:
        return str(ask(connection, "load_system_identifier")[0].system_identifier)
    except psycopg.Error:
        return None


def read_aurora_replicas(connection: Connection) -> Reading[tuple[AuroraReplicaSeen, ...] | None]:
    """The readers of an Aurora cluster; None where the server is no Aurora."""

    def read() -> tuple[AuroraReplicaSeen, ...] | None:
        if not ask(connection, "load_aurora_exists")[0].is_aurora:
            return None
        return tuple(
            AuroraReplicaSeen(
                name=row.name,
                lag_seconds=row.lag_seconds if (row.seconds_since_update or 0.0) < STALE_AURORA_SECONDS else None,
            )
            for row in ask(connection, "load_aurora_replicas")
        )

    return _asked("Aurora's replicas", read)


def beat(connection: Connection) -> float:
    """Commit next to nothing, and return the seconds that took. Raises ServerError."""
    started = time.monotonic()
    try:
        ask(connection, "load_beat")
    except psycopg.Error as error:
        raise ServerError(f"a small commit fails: {_one_line(error)}") from error
    return time.monotonic() - started


def _replicas(rows: list[Row], slots: dict[int, str]) -> Reading[tuple[ReplicaSeen, ...]]:
    senders = [row for row in rows if row.pid is not None]
    if any(row.state is None for row in senders):
        return _hidden("the replicas in pg_stat_replication", rows[0].role)
    states = {"streaming": ReplicaState.STREAMING, "catchup": ReplicaState.CATCHING_UP}
    return tuple(
        ReplicaSeen(
            pid=row.pid,
            name=row.name,
            slot=slots.get(row.pid, ""),
            address=row.address,
            state=states.get(row.state, ReplicaState.OTHER),
            replay_lsn=row.replay_lsn,
            sync_state=row.sync_state,
            seconds_since_reply=row.seconds_since_reply,
        )
        for row in senders
    )


def _slots(connection: Connection) -> tuple[Reading[tuple[SlotSeen, ...]], dict[int, str]]:
    """The slots, and the name of the slot that each walsender uses, by its pid."""
    try:
        rows = ask(connection, "load_slots")
    except psycopg.Error as error:
        return _lost("replication slots", error), {}
    seen = tuple(
        SlotSeen(
            name=row.name,
            is_logical=row.is_logical,
            active=row.active,
            temporary=row.temporary,
            restart_lsn=row.restart_lsn,
            confirmed_lsn=row.confirmed_lsn,
            wal_status=row.wal_status,
        )
        for row in rows
    )
    return seen, {row.active_pid: row.name for row in rows if row.active_pid is not None}


def _sessions(connection: Connection) -> tuple[Reading[SessionsSeen], Reading[tuple[BlockedSeen, ...]]]:
    try:
        row = ask(connection, "load_sessions")[0]
    except psycopg.Error as error:
        lost = _lost("sessions", error)
        return lost, lost
    if row.hidden:
        return _hidden("sessions of other roles", row.role), _hidden("who waits for our locks", row.role)
    blocked = tuple(BlockedSeen(pid=one["pid"], waited_seconds=one["seconds"]) for one in row.blocked or ())
    seen = SessionsSeen(active=row.active, in_transaction=row.in_transaction, ours_writing=row.ours_writing)
    return seen, blocked


def _archiver(connection: Connection, row: Row) -> ArchiverSeen:
    if row.archived_segment is not None:
        # The segment that is being written cannot be archived yet, and is no backlog.
        backlog = max(0, row.current_segment - 1 - row.archived_segment)
    else:
        backlog = ask(connection, "load_archive_ready")[0].ready
    return ArchiverSeen(backlog_segments=backlog, failing_since_seconds=row.failing_since_seconds)


def _horizon(connection: Connection) -> Reading[tuple[HorizonSeen, ...]]:
    rows = ask(connection, "load_horizon")
    if rows[0].hidden:
        return _hidden("transactions of other roles", rows[0].role)
    return tuple(
        HorizonSeen(kind=row.kind, name=row.name, who=row.who or "", xids=row.xids, seconds=row.seconds)
        for row in rows
        if row.kind is not None
    )


def _vacuums(connection: Connection, tables: Sequence[int]) -> tuple[VacuumSeen, ...]:
    return tuple(
        VacuumSeen(
            pid=row.pid, table=row.table, prevents_wraparound=bool(row.prevents_wraparound), share_done=row.share_done
        )
        for row in ask(connection, "load_vacuums", list(tables))
    )


def _asked(what: str, read: Callable[[], Reading[T]]) -> Reading[T]:
    try:
        return read()
    except psycopg.Error as error:
        return _lost(what, error)


def _lost(what: str, error: psycopg.Error) -> Lost:
    return Lost(why=f"{what}: {_one_line(error)}")


def _hidden(what: str, role: str) -> Lost:
    return Lost(why=f"{what} are hidden from the role {role}: GRANT pg_monitor TO {role}")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
