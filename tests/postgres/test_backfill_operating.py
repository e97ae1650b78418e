"""An operator's commands reach a running worker within a second, say what they did, and are audited."""

from __future__ import annotations

import json
import re
import signal
import time

import pytest

from tests.postgres.backfills import SAME_SIZE, backfill, start_backfill, until

SLOW = ("run", "--table", "t", "--set", "n = n + 1", "--batch-rows", "10")
SOON_SECONDS = 3.0


@pytest.fixture
def running(database):
    """A job of so many small batches that it is under way for as long as a test on a busy machine looks at it."""
    database.execute(
        "CREATE TABLE t (id int PRIMARY KEY, n int DEFAULT 0); INSERT INTO t SELECT generate_series(1, 200000)"
    )
    process = start_backfill(database.dsn, *SLOW)
    until(lambda: database.execute("SELECT to_regclass('migrasafe.backfill_shard') IS NOT NULL")[0][0], "it begins")
    until(lambda: changed(database), "batches are done")
    yield process
    process.kill()
    process.communicate()


def changed(database) -> int:
    return int(database.execute("SELECT count(*) FROM t WHERE n = 1")[0][0])


def status(database) -> str:
    return str(database.execute("SELECT status FROM migrasafe.backfill_job")[0][0])


def test_a_pause_stops_batches_and_resume_goes_on(database, running):
    said = backfill(database.dsn, "pause", "t.n", "--because", "black friday")
    assert said.output == "t.n: no further batch begins\n"
    until(lambda: status(database) == "paused", "the worker has seen it")
    before = changed(database)
    time.sleep(0.5)
    assert changed(database) == before
    shown = backfill(database.dsn, "status", "t.n").output
    assert re.match(r"t\.n: paused for \d.* – by postgres", shown)
    assert "black friday" in shown
    assert backfill(database.dsn, "resume", "t.n").output == "t.n: goes on\n"
    until(lambda: changed(database) > before, "batches begin again")
    assert running.poll() is None


def test_settings_are_effective_soon_and_audited(database, running):
    said = backfill(database.dsn, "set", "t.n", "batch_rows=2000", "max_lag=5s")
    assert said.output == "t.n: batch_rows = 2000 (was 10)\nt.n: max_lag = 5s (was 1s)\n"
    output, _ = running.communicate(timeout=60)
    assert running.returncode == 0, output
    audit = database.execute(
        "SELECT detail->>'setting', detail->>'old', detail->>'new', actor LIKE 'postgres (%@%)' FROM migrasafe.backfill_event "
        "WHERE kind = 'setting' ORDER BY id"
    )
    assert audit == [("batch_rows", "10", "2000", True), ("max_lag", "1s", "5s", True)]
    assert database.execute("SELECT batch_no < 15000 FROM migrasafe.backfill_shard") == [(True,)], "20000 batches of 10"


def test_a_setting_that_is_wrong_changes_nothing(database, running):
    said = backfill(database.dsn, "set", "t.n", "nice=0.5", "max_lag=soon")
    assert said.status == 2
    assert "max_lag must be a duration" in said.output
    assert database.execute("SELECT settings->>'nice' FROM migrasafe.backfill_job") == [(None,)]


def test_cancel_ends_the_worker_and_the_job(database, running):
    assert backfill(database.dsn, "cancel", "t.n").output == "t.n: cancelled; rows that are changed stay so\n"
    output, _ = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "cancelled: by postgres" in output
    said = backfill(database.dsn, *SLOW)
    assert said.status == 2
    assert "--restart begins it again" in said.output
    assert backfill(database.dsn, "resume", "t.n").status == 2
    assert backfill(database.dsn, "assert-done", "t.n").status == 1


def test_a_second_signal_cancels_the_batch(database):
    database.execute(
        "CREATE TABLE t (id int PRIMARY KEY, n int DEFAULT 0); INSERT INTO t SELECT generate_series(1, 100)"
    )
    with database.connect() as other:
        other.execute("BEGIN")
        other.execute("SELECT FROM t WHERE id = 50 FOR UPDATE")
        process = start_backfill(database.dsn, "run", "--table", "t", "--set", "n = n + 1", "--lock-timeout", "50s",
                                 "--statement-timeout", "60s")  # fmt: skip
        waits = ("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")  # fmt: skip
        until(lambda: database.execute(waits)[0][0], "the batch waits")
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert process.poll() is None, "the first lets the batch end"
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
        assert process.returncode == 130, output
        assert "the batch that was running is undone" in output
        other.execute("ROLLBACK")
    assert database.execute("SELECT status, pause_kind FROM migrasafe.backfill_job") == [("paused", "stop")]
    assert backfill(database.dsn, "run", "t.n").status == 0
    assert database.execute("SELECT n, count(*) FROM t GROUP BY n") == [(1, 100)]


def test_status_and_list_say_the_same_to_machines(database, running):
    until(
        lambda: json.loads(backfill(database.dsn, "status", "t.n", "--format", "json").output)["workers"], "it is seen"
    )
    one = json.loads(backfill(database.dsn, "status", "t.n", "--format", "json").output)
    assert one["status"] in ("running", "throttled")
    assert one["rows_estimated"] > 0
    assert one["workers"][0]["is_alive"]
    (listed,) = json.loads(backfill(database.dsn, "list", "--format", "json").output)
    assert listed["name"] == "t.n"
    assert "worker" in backfill(database.dsn, "status").output


