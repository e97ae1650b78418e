"""What timeouts, transactions and lock orders do on servers: the facts that the rules about them stand on."""

from __future__ import annotations

import threading

import psycopg
import pytest

from migrasafe.sql.settings import milliseconds
from tests.postgres.clusters import eventually

ORDERS = (
    "CREATE TABLE orders (id int PRIMARY KEY, number int); INSERT INTO orders SELECT n, n FROM generate_series(1, 9) n"
)
INDEX_STATE = (
    "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid ORDER BY 1 DESC LIMIT 1"
)


LIMITS = {"lock_timeout": "150ms", "statement_timeout": "2s"}
"""The second counts also what comes before the wait, which a busy machine does not do at once."""


def cancelled_while_a_writer_is_open(database, statement: str, timeout: str = "lock_timeout") -> str | None:
    """Run a statement under a timeout while another transaction has written to the table; the SQLSTATE of its error."""
    writer = database.connect()
    writer.execute("BEGIN; UPDATE orders SET number = 0 WHERE id = 1")
    try:
        with database.connect() as session:
            session.execute(f"SET {timeout} = '{LIMITS[timeout]}'")
            session.execute(statement)
    except psycopg.Error as error:
        return error.sqlstate
    finally:
        writer.execute("ROLLBACK")
        writer.close()
    return None


@pytest.mark.parametrize(("timeout", "sqlstate"), [("lock_timeout", "55P03"), ("statement_timeout", "57014")])
def test_a_cancelled_concurrent_build_leaves_an_invalid_index(each_major, database, timeout, sqlstate):
    database.execute(ORDERS)
    create = "CREATE INDEX CONCURRENTLY {}z_number ON orders (number)"
    assert cancelled_while_a_writer_is_open(database, create.format(""), timeout) == sqlstate
    assert database.execute(INDEX_STATE) == [("z_number", False)]
    database.execute(create.format("IF NOT EXISTS "))  # succeeds, and does nothing
    assert database.execute(INDEX_STATE) == [("z_number", False)]
    database.execute("REINDEX INDEX CONCURRENTLY z_number")
    assert database.execute(INDEX_STATE) == [("z_number", True)]


def test_a_cancelled_concurrent_drop_leaves_an_invalid_index(each_major, database):
    database.execute(f"{ORDERS}; CREATE INDEX z_number ON orders (number)")
    assert cancelled_while_a_writer_is_open(database, "DROP INDEX CONCURRENTLY z_number") == "55P03"
    assert database.execute(INDEX_STATE) == [("z_number", False)]


def test_a_cancelled_concurrent_reindex_leaves_an_invalid_copy(each_major, database):
    database.execute(f"{ORDERS}; CREATE INDEX z_number ON orders (number)")
    assert cancelled_while_a_writer_is_open(database, "REINDEX INDEX CONCURRENTLY z_number") == "55P03"
    assert database.execute(INDEX_STATE) == [("z_number_ccnew", False)]


@pytest.mark.since(14)
def test_a_cancelled_concurrent_detach_leaves_the_partition_half_detached(each_major, database):
    database.execute("CREATE TABLE parts (id int PRIMARY KEY, number int) PARTITION BY RANGE (id)")
    database.execute("CREATE TABLE orders PARTITION OF parts FOR VALUES FROM (1) TO (9)")
    database.execute("INSERT INTO parts VALUES (1, 1)")
    writer = database.connect()
    writer.execute("BEGIN; UPDATE parts SET number = 0")
    with pytest.raises(psycopg.errors.LockNotAvailable), database.connect() as session:
        session.execute("SET lock_timeout = '150ms'")
        session.execute("ALTER TABLE parts DETACH PARTITION orders CONCURRENTLY")
    writer.execute("ROLLBACK")
    assert database.execute("SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = 'orders'::regclass") == [(True,)]
    database.execute("ALTER TABLE parts DETACH PARTITION orders FINALIZE")


