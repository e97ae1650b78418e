"""The throttle on a primary and a streaming replica: what stops batches, and how soon they go on."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from migrasafe.backfill.model import BatchDone, Decision, Place, Setting
from migrasafe.backfill.throttle.throttling import SampledThrottle
from migrasafe.postgres.connect import Connection, connect, run
from migrasafe.postgres.figures.load_signals import Lost
from migrasafe.postgres.server.find import choose_server
from migrasafe.postgres.server.local import LocalServer
from tests.postgres.clusters import Cluster, eventually
from tests.postgres.servers import SERVERS

pytestmark = pytest.mark.postgres
MB = 2**20


@pytest.fixture(scope="module")
def shared(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A primary and the replica r1, made once."""
    server = choose_server(request.config.stash[SERVERS])
    assert isinstance(server, LocalServer), "a cluster is made of servers on this machine"
    cluster = Cluster(server, {"autovacuum": "off", "archive_mode": "on"})
    try:
        _archive_by(cluster, "true")
        cluster.add_replica("r1")
        cluster.primary.execute("CREATE TABLE t AS SELECT i AS id, 0 AS n FROM generate_series(1, 100000) i")
        cluster.primary.execute("ALTER TABLE t ADD PRIMARY KEY (id)")
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def cluster(shared: Cluster) -> Iterator[Cluster]:
    """The shared cluster, well at the beginning of each test."""
    shared.wait_until_replayed("r1")
    return shared


def _archive_by(cluster: Cluster, command: str) -> None:
    cluster.primary.execute(f"ALTER SYSTEM SET archive_command = '{command}'")
    cluster.primary.execute("SELECT pg_reload_conf()")


def _write_log(cluster: Cluster, megabytes: int) -> None:
    for _ in range(megabytes):
        cluster.primary.execute("SELECT pg_logical_emit_message(false, 'fill', repeat('x', 1048576))")


class Worker(threading.Thread):
    """Runs small batches whenever the throttle lets it, and notes at which look at the primary each began."""

    def __init__(self, cluster: Cluster, settings: Mapping[str, Setting], dsn: str = "") -> None:
        super().__init__(daemon=True)
        dsn = dsn or cluster.primary.dsn
        oid = cluster.primary.execute("SELECT 't'::regclass::oid")[0][0]
        self.throttle = SampledThrottle()
        self.throttle.start(
            Place(dsn=dsn, job_id=1, table_oid=int(str(oid)), schema_of_state="migrasafe", is_direct=True), settings
        )
        self.connection = cluster.primary.connect("migrasafe backfill")
        run(self.connection, "SET synchronous_commit = local")
        self.begun: list[int] = []
        """For each batch how many looks at the primary had been when it was let begin."""
        self.batches = 0
        self.reasons: dict[str, str] = {}
        """The signals that stop batches now, with the words of each."""
        self.ever: set[str] = set()
        """All that ever stopped batches, but for an answer that was late: a busy machine keeps looks waiting."""
        self._ends = threading.Event()
        self._paused = threading.Event()
        self._rests = threading.Event()

    def pause(self) -> None:
        """Let no batch begin any more; the throttle goes on to look."""
        self._paused.set()
        assert self._rests.wait(10)

    def run(self) -> None:
        cursor = 0
        while not self._ends.is_set():
            if self._paused.is_set():
                self._rests.set()
                time.sleep(0.01)
                continue
            looks = self.looks()
            decision = self.throttle.decide(time.monotonic())
            self.reasons = said_to_stop(decision)
            self.ever |= what_stops(decision)
            if not decision.may_run or decision.wait_seconds:
                time.sleep(min(decision.wait_seconds, 0.02))
                continue
            began, before = time.monotonic(), _log_end(self.connection)
            rows = min(decision.batch_rows, 500)
            self.begun.append(looks)
            run(self.connection, "UPDATE t SET n = n + 1 WHERE id > %s AND id <= %s", cursor, cursor + rows)
            after, ended = _log_end(self.connection), time.monotonic()
            done = BatchDone(
                rows_walked=rows, rows_changed=rows, seconds=ended - began, wal_bytes=after - before, commit_lsn=after,
                backend_pid=self.connection.info.backend_pid, at=ended,
            )  # fmt: skip
            self.throttle.after_batch(done)
            cursor = (cursor + rows) % 100_000
            self.batches += 1

    def looks_until_quiet(self, looks: int = 12) -> int:
        """How many looks at the primary there are from now on until the last batch begins (none does for so many looks).

        A look that is under way now saw the server before, and does not count.
        """
        began = self._looks_begun_by_now()
        while self.looks() < max(began, self.begun[-1]) + looks:
            assert self.looks() < began + 300, f"batches do not end; stopped by {self.ever}"
            time.sleep(0.005)
        return max(0, self.begun[-1] - began)

    def looks_until_batch(self) -> int:
        """How many looks at the primary there are from now on until the next batch begins."""
        begun = len(self.begun)
        began = self._looks_begun_by_now()
        eventually(lambda: len(self.begun) > begun, lambda: f"a batch begins; stopped by {self.reasons}")
        return self.begun[begun] - began

    def _looks_begun_by_now(self) -> int:
        """How many looks had begun at this moment."""
        now, before = time.monotonic(), self.looks()

        def has_begun_later() -> bool:
            seen = self.throttle.state.primary
            return isinstance(seen, Lost) or seen.at > now or self.looks() > before + 1

        eventually(has_begun_later, "the next look")
        return self.looks() - 1

    def looks(self) -> int:
        """How many looks at the primary there were."""
        return self.throttle.state.looks

    def wait_for(self, signal: str, words: str = "") -> str:
        """Wait until batches are stopped by this signal, with these words: it may have others before. All its words."""
        seen: list[str] = []

        def stops() -> bool:
            seen.extend(text for text in [self.reasons.get(signal, "")] if text and words in text)
            return bool(seen)

        try:
            eventually(stops, f"{signal} stops batches: {words}")
        except AssertionError as error:
            error.add_note(f"{self.batches} batches; stopped by {self.reasons}, before that by {self.ever}")
            raise
        return seen[0]

    def end(self) -> None:
        self._ends.set()
        self.join()
        self.throttle.stop()
        self.connection.close()


