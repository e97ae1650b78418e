"""The failure matrix: each failure is answered as an operator would, and no row is lost or changed twice."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.postgres.backfills import SAME_SIZE, backfill, start_backfill, until

ROWS = 4096
TABLE = f"""
CREATE TABLE t (id int PRIMARY KEY, v text, n int DEFAULT 0);
INSERT INTO t SELECT i, i::text, 0 FROM generate_series(1, {ROWS}) AS i;
"""
ADD = ("run", "--table", "t", "--set", "n = n + v::int", "--where", "n = 0")


PATIENT = ("--lock-timeout", "50s", "--statement-timeout", "60s")


@contextmanager
def last_row_kept(database) -> Iterator[None]:
    """No job gets by the last row meanwhile: none is done before the test has done what it does to it."""
    with database.connect() as other:
        other.execute("BEGIN")
        other.execute(f"SELECT FROM t WHERE id = {ROWS} FOR UPDATE")
        yield
        other.execute("COMMIT")


def events(database, kind):
    """The details of a kind of events, in order."""
    return [row[0] for row in database.execute(
        "SELECT detail FROM migrasafe.backfill_event WHERE kind = %s ORDER BY id", kind)]  # fmt: skip


def test_a_bad_row_is_found_with_few_transactions_and_set_aside(database):
    database.execute(TABLE)
    database.execute("UPDATE t SET v = 'poison' WHERE id = 1777")
    said = backfill(database.dsn, *ADD, "--max-dead-rows", "5", "--batch-rows", "1024", "--log-format", "json")
    assert said.status == 1, said.output
    assert database.execute("SELECT count(*) FROM t WHERE n = 0") == [(1,)]
    rows = database.execute("SELECT key, sqlstate, message FROM migrasafe.backfill_dead_row")
    assert rows == [(["1777"], "22P02", 'invalid input syntax for type integer: "poison"')]
    assert "1 dead row left" in said.output
    assert backfill(database.dsn, "assert-done", "t.n").status == 1

    database.execute("UPDATE t SET v = '1777' WHERE id = 1777")
    said = backfill(database.dsn, "retry-dead", "t.n")
    assert said.status == 0, said.output
    assert "1 row set right, 0 are left" in said.output
    assert database.execute("SELECT count(*) FROM t WHERE n IS DISTINCT FROM id") == [(0,)]
    assert backfill(database.dsn, "assert-done", "t.n").status == 0


def test_a_bad_row_costs_at_most_twice_the_halvings(database):
    database.execute(TABLE)
    database.execute("UPDATE t SET v = 'poison' WHERE id = 1777")
    database.execute("CREATE SEQUENCE tries; CREATE FUNCTION count_try() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                     "PERFORM nextval('tries'); RETURN NULL; END $$; CREATE TRIGGER count_try BEFORE UPDATE ON t "
                     "FOR EACH STATEMENT EXECUTE FUNCTION count_try()")  # fmt: skip
    backfill(database.dsn, *ADD, "--batch-rows", "1024", "--max-dead-rows", "1", *SAME_SIZE)
    without = ROWS // 1024
    (tries,), (committed,) = (
        database.execute("SELECT last_value FROM tries")[0],
        database.execute("SELECT sum(batch_no) FROM migrasafe.backfill_shard")[0],
    )
    looks_for_the_middle = math.log2(1024) + 1
    assert max(tries, committed) + looks_for_the_middle - without <= 2 * math.log2(1024) + 2


def test_the_first_bad_row_ends_the_job_unless_more_are_allowed(database):
    database.execute(TABLE)
    database.execute("UPDATE t SET v = 'poison' WHERE id IN (5, 6, 4000)")
    said = backfill(database.dsn, *ADD)
    assert said.status == 1
    assert "row (5) of public.t cannot be changed: invalid input syntax" in said.output
    assert "max_dead_rows is 0" in said.output
    assert database.execute("SELECT status FROM migrasafe.backfill_job") == [("failed",)]
    database.execute("UPDATE t SET v = id WHERE id <> 4000")
    said = backfill(database.dsn, *ADD, "--max-dead-rows", "1")
    assert said.status == 1, said.output
    assert database.execute("SELECT array_agg(id) FROM t WHERE n = 0") == [([4000],)]


def test_bad_rows_of_a_table_without_a_key_are_set_aside(database):
    database.execute("CREATE TABLE t (id int, v text, n int DEFAULT 0, pad text); INSERT INTO t SELECT i, i::text, 0, "
                     "repeat('x', 100) FROM generate_series(1, 3000) i;UPDATE t SET v = 'x' WHERE id IN (1, 1500, 3000)")  # fmt: skip
    said = backfill(database.dsn, *ADD, "--max-dead-rows", "3")
    assert said.status == 1, said.output
    assert database.execute("SELECT array_agg(id ORDER BY id) FROM t WHERE n = 0") == [([1, 1500, 3000],)]
    assert database.execute("SELECT count(*) FROM migrasafe.backfill_dead_row WHERE resolved_at IS NULL") == [(3,)]


def test_a_constraint_and_a_trigger_make_bad_rows_too(database):
    database.execute(TABLE)
    database.execute("ALTER TABLE t ADD CHECK (n <> 77); CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                     "IF NEW.id = 99 THEN RAISE EXCEPTION 'not this one' USING ERRCODE = 'ZZ001'; END IF; RETURN NEW; END $$; "
                     "CREATE TRIGGER refuse BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION refuse()")  # fmt: skip
    backfill(database.dsn, *ADD, "--max-dead-rows", "9")
    assert database.execute("SELECT key, sqlstate FROM migrasafe.backfill_dead_row ORDER BY 1") == [
        (["77"], "23514"),
        (["99"], "ZZ001"),
    ]
    assert database.execute("SELECT count(*) FROM t WHERE n = 0") == [(2,)]


def test_rows_that_stay_locked_are_left_to_the_end_and_changed_once(database):
    database.execute(TABLE)
    with database.connect() as other:
        other.execute("BEGIN")
        other.execute("SELECT FROM t WHERE id = 10 FOR UPDATE")
        process = start_backfill(database.dsn, "run", "--table", "t", "--set", "n = n + 1", "--lock-timeout", "5ms",
                                 "--batch-rows", "500", "--max-retry-wait", "200ms")  # fmt: skip
        has_left = "SELECT count(*) FROM migrasafe.backfill_dead_row WHERE sqlstate = '55P03'"
        until(
            lambda: database.execute("SELECT to_regclass('migrasafe.backfill_dead_row') IS NOT NULL")[0][0], "it begins"
        )
        until(lambda: database.execute(has_left) == [(1,)], "the locked row is left")
        until(lambda: database.execute("SELECT count(*) FROM t WHERE n = 1") == [(ROWS - 1,)], "all others are changed")
        other.execute("COMMIT")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert "1 row still locked by other sessions" in output
    assert database.execute("SELECT n, count(*) FROM t GROUP BY n") == [(1, ROWS)]


def test_a_deadlock_is_tried_again(database):
    database.execute(TABLE)
    database.execute("UPDATE t SET n = 0")
    with database.connect() as other:
        other.execute("SET deadlock_timeout = '1h'")  # so that ours is the one that is ended
        other.execute("BEGIN")
        other.execute("SELECT FROM t WHERE id = 400 FOR UPDATE")
        # A session looks for a deadlock once, so long after it began to wait: until then the other has to wait, too.
        database.execute(
            f"ALTER DATABASE {database.execute('SELECT current_database()')[0][0]} SET deadlock_timeout = '5s'"
        )
        process = start_backfill(database.dsn, "run", "--table", "t", "--set", "n = n + 1", "--lock-timeout", "50s",
                                 "--statement-timeout", "60s", "--batch-rows", "500")  # fmt: skip
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        until(lambda: database.execute(waits)[0][0], "the batch waits for row 400")
        other.execute("UPDATE t SET v = v WHERE id = 1")  # which the batch holds
        other.execute("COMMIT")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert "deadlock detected" in output
    assert database.execute("SELECT n, count(*) FROM t GROUP BY n") == [(1, ROWS)]


def test_a_batch_that_takes_too_long_is_cut(database):
    database.execute(TABLE)
    said = backfill(database.dsn, "run", "--table", "t", "--set", "n = n + length(pg_sleep(0.0005)::text) + 1",
                    "--statement-timeout", "200ms", "--batch-rows", "1000")  # fmt: skip
    assert said.status == 0, said.output
    assert "a batch took longer than statement_timeout" in said.output
    assert database.execute("SELECT n, count(*) FROM t GROUP BY n") == [(1, ROWS)]


def test_a_cancelled_batch_pauses_the_job_until_somebody_resumes_it(database):
    database.execute(TABLE)
    with database.connect() as other:
        other.execute("BEGIN")
        other.execute("SELECT FROM t WHERE id = 4000 FOR UPDATE")
        process = start_backfill(database.dsn, "run", "--table", "t", "--set", "n = n + 1", "--lock-timeout", "20s",
                                 "--statement-timeout", "30s")  # fmt: skip
        waiting = ("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND "
                   "datname = current_database() AND application_name LIKE 'migrasafe backfill%%'")  # fmt: skip
        until(lambda: database.execute(waiting.replace("%%", "%")), "a batch is cancelled")
        status = "SELECT status, status_reason FROM migrasafe.backfill_job"
        until(lambda: database.execute(status)[0][0] == "paused", "the job is paused")
        assert "somebody cancelled its statement on the server" in str(database.execute(status)[0][1])
        other.execute("COMMIT")
    time.sleep(0.7)
    assert process.poll() is None
    assert backfill(database.dsn, "resume", "t.n").output.strip() == "t.n: goes on"
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert database.execute("SELECT n, count(*) FROM t GROUP BY n") == [(1, ROWS)]


def test_a_session_that_is_ended_by_an_administrator_is_opened_again(database):
    database.execute(TABLE)
    end = ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name "
           "LIKE 'migrasafe backfill t.n%'")  # fmt: skip
    half_done = "SELECT count(*) FROM t WHERE n = 1"
    with last_row_kept(database):
        process = start_backfill(database.dsn, "run", "--table", "t", "--set", "n = n + 1", "--batch-rows", "30",
                                 *PATIENT)  # fmt: skip
        until(lambda: database.execute("SELECT to_regclass('migrasafe.backfill_shard') IS NOT NULL")[0][0], "it begins")
        for share in (1, 2, 3):
            until(lambda share=share: database.execute(half_done)[0][0] > ROWS * share / 4, "batches are done")
            until(lambda: database.execute(end), "its session is ended")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert "connected again" in output
    assert events(database, "reconnected")
    assert database.execute("SELECT n, count(*) FROM t GROUP BY n") == [(1, ROWS)]


def test_a_column_that_is_gone_ends_the_job_in_words(database):
    database.execute(TABLE)
    process = start_backfill(
        database.dsn, "run", "--table", "t", "--set", "n = n + 1", "--batch-rows", "10", "--nice", "0.9"
    )
    until(lambda: database.execute("SELECT to_regclass('migrasafe.backfill_shard') IS NOT NULL")[0][0], "it begins")
    until(lambda: database.execute("SELECT count(*) FROM t WHERE n = 1")[0][0], "some rows are changed")
    database.execute("ALTER TABLE t DROP COLUMN n")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert 'the change cannot run: column "n"' in output


def test_a_full_disk_pauses_the_job_until_somebody_resumes_it(database):
    database.execute(TABLE)
    database.execute("CREATE TABLE is_full (); CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                     "IF to_regclass('is_full') IS NOT NULL AND NEW.id = 4000 THEN RAISE EXCEPTION 'could not extend file: No "
                     "space left on device' USING ERRCODE = '53100'; END IF; RETURN NEW; END $$; "
                     "CREATE TRIGGER full_disk BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION full_disk()")  # fmt: skip
    process = start_backfill(database.dsn, *ADD)
    until(lambda: database.execute("SELECT to_regclass('migrasafe.backfill_job') IS NOT NULL")[0][0], "it begins")
    status = "SELECT status, status_reason FROM migrasafe.backfill_job"
    until(lambda: (database.execute(status) or [("",)])[0][0] == "paused", "the job is paused")
    assert "the server is out of a resource: could not extend file" in backfill(database.dsn, "status", "t.n").output
    assert database.execute("SELECT count(*) FROM migrasafe.backfill_dead_row") == [(0,)]
    database.execute("DROP TABLE is_full")
    assert backfill(database.dsn, "resume", "t.n").status == 0
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert database.execute("SELECT count(*) FROM t WHERE n <> id") == [(0,)]
