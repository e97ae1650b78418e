"""What the harness says about well-known statements is what PostgreSQL's manual says, on every major version."""

from __future__ import annotations

import pytest

from migrasafe.errors import ServerError
from migrasafe.locks import LockMode
from migrasafe.postgres.connect import run
from migrasafe.postgres.watch.observed import Blocked, Observed
from migrasafe.postgres.watch.watch_locks import blocked, measure
from tests.postgres.servers import Database

SHOP = (
    "CREATE TABLE customers (id int PRIMARY KEY, email varchar(50))",
    "CREATE TABLE orders (id int PRIMARY KEY, customer_id int, total numeric(10,2), note varchar(50))",
    "CREATE INDEX orders_note ON orders (note)",
    "INSERT INTO customers SELECT n, 'c' || n FROM generate_series(1, 100) n",
    "INSERT INTO orders SELECT n, n, n, 'n' || n FROM generate_series(1, 100) n",
)
ORDERS, CUSTOMERS = "public.orders", "public.customers"
EXCLUSIVE = {ORDERS: LockMode.ACCESS_EXCLUSIVE}


def only(database: Database, statement: str, *, in_transaction: bool = True) -> Observed:
    """Run one statement on the shop."""
    (seen,) = measure(database.connect, [statement], in_transaction=in_transaction, setup=SHOP)
    return seen


def test_add_column_locks_and_does_no_work(each_major, database):
    seen = only(database, "ALTER TABLE orders ADD COLUMN state text DEFAULT 'new'")
    assert (seen.locks, seen.rewrites, seen.scans, seen.index_builds) == (EXCLUSIVE, (), (), ())
    assert seen.held == EXCLUSIVE
    assert seen.strongest_lock is LockMode.ACCESS_EXCLUSIVE
    assert seen.error is None


def test_volatile_default_rewrites_and_builds_the_indexes_anew(each_major, database):
    seen = only(database, "ALTER TABLE orders ADD COLUMN seen timestamptz DEFAULT clock_timestamp()")
    assert (seen.locks, seen.rewrites, seen.index_builds) == (EXCLUSIVE, (ORDERS,), (ORDERS,))
    assert seen.rows_read[ORDERS] >= 100


def test_create_index_blocks_writers_only(each_major, database):
    seen = only(database, "CREATE INDEX ON orders (total)")
    assert seen.locks == {ORDERS: LockMode.SHARE}
    assert (seen.index_builds, seen.rewrites) == ((ORDERS,), ())


@pytest.mark.parametrize("in_transaction", [True, False], ids=["in a transaction", "by itself"])
def test_set_not_null_scans(each_major, database, in_transaction):
    seen = only(database, "ALTER TABLE orders ALTER COLUMN total SET NOT NULL", in_transaction=in_transaction)
    assert (seen.locks, seen.scans, seen.proofs) == (EXCLUSIVE, (ORDERS,), ())
    assert seen.held == (EXCLUSIVE if in_transaction else {})


def test_set_not_null_after_a_proof_does_not_scan(each_major, database):
    *_, seen = measure(
        database.connect,
        [
            "ALTER TABLE orders ADD CONSTRAINT given CHECK (total IS NOT NULL) NOT VALID",
            "ALTER TABLE orders VALIDATE CONSTRAINT given",
            "ALTER TABLE orders ALTER COLUMN total SET NOT NULL",
        ],
        in_transaction=False,
        setup=SHOP,
    )
    assert seen.scans == ()
    assert "sufficient to prove" in seen.proofs[0]


def test_validate_scans_under_a_weak_lock(each_major, database):
    added, validated = measure(
        database.connect,
        [
            "ALTER TABLE orders ADD CONSTRAINT bought FOREIGN KEY (customer_id) REFERENCES customers NOT VALID",
            "ALTER TABLE orders VALIDATE CONSTRAINT bought",
        ],
        in_transaction=False,
        setup=SHOP,
    )
    share_row_exclusive = LockMode.SHARE_ROW_EXCLUSIVE
    assert (added.locks, added.scans) == ({CUSTOMERS: share_row_exclusive, ORDERS: share_row_exclusive}, ())
    assert validated.locks == {CUSTOMERS: LockMode.ROW_SHARE, ORDERS: LockMode.SHARE_UPDATE_EXCLUSIVE}
    assert ORDERS in validated.scans