def said_to_stop(decision: Decision) -> dict[str, str]:
    """What each signal that stops batches says."""
    reasons = [reason for reason in decision.reasons if reason.stops]
    return {one.signal: "\n".join(other.text for other in reasons if other.signal == one.signal) for one in reasons}


def what_stops(decision: Decision) -> set[str]:
    """The signals that stop batches, but for answers that are late."""
    late = re.compile("has not answered for|none has ended for|no answer for")
    return {one.signal for one in decision.reasons if one.stops and not late.search(one.text)}


def _log_end(connection: Connection) -> int:
    return int(run(connection, "SELECT (pg_current_wal_lsn() - '0/0')::bigint")[0][0])


@contextmanager
def working(cluster: Cluster, settings: Mapping[str, Setting] | None = None, dsn: str = "") -> Iterator[Worker]:
    """A worker that has begun: its first batches are done."""
    worker = Worker(cluster, settings or {}, dsn)
    worker.start()
    try:
        eventually(lambda: worker.batches >= 3, "first batches")
        yield worker
    finally:
        worker.end()


def test_a_quiet_primary_lets_batches_run_and_never_holds_them_back(cluster: Cluster) -> None:
    with working(cluster) as worker:
        eventually(lambda: worker.batches >= 50 and worker.looks() >= 20, "many batches")
        assert worker.ever <= {"starting", "replica-lag"}


def test_an_idle_primary_is_never_throttled_however_long_nothing_is_written(cluster: Cluster) -> None:
    with working(cluster) as worker:
        worker.pause()
        cluster.wait_until_replayed("r1")
        began = worker.looks() + 3
        eventually(lambda: worker.throttle.decide(time.monotonic()) and worker.looks() >= began, "it is seen")
        reasons: set[str] = set()
        while worker.looks() < began + 30:
            reasons |= what_stops(worker.throttle.decide(time.monotonic()))
            time.sleep(0.02)
        assert not reasons


def test_batches_end_within_three_looks_when_replay_is_paused_and_go_on_within_two(cluster: Cluster) -> None:
    replica = cluster.replicas["r1"]
    with working(cluster) as worker:
        replica.execute("SELECT pg_wal_replay_pause()")
        try:
            assert worker.looks_until_quiet() <= 3
            eventually(lambda: worker.reasons.keys() & {"replica-still", "replica-lag"}, "it is said")
        finally:
            replica.execute("SELECT pg_wal_replay_resume()")
        cluster.wait_until_replayed("r1")
        assert worker.looks_until_batch() <= 2


