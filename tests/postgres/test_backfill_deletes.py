"""A job that deletes rows in batches: all of them, once, and none that must stay."""

from __future__ import annotations

from pathlib import Path

from tests.postgres.backfills import backfill
from tests.postgres.servers import Database

ORDERS = """
CREATE TABLE orders (id bigint PRIMARY KEY, state text);
CREATE TABLE items (order_id bigint REFERENCES orders);
INSERT INTO orders SELECT n, CASE n % 5 WHEN 0 THEN 'kept' ELSE 'old' END FROM generate_series(1, 3000) n;
"""
DELETE = ("run", "--table", "orders", "--delete", "--where", "state = 'old'", "--batch-rows", "400")


def test_the_rows_go_and_the_others_stay(each_major: int, database: Database) -> None:
    database.execute(ORDERS)
    said = backfill(database.dsn, *DELETE)
    assert said.status == 0, said.output
    assert "done: 2,400 of 3,000 rows changed, and none is left that wants it" in said.output
    assert database.execute("SELECT count(*), min(state) FROM orders") == [(600, "kept")]
    assert backfill(database.dsn, "assert-done", "orders-delete").status == 0
    assert "a row that is gone cannot be" in backfill(database.dsn, "verify", "orders-delete").output


def test_a_row_that_others_refer_to_is_set_aside_and_told(database: Database) -> None:
    database.execute(ORDERS + "INSERT INTO items VALUES (7)")
    stopped = backfill(database.dsn, *DELETE)
    assert stopped.status == 1
    assert "max_dead_rows" in stopped.output
    said = backfill(database.dsn, *DELETE, "--max-dead-rows", "1")
    assert said.status == 1, said.output
    assert database.execute("SELECT id FROM orders WHERE state = 'old'") == [(7,)]
    database.execute("DELETE FROM items")
    assert backfill(database.dsn, "retry-dead", "orders-delete").status == 0
    assert database.execute("SELECT count(*) FROM orders WHERE state = 'old'") == [(0,)]


def test_a_table_without_a_key_is_walked_by_blocks(database: Database) -> None:
    database.execute("CREATE TABLE logs (day int); INSERT INTO logs SELECT n % 10 FROM generate_series(1, 3000) n")
    said = backfill(database.dsn, "run", "--table", "logs", "--delete", "--where", "day < 3")
    assert said.status == 0, said.output
    assert database.execute("SELECT count(*), min(day) FROM logs") == [(2100, 3)]


def test_what_makes_no_sense_is_refused(tmp_path: Path, database: Database) -> None:
    job = tmp_path / "job.toml"
    for text, told in (
        ('table = "orders"\ndelete = true\n', "say which rows go"),
        ('table = "orders"\ndelete = true\nset = "a = 1"\nwhere = "true"\n', "delete and set exclude each other"),
        ('table = "orders"\ndelete = "yes"\nwhere = "true"\n', "delete must be true or false"),
    ):
        job.write_text(text, encoding="utf-8")
        said = backfill(database.dsn, "run", str(job))
        assert said.status == 2, said.output
        assert told in said.output
