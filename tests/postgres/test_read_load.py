"""What can be seen of a server under load, on real ones: each signal with something that sets it off."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from migrasafe.errors import ServerError
from migrasafe.postgres.connect import Connection, connect, run
from migrasafe.postgres.figures.load import (
    ask_value,
    beat,
    connect_to_look,
    read_aurora_replicas,
    read_primary,
    read_standby,
    read_system_identifier,
    read_upkeep,
)
from migrasafe.postgres.figures.load_signals import Lost, PrimarySeen
from migrasafe.postgres.server.running import RunningServer
from tests.postgres.clusters import eventually
from tests.postgres.servers import Database


@pytest.fixture
def looker(database: Database) -> Iterator[Connection]:
    with connect_to_look(database.dsn) as connection:
        yield connection


@pytest.fixture
def direct_looker(database: Database) -> Iterator[Connection]:
    with connect_to_look(database.dsn, direct=True) as connection:
        yield connection


@contextmanager
def role_of(database: Database, *grants: str) -> Iterator[Connection]:
    """A session of a new role without any privilege but these, looking."""
    name = f"nobody_{uuid.uuid4().hex[:12]}"
    database.execute(f"CREATE ROLE {name} LOGIN")
    for grant in grants:
        database.execute(grant.format(role=name))
    try:
        with connect_to_look(make_conninfo(database.dsn, user=name)) as connection:
            yield connection
    finally:
        database.execute(f"DROP OWNED BY {name}")
        database.execute(f"DROP ROLE {name}")


def test_questions_prepared_once_have_the_same_answers(
    each_major: int, looker: Connection, direct_looker: Connection
) -> None:
    def are_the_same() -> bool:
        prepared, sent = read_primary(direct_looker), read_primary(looker)
        assert not isinstance(prepared.sessions, Lost)
        return (prepared.replicas, prepared.slots, prepared.blocked) == (sent.replicas, sent.slots, sent.blocked)

    for _ in range(3):
        # Other tests make slots on the same server, also between two looks.
        eventually(are_the_same, "both see the same")
        prepared_upkeep, sent_upkeep = read_upkeep(direct_looker, [1259, 1249]), read_upkeep(looker, [1259, 1249])
        assert prepared_upkeep.vacuums == sent_upkeep.vacuums == ()
        assert prepared_upkeep.archiver == sent_upkeep.archiver
        assert prepared_upkeep.slot_wal_limit_bytes == sent_upkeep.slot_wal_limit_bytes
        assert not isinstance(prepared_upkeep.horizon, Lost)
    assert run(looker, "SELECT count(*) FROM pg_prepared_statements") == [(0,)]
    assert run(direct_looker, "SELECT count(*) FROM pg_prepared_statements")[0][0] >= 6


def test_a_quiet_server_is_read_without_a_loss(each_major: int, database: Database, looker: Connection) -> None:
    seen = read_primary(looker)
    assert seen.lsn > 0 and not seen.in_recovery
    assert not any(isinstance(reading, Lost) for reading in (seen.replicas, seen.slots, seen.sessions, seen.blocked))
    kept = read_upkeep(looker, [1259])
    assert not any(isinstance(reading, Lost) for reading in (kept.archiver, kept.horizon, kept.vacuums))
    assert kept.archiver is None
    assert kept.wal_segment_bytes == 2**20
    assert read_aurora_replicas(looker) is None
    assert read_system_identifier(looker) is not None


def test_a_small_commit_moves_the_log_on_and_leaves_nothing_behind(each_major: int, looker: Connection) -> None:
    before = read_primary(looker).lsn
    assert 0 < beat(looker) < 60
    eventually(lambda: read_primary(looker).lsn > before, "the log is longer")
    assert looker.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    assert run(looker, "SHOW statement_timeout") == [("0",)]


def test_a_session_that_waits_for_a_row_of_ours_is_seen(
    each_major: int, database: Database, looker: Connection
) -> None:
    database.execute("CREATE TABLE t AS SELECT 1 AS id")
    ours = connect(database.dsn, application_name="migrasafe backfill")
    other = connect(database.dsn, application_name="app")
    with ours, other:
        run(ours, "BEGIN")
        run(ours, "UPDATE t SET id = id")
        waiting = threading.Thread(target=run, args=(other, "UPDATE t SET id = id"))
        waiting.start()

        def seen() -> PrimarySeen:
            return read_primary(looker)

        eventually(lambda: seen().blocked, "the wait is seen")
        if each_major >= 14:  # the server notes since when a moment after the wait has begun
            eventually(lambda: [one.waited_seconds for one in seen().blocked] != [None], "since when is seen")
        blocked, sessions = seen().blocked, seen().sessions
        run(ours, "COMMIT")
        waiting.join()
        assert not isinstance(blocked, Lost) and not isinstance(sessions, Lost)
        (waited,) = blocked
        assert waited.pid == other.info.backend_pid
        assert (waited.waited_seconds is not None) == (each_major >= 14)
        assert sessions.active >= 1 and sessions.ours_writing >= 1
        assert seen().blocked == ()


def test_who_waits_for_others_is_none_of_our_business(database: Database, looker: Connection) -> None:
    database.execute("CREATE TABLE t AS SELECT 1 AS id")
    holder, other = connect(database.dsn, application_name="app"), connect(database.dsn, application_name="app")
    with holder, other:
        run(holder, "BEGIN")
        run(holder, "UPDATE t SET id = id")
        waiting = threading.Thread(target=run, args=(other, "UPDATE t SET id = id"))
        waiting.start()
        eventually(
            lambda: run(looker, "SELECT FROM pg_locks WHERE NOT granted AND pid = %s", other.info.backend_pid),
            "it waits",
        )
        assert read_primary(looker).blocked == ()
        run(holder, "COMMIT")
        waiting.join()


def test_who_waits_for_a_lock_of_ours_in_another_database_is_not_seen(
    server: RunningServer, database: Database, looker: Connection
) -> None:
    database.execute("CREATE TABLE t AS SELECT 1 AS id")
    ours = connect(database.dsn, application_name="migrasafe backfill")
    other = connect(database.dsn, application_name="app")
    with ours, other, connect_to_look(server.dsn) as elsewhere:
        run(ours, "BEGIN")
        run(ours, "UPDATE t SET id = id")
        waiting = threading.Thread(target=run, args=(other, "UPDATE t SET id = id"))
        waiting.start()
        eventually(lambda: read_primary(looker).blocked, "the wait is seen where it is")
        seen = read_primary(elsewhere).blocked
        run(ours, "COMMIT")
        waiting.join()
        assert not isinstance(seen, Lost) and other.info.backend_pid not in [one.pid for one in seen]


def test_slots_are_seen_with_what_they_keep(each_major: int, database: Database, looker: Connection) -> None:
    name = f"slot_{uuid.uuid4().hex[:12]}"
    run(looker, f"SELECT pg_create_physical_replication_slot('{name}', true)")
    run(looker, f"SELECT pg_create_physical_replication_slot('{name}_unused')")
    try:
        slots = read_primary(looker).slots
        assert not isinstance(slots, Lost)
        found = {slot.name: slot for slot in slots}
        assert found[name].restart_lsn and not found[name].is_logical and not found[name].active
        assert found[f"{name}_unused"].restart_lsn is None
        assert (found[name].wal_status == "reserved") == (each_major >= 13)
    finally:
        run(looker, f"SELECT pg_drop_replication_slot('{name}'), pg_drop_replication_slot('{name}_unused')")


def test_an_old_transaction_and_a_prepared_one_are_seen(
    each_major: int, database: Database, looker: Connection
) -> None:
    database.execute("CREATE TABLE t (id int)")
    with connect(database.dsn, application_name="report") as old, database.connect() as prepares:
        run(old, "BEGIN ISOLATION LEVEL REPEATABLE READ")
        run(old, "SELECT 1")
        run(prepares, "BEGIN")
        run(prepares, "INSERT INTO t VALUES (1)")
        run(prepares, "PREPARE TRANSACTION 'forgotten'")
        try:

            def holders() -> dict[str, float | None]:
                horizon = read_upkeep(looker, []).horizon
                assert not isinstance(horizon, Lost)
                return {holder.name: holder.seconds for holder in horizon}

            eventually(lambda: {str(old.info.backend_pid), "forgotten"} <= holders().keys(), "both are seen")
            assert (holders()["forgotten"] or 0) > 0
        finally:
            run(prepares, "ROLLBACK PREPARED 'forgotten'")


def test_somebody_who_vacuums_a_partition_by_hand_is_no_autovacuum(
    each_major: int, database: Database, looker: Connection
) -> None:
    database.execute(
        "CREATE TABLE t (id int, filler text) PARTITION BY RANGE (id);"
        "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (1000000);"
        "INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i"
    )
    oid = database.execute("SELECT 't'::regclass::oid")[0][0]
    assert read_upkeep(looker, [int(str(oid))]).vacuums == ()
    with connect(database.dsn, application_name="vacuums by hand") as by_hand:
        run(by_hand, "SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1")
        vacuum = threading.Thread(target=_until_cancelled, args=(by_hand, "VACUUM t1"))
        vacuum.start()
        eventually(
            lambda: run(looker, "SELECT FROM pg_stat_progress_vacuum WHERE pid = %s", by_hand.info.backend_pid),
            "it vacuums",
        )
        # Somebody's own VACUUM is no reason to wait: whoever started it knows about the job.
        assert read_upkeep(looker, [int(str(oid))]).vacuums == ()
        by_hand.cancel()
        vacuum.join()


def _until_cancelled(connection: Connection, sql: str) -> None:
    with suppress(psycopg.errors.QueryCanceled):
        run(connection, sql)


def test_what_a_role_may_not_see_is_lost_with_the_grant_that_mends_it(each_major: int, database: Database) -> None:
    with connect(database.dsn, application_name="app"), role_of(database) as plain:
        seen = read_primary(plain)
        assert isinstance(seen.sessions, Lost) and "GRANT pg_monitor TO" in seen.sessions.why
        assert isinstance(seen.blocked, Lost)
        kept = read_upkeep(plain, [])
        assert isinstance(kept.horizon, Lost) and "GRANT pg_monitor TO" in kept.horizon.why
        assert beat(plain) > 0


def test_pg_monitor_is_all_that_is_needed(each_major: int, database: Database) -> None:
    with database.connect(), role_of(database, "GRANT pg_monitor TO {role}") as monitor:
        seen, kept = read_primary(monitor), read_upkeep(monitor, [1259])
        readings = (seen.replicas, seen.slots, seen.sessions, seen.blocked, kept.archiver, kept.horizon, kept.vacuums)
        assert not [reading for reading in readings if isinstance(reading, Lost)]
        assert read_system_identifier(monitor) is not None


def test_a_primary_is_no_standby(looker: Connection) -> None:
    with pytest.raises(ServerError, match="no standby"):
        read_standby(looker, None)


def test_a_query_of_a_team_cannot_change_anything(database: Database, looker: Connection) -> None:
    database.execute("CREATE TABLE t (id int)")
    with pytest.raises(ServerError, match="read-only transaction"):
        ask_value(looker, "INSERT INTO t VALUES (1) RETURNING id", 1.0)
    assert ask_value(looker, "SELECT count(*) % 2, 'words' FROM t", 1.0) == (0, "words")


def test_a_query_of_a_team_that_takes_too_long_is_ended(looker: Connection) -> None:
    with pytest.raises(ServerError, match="statement timeout"):
        ask_value(looker, "SELECT pg_sleep(60)", 0.05)
    assert ask_value(looker, "SELECT 1", 1.0) == (1,)


def test_a_server_that_went_away_is_a_server_error(database: Database) -> None:
    with connect_to_look(database.dsn) as looker:
        database.execute("SELECT pg_terminate_backend(%s)", looker.info.backend_pid)
        with pytest.raises(ServerError, match="the primary does not answer"):
            read_primary(looker)