def test_batches_end_when_a_replica_stops_and_go_on_when_it_is_back(cluster: Cluster) -> None:
    replica = cluster.replicas["r1"]
    with working(cluster) as worker:
        replica.stop()
        try:
            assert worker.looks_until_quiet() <= 3
            worker.wait_for("replica-away", "replica r1 is not connected to the primary")
        finally:
            replica.start()
        cluster.wait_until_replayed("r1")
        assert worker.looks_until_batch() <= 2


def test_a_replica_given_up_in_the_middle_holds_nothing_back_any_more(cluster: Cluster) -> None:
    replica = cluster.replicas["r1"]
    with working(cluster) as worker:
        replica.stop()
        try:
            worker.wait_for("replica-away")
            worker.throttle.change({"ignore_replicas": "r1"})
            worker.looks_until_batch()
        finally:
            replica.start()


def test_a_replica_by_connection_string_is_asked_itself(cluster: Cluster) -> None:
    replica = cluster.replicas["r1"]
    settings = {"replica_dsn.direct": replica.dsn, "ignore_replicas": "r1"}
    with working(cluster, settings) as worker:
        replica.execute("SELECT pg_wal_replay_pause()")
        try:
            assert worker.looks_until_quiet() <= 3
            worker.wait_for("replica-away", "replica direct has its replay paused")
        finally:
            replica.execute("SELECT pg_wal_replay_resume()")
        worker.looks_until_batch()
        replica.stop()
        try:
            worker.wait_for("replica-away", "replica direct cannot be asked")
        finally:
            replica.start()
        worker.looks_until_batch()


def test_a_connection_string_of_another_cluster_is_no_replica_of_this_one(cluster: Cluster) -> None:
    worker = Worker(cluster, {"replica_dsn.wrong": cluster.primary.dsn})
    worker.start()
    try:
        worker.wait_for("replica-away", "it is no standby")
        assert worker.batches == 0
    finally:
        worker.end()


def test_a_named_replica_that_is_not_there_holds_everything_back(cluster: Cluster) -> None:
    worker = Worker(cluster, {"replicas": "r1, r2"})
    worker.start()
    try:
        worker.wait_for("replica-away", "replica r2 has not been seen")
        assert worker.batches == 0
    finally:
        worker.end()


def test_a_slot_that_fills_up_stops_batches_until_it_is_dropped(cluster: Cluster) -> None:
    cluster.primary.execute("CHECKPOINT")
    cluster.primary.execute("SELECT pg_create_physical_replication_slot('forgotten', true)")
    with working(cluster, {"max_slot_wal": "30MB"}) as worker:
        _write_log(cluster, 31)
        assert worker.looks_until_quiet() <= 3
        # Batches write some of it themselves until the next look.
        kept = re.search(r"slot forgotten keeps (\d+)(?:\.\d)? MB", worker.wait_for("slot-wal", "slot forgotten keeps"))
        assert kept is not None and int(kept[1]) >= 30
        cluster.primary.execute("SELECT pg_drop_replication_slot('forgotten')")
        assert worker.looks_until_batch() <= 2


def test_a_logical_slot_that_nobody_reads_stops_batches(cluster: Cluster) -> None:
    with working(cluster, {"max_logical_lag": "300ms"}) as worker:
        cluster.primary.execute("SELECT pg_create_logical_replication_slot('debezium', 'test_decoding')")
        try:
            worker.wait_for("logical-lag", "slot debezium: nobody reads it")
            cluster.primary.execute("SELECT count(*) FROM pg_logical_slot_get_changes('debezium', NULL, NULL)")
            worker.throttle.change({"max_logical_lag": "1h"})
            worker.looks_until_batch()
        finally:
            cluster.primary.execute("SELECT pg_drop_replication_slot('debezium')")


def test_a_signal_that_gets_lost_stops_batches_within_three_looks(cluster: Cluster) -> None:
    cluster.primary.execute("CREATE ROLE job LOGIN; GRANT pg_monitor TO job")
    try:
        dsn = make_conninfo(cluster.primary.dsn, user="job")
        with cluster.primary.connect(), working(cluster, dsn=dsn) as worker:
            cluster.primary.execute("REVOKE pg_monitor FROM job")
            assert worker.looks_until_quiet() <= 3
            worker.wait_for("signal-lost", "GRANT pg_monitor TO job")
            cluster.primary.execute("GRANT pg_monitor TO job")
            assert worker.looks_until_batch() <= 2
    finally:
        cluster.primary.execute("DROP ROLE job")