def test_locks_of_earlier_statements_are_held_and_not_counted_twice(each_major, database):
    first, second = measure(
        database.connect,
        ["ALTER TABLE orders ADD COLUMN state text", "ALTER TABLE orders VALIDATE CONSTRAINT positive"],
        in_transaction=True,
        setup=[*SHOP, "ALTER TABLE orders ADD CONSTRAINT positive CHECK (total >= 0) NOT VALID"],
    )
    assert first.locks == EXCLUSIVE
    assert second.held == EXCLUSIVE
    assert second.locks == {ORDERS: LockMode.SHARE_UPDATE_EXCLUSIVE}
    assert second.scans == (ORDERS,)


def test_index_locks_count_for_the_table(each_major, database):
    seen = only(database, "REINDEX INDEX orders_note")
    assert seen.locks == EXCLUSIVE
    assert seen.index_builds == (ORDERS,)


def test_what_cannot_run_in_a_transaction_fails_in_one(each_major, database):
    seen = only(database, "CREATE INDEX CONCURRENTLY ON orders (total)")
    assert seen.error is not None
    assert seen.error.code == "25001"


def test_what_cannot_run_in_a_transaction_is_sampled_by_itself(each_major, database):
    seen = only(database, "CREATE INDEX CONCURRENTLY ON orders (total)", in_transaction=False)
    assert seen.locks == {ORDERS: LockMode.SHARE_UPDATE_EXCLUSIVE}
    assert (seen.index_builds, seen.error, seen.in_transaction) == ((ORDERS,), None, False)


@pytest.mark.parametrize("statement", ["VACUUM FULL orders", "CLUSTER orders USING orders_note"])
def test_silent_rewrites_are_seen(each_major, database, statement):
    seen = only(database, statement, in_transaction=False)
    assert seen.locks == EXCLUSIVE
    assert seen.rewrites == (ORDERS,)


def test_truncate_writes_nothing(each_major, database):
    seen = only(database, "TRUNCATE orders")
    assert (seen.locks, seen.rewrites, seen.scans) == (EXCLUSIVE, (), ())


def test_a_copy_to_another_tablespace_is_not_a_rewrite(each_major, database):
    # The server makes the folder, where it makes its socket: we may be another user, or on another machine.
    ((name, socket_folder),) = database.execute("SELECT current_database(), current_setting('unix_socket_directories')")
    database.execute(f"COPY (SELECT) TO PROGRAM 'cat; mkdir {socket_folder}/{name}'")
    database.execute(f"CREATE TABLESPACE {name} LOCATION '{socket_folder}/{name}'")
    seen = only(database, f"ALTER TABLE orders SET TABLESPACE {name}")
    assert (seen.copies, seen.rewrites, seen.rows_read, seen.command) == ((ORDERS,), (), {}, "ALTER TABLE")
    database.execute("DROP TABLE orders")
    database.execute(f"DROP TABLESPACE {name}")
    database.execute(f"COPY (SELECT) TO PROGRAM 'cat; rmdir {socket_folder}/{name}'")


def test_drop_index_concurrently_does_not_lock_out_readers(each_major, database):
    seen = only(database, "DROP INDEX CONCURRENTLY orders_note", in_transaction=False)
    assert seen.error is None
    assert ORDERS in seen.locks


def test_a_lock_timeout_of_the_migration_does_not_end_what_is_sampled(each_major, database):
    _, seen, shown = measure(
        database.connect,
        [
            "SET lock_timeout = '5ms'",
            "VACUUM FULL orders",
            "SELECT set_config('a.b', current_setting('lock_timeout'), false)",
        ],
        in_transaction=False,
        setup=SHOP,
    )
    assert (seen.error, shown.error) == (None, None)
    assert seen.rewrites == (ORDERS,)


def test_bulk_changes_are_counted(each_major, database):
    seen = only(database, "UPDATE orders SET note = 'x' WHERE id <= 60")
    assert seen.locks == {ORDERS: LockMode.ROW_EXCLUSIVE}
    assert seen.rows_changed == {ORDERS: 60}


def test_what_is_new_or_temporary_is_not_looked_at(each_major, database):
    seen = measure(
        database.connect,
        [
            "CREATE TABLE invoices (id int)",
            "ALTER TABLE invoices ADD COLUMN order_id int NOT NULL",
            "CREATE TEMPORARY TABLE scratch AS SELECT 1 AS n",
            "DROP TABLE scratch",
        ],
        in_transaction=True,
        setup=SHOP,
    )
    assert [one.locks for one in seen] == [{}, {}, {}, {}]