def test_set_local_outside_a_transaction_does_nothing(each_major, session):
    session.execute("SET LOCAL lock_timeout = '2s'")
    assert session.execute("SHOW lock_timeout").fetchone() == ("0",)
    session.execute("SELECT set_config('lock_timeout', '2s', true)")
    assert session.execute("SHOW lock_timeout").fetchone() == ("0",)


def test_a_commit_in_the_file_ends_the_transaction_of_the_tool(each_major, database):
    database.execute(ORDERS)
    with database.connect() as tool:
        tool.execute("BEGIN")
        tool.execute("BEGIN")  # a warning, no more
        tool.execute("DELETE FROM orders WHERE id = 1")
        tool.execute("COMMIT")
        tool.execute("DELETE FROM orders WHERE id = 2")
        tool.execute("ROLLBACK")  # a warning, no more
    assert database.execute("SELECT min(id) FROM orders") == [(3,)]


def test_set_is_undone_by_rollback_and_kept_by_commit(each_major, session):
    session.execute("BEGIN; SET lock_timeout = '2s'; ROLLBACK")
    assert session.execute("SHOW lock_timeout").fetchone() == ("0",)
    session.execute("BEGIN; SET LOCAL statement_timeout = '1s'; SET lock_timeout = '2s'; COMMIT")
    assert session.execute("SHOW lock_timeout").fetchone() == ("2s",)
    assert session.execute("SHOW statement_timeout").fetchone() == ("0",)


@pytest.mark.parametrize(
    ("app_has", "migration_has", "app_wants", "migration_wants", "deadlock"),
    [
        # A transaction that stores a parent and then its child, against a migration that begins with the child.
        ("INSERT INTO orders VALUES (10, 10)", "items", "INSERT INTO items VALUES (1, 10)", "orders", True),
        # One INSERT into the child, which looks up its parent: against a migration that begins with the parent.
        ("SELECT 1", "orders", "INSERT INTO items VALUES (1, 1)", "items", True),
        ("SELECT 1", "items", "INSERT INTO items VALUES (1, 1)", "orders", False),
    ],
)
def test_either_order_of_the_ends_of_a_foreign_key_meets_the_app_in_a_deadlock(
    each_major, database, app_has, migration_has, app_wants, migration_wants, deadlock
):
    database.execute(f"{ORDERS}; CREATE TABLE items (id int, order_id int REFERENCES orders)")
    app, migration = database.connect(), database.connect()
    for session in (app, migration):
        session.execute("SET deadlock_timeout = '50ms'")
    errors = []
    app.execute(f"BEGIN; {app_has}")
    migration.execute(f"BEGIN; ALTER TABLE {migration_has} ADD COLUMN note text")

    def go_on() -> None:
        try:
            app.execute(f"{app_wants}; COMMIT")
        except psycopg.Error as error:
            errors.append(error.sqlstate)
            app.execute("ROLLBACK")

    waiting = threading.Thread(target=go_on)
    waiting.start()
    asked = "SELECT FROM pg_locks WHERE NOT granted AND pid = %s"  # sessions of other tests wait, too
    eventually(lambda: database.execute(asked, app.info.backend_pid), "the app waits")
    try:
        migration.execute(f"ALTER TABLE {migration_wants} ADD COLUMN note text; COMMIT")
    except psycopg.Error as error:
        errors.append(error.sqlstate)
        migration.execute("ROLLBACK")
    waiting.join()
    assert errors == (["40P01"] if deadlock else [])


def test_durations_are_read_as_the_server_reads_them(each_major, session):
    for value in ("0", "0s", "2s", "1500", "1.5s", "1min", "2 h", "1d", " 5000us "):
        session.execute(f"SET lock_timeout = '{value}'")
        [setting] = session.execute("SELECT setting FROM pg_settings WHERE name = 'lock_timeout'").fetchone()
        assert milliseconds(value) == float(setting), value