def test_looks_that_are_cut_off_go_on_by_a_new_connection(cluster: Cluster) -> None:
    with working(cluster) as worker:
        cluster.primary.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'migrasafe throttle'"
        )
        worker.wait_for("signal-lost")
        worker.looks_until_batch()


def test_a_missing_synchronous_standby_stops_batches(cluster: Cluster) -> None:
    with working(cluster, {"max_commit_time": "off"}) as worker:
        # Only the throttle hears of it: the sessions of this test do not wait for standbys.
        cluster.primary.execute("ALTER ROLE ALL SET synchronous_commit = local")
        cluster.primary.execute("ALTER SYSTEM SET synchronous_standby_names = 'r1, elsewhere'")
        cluster.primary.execute("SELECT pg_reload_conf()")
        try:
            eventually(lambda: worker.looks_until_batch() >= 0, "r1 is synchronous")
            cluster.primary.execute("ALTER SYSTEM SET synchronous_standby_names = 'elsewhere'")
            cluster.primary.execute("SELECT pg_reload_conf()")
            worker.wait_for("sync-standby")
        finally:
            cluster.primary.execute("ALTER SYSTEM RESET synchronous_standby_names")
            cluster.primary.execute("ALTER ROLE ALL RESET synchronous_commit")
            cluster.primary.execute("SELECT pg_reload_conf()")
        worker.looks_until_batch()


def test_an_archive_that_falls_behind_stops_batches(cluster: Cluster) -> None:
    with working(cluster, {"max_archive_backlog": 3}) as worker:
        _archive_by(cluster, "false")
        _write_log(cluster, 6)  # segments, and more: on a busy machine batches have few rows
        try:
            worker.wait_for("archive-backlog", "segments of the log wait to be archived")
        finally:
            _archive_by(cluster, "true")
        worker.looks_until_batch()


def test_somebody_who_waits_for_us_makes_batches_a_tenth(cluster: Cluster) -> None:
    # The target, so that no batch that was held up has made them small already.
    with working(cluster, {"max_blocked_time": "50ms", "max_lag": "off", "target_time": "60s"}) as worker:
        worker.pause()
        rows = worker.throttle.decide(time.monotonic()).batch_rows
        waiter = cluster.primary.connect("app")
        run(worker.connection, "BEGIN")
        run(worker.connection, "UPDATE t SET n = n WHERE id = 1")
        waiting = threading.Thread(target=run, args=(waiter, "UPDATE t SET n = n WHERE id = 1"))
        waiting.start()
        eventually(lambda: worker.throttle.state.panicked_at is not None, "the wait is seen")
        run(worker.connection, "COMMIT")
        waiting.join()
        waiter.close()
        assert worker.throttle.decide(time.monotonic()).batch_rows <= rows / 5


def test_an_open_transaction_that_is_too_old_stops_batches(cluster: Cluster) -> None:
    with working(cluster, {"max_transaction_age": "1s"}) as worker, cluster.primary.connect("report") as old:
        run(old, "BEGIN ISOLATION LEVEL REPEATABLE READ")
        run(old, "SELECT 1")
        worker.wait_for("old-transaction", f"session {old.info.backend_pid} (postgres, report, idle in transaction)")
        run(old, "ROLLBACK")
        worker.looks_until_batch()


def test_a_flag_file_and_a_query_of_a_team_stop_batches(cluster: Cluster, tmp_path: Path) -> None:
    flag = tmp_path / "stop"
    cluster.primary.execute("DROP TABLE IF EXISTS queue; CREATE TABLE queue (id int)")
    settings: dict[str, Setting] = {
        "flag_files": str(flag), "sql.queue.query": "SELECT count(*) FROM queue", "sql.queue.max": 2,
        "sql.queue.every": "50ms",
    }  # fmt: skip
    with working(cluster, settings) as worker:
        flag.touch()
        worker.wait_for("flag-file", f"the flag file {flag} exists")
        flag.unlink()
        worker.looks_until_batch()
        cluster.primary.execute("INSERT INTO queue SELECT generate_series(1, 3)")
        worker.wait_for("check", "check sql.queue is 3, above its max of 2")
        cluster.primary.execute("ALTER TABLE queue RENAME TO queue_2")
        worker.wait_for("signal-lost", "does not exist")


