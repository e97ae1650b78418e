"""`migrasafe backfill estimate` on real tables, and how near it comes to what then happens."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from migrasafe.cli.commands import cli
from tests.postgres.servers import Database


def said(database: Database, *options: str) -> Result:
    return CliRunner().invoke(cli, ["backfill", "estimate", "--dsn", database.dsn, *options], catch_exceptions=False)


def numbers(database: Database, *options: str) -> dict[str, float]:
    result = said(database, *options, "--format", "json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def size_of(database: Database, table: str) -> tuple[int, int]:
    [(heap, indexes)] = database.execute("SELECT pg_relation_size(%s), pg_indexes_size(%s)", table, table)
    return int(str(heap)), int(str(indexes))


@pytest.fixture
def orders(database: Database) -> Database:
    database.execute(
        "CREATE TABLE orders (id bigint PRIMARY KEY, a int, note text, total bigint);"
        "INSERT INTO orders SELECT i, (random() * 1e9)::int, md5(i::text), NULL FROM generate_series(1, 50000) i;"
        "CREATE INDEX ON orders (a)"
    )
    with database.connect() as session:
        session.execute("VACUUM ANALYZE orders")
    return database


FILL = ("--table", "orders", "--set", "total = a * 100::bigint", "--where", "total IS NULL")


def test_growth_is_as_foreseen(orders: Database) -> None:
    foreseen = numbers(orders, *FILL)
    assert (foreseen["rows"], foreseen["rows_wanted"], foreseen["hot_blocked_by"]) == (50_000, 50_000, [])
    heap, indexes = size_of(orders, "orders")
    assert foreseen["heap_bytes"] == heap and foreseen["index_bytes"] == indexes
    orders.execute("UPDATE orders SET total = a * 100::bigint WHERE total IS NULL")
    grown = [after - before for after, before in zip(size_of(orders, "orders"), (heap, indexes), strict=True)]
    assert foreseen["heap_growth"] == pytest.approx(grown[0], rel=0.35)
    assert foreseen["index_growth"] == pytest.approx(grown[1], rel=0.35)


def test_a_try_measures_and_leaves_nothing_changed(each_major: int, orders: Database) -> None:
    foreseen = numbers(orders, *FILL, "--try", "--try-rows", "200")
    assert foreseen["seconds"] > 0 and foreseen["seconds_slowest"] >= foreseen["seconds"]
    assert orders.execute("SELECT count(*) FROM orders WHERE total IS NOT NULL") == [(0,)]
    assert orders.execute("SELECT to_regnamespace('migrasafe')") == [(None,)]


def test_an_index_on_the_changed_column_is_found_also_in_an_expression_or_predicate(orders: Database) -> None:
    orders.execute(
        "CREATE INDEX by_expression ON orders ((total + 1)); CREATE INDEX partly ON orders (a) WHERE total > 0"
    )
    result = said(orders, *FILL)
    assert "HOT       none: public.by_expression, public.partly hold a changed column" in result.output


def test_free_space_makes_updates_hot(orders: Database) -> None:
    orders.execute("ALTER TABLE orders SET (fillfactor = 45)")
    with orders.connect() as session:
        session.execute("VACUUM FULL ANALYZE orders")
    assert numbers(orders, *FILL)["hot_share"] > 0.7
    assert numbers(orders, *FILL, "--try")["hot_share"] > 0.7


def test_rows_that_are_done_are_left_out(orders: Database) -> None:
    orders.execute("UPDATE orders SET total = 1 WHERE id <= 25000")
    with orders.connect() as session:
        session.execute("VACUUM ANALYZE orders")
    assert numbers(orders, *FILL)["rows_wanted"] == 25_000


def test_partitions_and_quoted_names_are_added_up(each_major: int, database: Database) -> None:
    database.execute(
        'CREATE TABLE "Big Orders" ("Id" int, "Total" int, PRIMARY KEY ("Id")) PARTITION BY RANGE ("Id");'
        'CREATE TABLE p1 PARTITION OF "Big Orders" FOR VALUES FROM (0) TO (1000);'
        'CREATE TABLE p2 PARTITION OF "Big Orders" FOR VALUES FROM (1000) TO (5000);'
        'INSERT INTO "Big Orders" SELECT i FROM generate_series(1, 3000) i'
    )
    with database.connect() as session:
        session.execute('VACUUM ANALYZE "Big Orders"')
    job = ("--table", '"Big Orders"', "--set", '"Total" = "Id" * 2', "--where", '"Total" IS NULL')
    found = numbers(database, *job)
    assert (found["rows"], found["rows_wanted"]) == (3000, 3000)
    assert found["heap_bytes"] == sum(size_of(database, part)[0] for part in ("p1", "p2"))
    assert numbers(database, *job, "--try")["seconds"] > 0


def test_a_table_without_a_key_and_a_copy_can_be_estimated(database: Database) -> None:
    database.execute("CREATE TABLE logs (a int, b int); INSERT INTO logs SELECT i FROM generate_series(1, 5000) i")
    found = numbers(database, "--table", "logs", "--set", "b = a", "--where", "b IS NULL", "--try")
    assert found["rows_wanted"] == 5000
    database.execute("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE t2 (id int PRIMARY KEY);"
                     "INSERT INTO t SELECT generate_series(1, 3000)")  # fmt: skip
    copied = numbers(database, "--table", "t", "--into", "t2", "--try")
    assert copied["is_copy"] and copied["rows_wanted"] == 3000
    assert database.execute("SELECT count(*) FROM t2") == [(0,)]


def test_an_empty_table_is_nothing_to_do(database: Database) -> None:
    database.execute("CREATE TABLE t (id int PRIMARY KEY, n int)")
    result = said(database, "--table", "t", "--set", "n = 1", "--where", "n IS NULL", "--try")
    assert result.exit_code == 0
    assert "nothing is left to do" in result.output


def test_a_change_that_the_server_refuses_is_one_sentence(orders: Database) -> None:
    result = CliRunner().invoke(
        cli, ["backfill", "estimate", "--dsn", orders.dsn, "--table", "orders", "--set", "total = note"]
    )
    assert result.exit_code != 0
    assert isinstance(result.exception, Exception)
    assert "the server refuses the change" in str(result.exception)


def test_a_row_that_cannot_be_changed_is_said_by_a_try(orders: Database) -> None:
    job = ("--table", "orders", "--set", "total = 1 / (a - a)", "--where", "total IS NULL", "--try")
    result = CliRunner().invoke(cli, ["backfill", "estimate", "--dsn", orders.dsn, *job])
    assert "division by zero" in str(result.exception)