def test_a_renamed_table_keeps_the_name_it_had(each_major, database):
    _, seen = measure(
        database.connect,
        ["ALTER TABLE orders RENAME TO purchases", "ALTER TABLE purchases ADD CHECK (total >= 0)"],
        in_transaction=False,
        setup=SHOP,
    )
    assert (seen.locks, seen.scans) == (EXCLUSIVE, (ORDERS,))


def test_tables_of_one_name_in_two_schemas_are_told_apart(each_major, database):
    (seen,) = measure(
        database.connect,
        ["ALTER TABLE archive.orders ADD CHECK (total >= 0)"],
        in_transaction=True,
        setup=[*SHOP, "CREATE SCHEMA archive", "CREATE TABLE archive.orders (total int)"],
    )
    assert seen.scans == ("archive.orders",)


def test_explicit_transactions_of_the_migration_are_followed(each_major, database):
    begin, added, committed, locked = measure(
        database.connect,
        ["BEGIN ISOLATION LEVEL SERIALIZABLE", "ALTER TABLE orders ADD COLUMN a int", "COMMIT", "LOCK TABLE orders"],
        in_transaction=False,
        setup=SHOP,
    )
    assert begin.error is None
    assert (added.held, added.in_transaction) == (EXCLUSIVE, True)
    assert committed.held == {}
    assert locked.error is not None
    assert locked.error.code == "25P01"


def test_set_transaction_may_come_first(each_major, database):
    seen = measure(
        database.connect,
        [
            "SET lock_timeout = '1s'",
            "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            "ALTER TABLE orders ADD COLUMN a int",
        ],
        in_transaction=True,
        setup=SHOP,
    )
    assert [one.error for one in seen] == [None, None, None]
    assert seen[2].locks == EXCLUSIVE


def test_quieter_messages_asked_for_by_the_migration_hide_nothing(each_major, database):
    _, seen = measure(
        database.connect,
        ["SET client_min_messages = error", "ALTER TABLE orders ALTER COLUMN total TYPE text"],
        in_transaction=True,
        setup=SHOP,
    )
    assert seen.rewrites == (ORDERS,)


def test_a_failure_ends_the_migration_and_says_why(each_major, database):
    seen = measure(
        database.connect,
        ["ALTER TABLE orders ADD COLUMN note text", "ALTER TABLE orders ADD COLUMN other text"],
        in_transaction=True,
        setup=SHOP,
    )
    (failed,) = seen
    assert failed.error is not None
    assert failed.error.code == "42701"
    assert 'column "note" of relation "orders" already exists' in failed.error.message


def test_a_failure_at_commit_is_told_of_the_last_statement(each_major, database):
    (failed,) = measure(
        database.connect,
        ["INSERT INTO orders (id, customer_id) VALUES (1000, 1000)"],
        in_transaction=True,
        setup=[
            *SHOP,
            "ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers DEFERRABLE INITIALLY DEFERRED",
        ],
    )
    assert failed.error is not None
    assert failed.error.code == "23503"


def test_a_transaction_left_open_is_rolled_back(each_major, database):
    measure(database.connect, ["BEGIN", "DROP TABLE orders"], in_transaction=False, setup=SHOP)
    assert database.execute("SELECT count(*) FROM orders") == [(100,)]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("ALTER TABLE orders ADD COLUMN a int", Blocked(reads={ORDERS}, writes={ORDERS}, rows={ORDERS})),
        ("CREATE INDEX ON orders (total)", Blocked(reads=set(), writes={ORDERS}, rows=set())),
        ("UPDATE orders SET note = 'x' WHERE id = 7", Blocked(reads=set(), writes=set(), rows={ORDERS})),
        ("REINDEX INDEX orders_note", Blocked(reads={ORDERS}, writes={ORDERS}, rows={ORDERS})),
        ("SELECT count(*) FROM orders", Blocked(reads=set(), writes=set(), rows=set())),
    ],
)
def test_other_sessions_are_seen_to_wait(each_major, database, statement, expected):
    assert blocked(database.connect, [statement], setup=SHOP) == expected
    assert database.execute("SELECT count(*) FROM orders WHERE note = 'x'") == [(0,)]


def test_a_setup_that_fails_is_one_sentence(database):
    with pytest.raises(ServerError, match="the server refused `CREATE TABLE orders`"):
        measure(database.connect, [], in_transaction=True, setup=["CREATE TABLE orders"])


def test_the_session_is_left_as_the_migration_left_it(database, session):
    measure(database.connect, ["CREATE TABLE done ()"], in_transaction=True)
    assert run(session, "SELECT count(*) FROM done") == [(0,)]