def test_a_stopped_throttle_leaves_no_session_and_can_start_again(cluster: Cluster) -> None:
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'migrasafe throttle'"
    with working(cluster) as worker:
        eventually(lambda: cluster.primary.execute(sessions) == [(2,)], "those of earlier tests are gone")
    worker.throttle.stop()
    eventually(lambda: cluster.primary.execute(sessions) == [(0,)], "all are gone")
    with working(cluster):
        pass


def test_a_vacuum_that_prevents_wraparound_is_let_go_first(request: pytest.FixtureRequest) -> None:
    server = choose_server(request.config.stash[SERVERS])
    assert isinstance(server, LocalServer)
    cluster = Cluster(server, {"autovacuum_freeze_max_age": "100000", "autovacuum_naptime": "1s"})
    try:
        cluster.primary.execute(
            "CREATE TABLE t (id int PRIMARY KEY, n int, filler text) PARTITION BY RANGE (id);"
            "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (1000000) WITH ("
            " autovacuum_enabled = off, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);"
            "INSERT INTO t SELECT i, 0, repeat('x', 500) FROM generate_series(1, 50000) i"
        )
        with working(cluster) as worker:
            cluster.primary.execute(
                "DO $$ BEGIN FOR i IN 1..100100 LOOP PERFORM txid_current(); COMMIT; END LOOP; END $$"
            )
            worker.wait_for("wraparound-vacuum", "public.t1 is vacuumed to prevent wraparound")
            worker.throttle.change({"wait_for_wraparound_vacuum": "false"})
            worker.looks_until_batch()
    finally:
        cluster.stop()


def test_readers_that_only_aurora_tells_of_are_waited_for(cluster: Cluster) -> None:
    # Aurora's own function is not to be had: one of its name and columns stands in for it on a real server.
    cluster.primary.execute(
        "CREATE TABLE aurora (server_id text, session_id text, replica_lag_in_msec float, last_update_timestamp timestamptz);"
        "INSERT INTO aurora VALUES ('writer', 'MASTER_SESSION_ID', NULL, now()), ('reader-1', 'b', 12, now() + interval '1 hour'),"
        " ('removed', 'c', 9e9, now() - interval '1 hour');"
        "CREATE FUNCTION aurora_replica_status() RETURNS SETOF aurora LANGUAGE sql AS 'SELECT * FROM aurora'"
    )
    try:
        with working(cluster, {"ignore_replicas": "r1, removed"}) as worker:
            cluster.primary.execute("UPDATE aurora SET replica_lag_in_msec = 5000 WHERE server_id = 'reader-1'")
            worker.wait_for("replica-lag", "replica reader-1 is 5.0 s behind")
            cluster.primary.execute("UPDATE aurora SET replica_lag_in_msec = 12 WHERE server_id = 'reader-1'")
            worker.looks_until_batch()
    finally:
        cluster.primary.execute("DROP FUNCTION aurora_replica_status(); DROP TABLE aurora")


def test_a_role_alone_on_a_server_needs_no_privilege_to_see_its_load(request: pytest.FixtureRequest) -> None:
    server = choose_server(request.config.stash[SERVERS])
    assert isinstance(server, LocalServer)
    cluster = Cluster(server)
    try:
        cluster.primary.execute("CREATE ROLE job LOGIN; CREATE TABLE t (id int PRIMARY KEY, n int)")
        worker = Worker(cluster, {}, make_conninfo(cluster.primary.dsn, user="job"))
        worker.connection.close()
        worker.connection = connect(
            make_conninfo(cluster.primary.dsn, user="job"), application_name="migrasafe backfill"
        )
        cluster.primary.execute("GRANT ALL ON t TO job")
        worker.start()
        try:
            eventually(lambda: worker.batches >= 3, "batches run")
            with cluster.primary.connect("app"):
                worker.wait_for("signal-lost", "GRANT pg_monitor TO job")
            worker.looks_until_batch()
        finally:
            worker.end()
    finally:
        cluster.stop()