def test_the_log_is_lines_of_json(database):
    database.execute(
        "CREATE TABLE t (id int PRIMARY KEY, n int DEFAULT 0); INSERT INTO t SELECT generate_series(1, 100)"
    )
    said = backfill(database.dsn, "run", "--table", "t", "--set", "n = n + 1", "--log-format", "json")
    lines = [json.loads(line) for line in said.output.splitlines()]
    assert {"created", "ended"} <= {line["event"] for line in lines}
    assert all({"at", "level", "job", "message"} <= line.keys() for line in lines)


def test_verify_counts_rows_that_came_later(database):
    database.execute("CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT generate_series(1, 100)")
    assert backfill(database.dsn, "run", "--table", "t", "--set", "n = 1", "--where", "n IS NULL").status == 0
    assert backfill(database.dsn, "verify", "t.n").status == 0
    database.execute("INSERT INTO t VALUES (101), (102)")
    said = backfill(database.dsn, "verify", "t.n")
    assert said.status == 1
    assert said.output.startswith("t.n: 2 rows still want the change")


def test_verify_recomputes_random_rows(each_major, database):
    database.execute(
        'CREATE TABLE "T" (id int PRIMARY KEY, a int, "B" numeric(12, 2), c varchar(4)) PARTITION BY RANGE (id);'
        'CREATE TABLE t1 PARTITION OF "T" FOR VALUES FROM (0) TO (1000); CREATE TABLE t2 PARTITION OF "T" DEFAULT;'
        'INSERT INTO "T" SELECT i, i FROM generate_series(1, 2000) AS i'
    )
    job = (
        "run",
        "--table",
        '"T"',
        "--set",
        "\"B\" = a * 1.5, c = left(a || 'x', 4)",
        "--where",
        '"B" IS NULL',
        "--name",
        "j",
    )
    assert backfill(database.dsn, *job).status == 0
    said = backfill(database.dsn, "verify", "j", "--sample", "500")
    assert said.status == 0, said.output
    picked = re.search(
        r"j: (\d+) rows were picked at random and recomputed: each has the value that the change", said.output
    )
    assert (
        picked is not None and 0 < int(picked[1]) <= 500
    )  # of blocks that are chosen at random: there may be few rows
    database.execute('UPDATE "T" SET a = a + 1 WHERE id = 1500')
    said = backfill(database.dsn, "verify", "j", "--sample", "100000")
    assert said.status == 1
    assert (
        "2,000 rows were picked at random and recomputed: 1 has another value than the change gives now, as (1500)"
        in said.output
    )
    assert backfill(database.dsn, "verify", "j", "--sample", "0").status == 0


@pytest.mark.parametrize(("change", "why"), [
    ("n = n + 1", "what n gets depends on what was there before"),
    ("n = (random() * 10)::int", "random() gives another result each time"),
    ("n = extract(epoch FROM now())::int", "now() gives another result each time"),
    ("n = extract(year FROM CURRENT_DATE)::int", "what n gets depends on the time or the session"),
    ("(n, id) = (SELECT 1, id)", "one expression gives several columns"),
    ("n = DEFAULT", "what n gets is its default"),
    ("n = length(t::text)", "what n gets depends on all of the row"),
])  # fmt: skip
def test_what_cannot_be_recomputed_is_said(change, why, database):
    database.execute("CREATE TABLE t (id int PRIMARY KEY, k int NOT NULL UNIQUE, n int); INSERT INTO t SELECT 1, 1")
    assert backfill(database.dsn, "run", "--table", "t", "--set", change, "--key", "k", "--name", "j").status == 0
    said = backfill(database.dsn, "verify", "j")
    assert said.status == 0
    assert f"j: no row was recomputed: {why}" in said.output


def test_rows_that_others_wrote_otherwise_are_said_at_the_end(database):
    database.execute(
        "CREATE TABLE t (id int PRIMARY KEY, a int, n int); INSERT INTO t SELECT i, i FROM generate_series(1, 9) i"
    )
    database.execute("UPDATE t SET n = 77 WHERE id = 3")
    said = backfill(database.dsn, "run", "--table", "t", "--set", "n = a * 2", "--where", "n IS NULL")
    assert said.status == 0
    assert (
        "9 rows were picked at random and recomputed: 1 has another value than the change gives now, as (3)"
        in said.output
    )


def test_rows_that_others_set_back_are_walked_again(database):
    database.execute("CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT generate_series(1, 3000)")
    with database.connect() as other:
        other.execute("BEGIN")
        other.execute("SELECT FROM t WHERE id = 3000 FOR UPDATE")
        process = start_backfill(database.dsn, "run", "--table", "t", "--set", "n = 1", "--where", "n IS NULL", *SAME_SIZE,
                                 "--batch-rows", "500", "--lock-timeout", "50s", "--statement-timeout", "60s")  # fmt: skip
        until(lambda: database.execute("SELECT count(*) FROM t WHERE n = 1")[0][0] == 2500, "all but the last batch")
        database.execute("UPDATE t SET n = NULL WHERE id IN (1, 700)")
        other.execute("COMMIT")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert "2 rows to change again or still; what has them is walked again" in output
    assert database.execute("SELECT count(*) FROM t WHERE n IS NULL") == [(0,)]
    assert database.execute("SELECT passes FROM migrasafe.backfill_job") == [(2,)]


@pytest.mark.parametrize(
    "command", ["status", "list", "pause x", "resume x", "set x nice=0.5", "verify x", "assert-done x"]
)
def test_a_database_without_backfills_is_said_to_be_one(command, database):
    said = backfill(database.dsn, *command.split())
    assert said.status == 2
    assert "this database has no backfill yet" in said.output
