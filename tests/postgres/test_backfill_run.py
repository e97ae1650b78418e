"""A backfill from its first batch to its end, and what the next run finds when it was killed, stopped or done."""

from __future__ import annotations

import signal

from tests.postgres.backfills import SAME_SIZE, backfill, start_backfill, until

ORDERS = """
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, total int, total_cents bigint, n int DEFAULT 0);
INSERT INTO orders (total) SELECT i FROM generate_series(1, 5000) AS i;
"""
SLOW, FAST = ("--batch-rows", "10", "--nice", "0.9"), ("--batch-rows", "1000", "--nice", "0")
"""A worker that is still at work when a busy machine comes to what a test does to it; and one that ends soon."""
FILL = ("run", "--table", "orders", "--set", "total_cents = total::bigint * 100", "--where", "total_cents IS NULL")


def test_every_row_is_changed_and_none_is_left(each_major, database):
    database.execute(ORDERS)
    said = backfill(database.dsn, *FILL)
    assert said.status == 0, said.output
    assert "done: 5,000 of 5,000 rows changed, and none is left that wants it" in said.output
    assert database.execute("SELECT count(*) FROM orders WHERE total_cents IS DISTINCT FROM total * 100") == [(0,)]
    assert backfill(database.dsn, "assert-done", "orders.total_cents").status == 0


def test_the_cursor_and_the_counters_are_in_the_database(database):
    database.execute(ORDERS)
    backfill(database.dsn, *FILL, "--batch-rows", "800", *SAME_SIZE)
    assert database.execute(
        "SELECT cursor, hi, is_done, batch_no, rows_walked, rows_changed FROM migrasafe.backfill_shard"
    ) == [(["5000"], ["5000"], True, 7, 5000, 5000)]


def test_rows_that_come_later_are_not_chased(database):
    database.execute(ORDERS)
    database.execute("CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                     " INSERT INTO orders (total) VALUES (0); RETURN NULL; END $$;"
                     " CREATE TRIGGER more AFTER UPDATE ON orders FOR EACH STATEMENT EXECUTE FUNCTION more()")  # fmt: skip
    said = backfill(database.dsn, *FILL, "--batch-rows", "1000")
    assert said.status == 0, said.output
    assert database.execute("SELECT count(*), max(id) FROM orders WHERE total_cents IS NOT NULL") == [(5000, 5000)]


def test_the_next_run_of_a_killed_one_changes_every_row_once(database):
    database.execute(ORDERS)
    command = ("run", "--table", "orders", "--set", "n = n + 1")
    process = start_backfill(database.dsn, *command, *SLOW)
    has_begun = "SELECT to_regclass('migrasafe.backfill_shard') IS NOT NULL"
    until(lambda: database.execute(has_begun) == [(True,)], "the state tables are there")
    until(lambda: database.execute("SELECT count(*) FROM orders WHERE n = 1")[0][0] > 500, "some batches are done")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert database.execute("SELECT count(*) FROM orders WHERE n = 0") != [(0,)]
    said = backfill(database.dsn, *command, *FAST)
    assert said.status == 0, said.output
    assert database.execute("SELECT n, count(*) FROM orders GROUP BY n") == [(1, 5000)]


def test_sigterm_ends_after_the_batch_and_the_next_run_goes_on(database):
    database.execute(ORDERS)
    process = start_backfill(database.dsn, "run", "--table", "orders", "--set", "n = n + 1", *SLOW)
    until(lambda: database.execute("SELECT to_regclass('migrasafe.backfill_shard') IS NOT NULL")[0][0], "it begins")
    until(lambda: database.execute("SELECT count(*) FROM orders WHERE n = 1")[0][0] > 100, "some batches are done")
    process.terminate()
    output, _ = process.communicate()
    assert process.returncode == 0, output
    status, kind, reason = database.execute("SELECT status, pause_kind, status_reason FROM migrasafe.backfill_job")[0]
    assert (status, kind) == ("paused", "stop")
    assert "SIGTERM" in str(reason)
    assert database.execute("SELECT count(*) FROM migrasafe.backfill_shard WHERE lease_token IS NOT NULL") == [(0,)]
    assert backfill(database.dsn, "run", "orders.n", *FAST).status == 0
    assert database.execute("SELECT n, count(*) FROM orders GROUP BY n") == [(1, 5000)]


def test_a_job_that_is_done_is_not_done_again(database):
    database.execute(ORDERS)
    command = ("run", "--table", "orders", "--set", "n = n + 1")
    assert backfill(database.dsn, *command).status == 0
    said = backfill(database.dsn, *command)
    assert said.status == 0
    assert "is done since" in said.output
    assert database.execute("SELECT n, count(*) FROM orders GROUP BY n") == [(1, 5000)]


def test_a_job_that_does_something_else_may_not_go_on_with_its_cursor(database):
    database.execute(ORDERS)
    assert backfill(database.dsn, "run", "--table", "orders", "--set", "n = n + 1").status == 0
    said = backfill(database.dsn, "run", "--table", "orders", "--set", "n = n + 2")
    assert said.status == 2
    assert "there is a backfill orders.n that does something else (orders: n = n + 1)" in said.output


def test_an_empty_table_is_done_at_once(database):
    database.execute("CREATE TABLE orders (id int PRIMARY KEY, total int, total_cents bigint)")
    said = backfill(database.dsn, *FILL)
    assert said.status == 0, said.output
    assert backfill(database.dsn, "assert-done", "orders.total_cents").status == 0


def test_a_dry_run_changes_nothing(database):
    database.execute(ORDERS)
    said = backfill(database.dsn, *FILL, "--dry-run")
    assert said.status == 0
    assert "walks public.orders by id (bigint)" in said.output
    assert database.execute("SELECT to_regclass('migrasafe.backfill_job'), count(total_cents) FROM orders") == [
        (None, 0)
    ]
