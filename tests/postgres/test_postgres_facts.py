"""Facts about PostgreSQL that surprise, and that rules stand on: each is shown on every major version that is here."""

from __future__ import annotations

import threading

import psycopg
import pytest

from migrasafe.locks import LockMode
from migrasafe.postgres.connect import run
from migrasafe.postgres.watch.observed import Observed
from migrasafe.postgres.watch.relations import read_locks
from migrasafe.postgres.watch.watch_locks import blocked, measure
from tests.postgres.clusters import eventually
from tests.postgres.servers import Database

ORDERS, CUSTOMERS = "public.orders", "public.customers"
ACCESS_EXCLUSIVE = LockMode.ACCESS_EXCLUSIVE
SHARE_ROW_EXCLUSIVE = LockMode.SHARE_ROW_EXCLUSIVE
SHARE_UPDATE_EXCLUSIVE = LockMode.SHARE_UPDATE_EXCLUSIVE

SHOP = (
    "CREATE TABLE customers (id int PRIMARY KEY)",
    "INSERT INTO customers SELECT generate_series(1, 50)",
    "CREATE TABLE orders (id int, customer_id int, total int, note varchar(50), made timestamp)",
    "INSERT INTO orders SELECT n, n, n, n, '2024-01-01' FROM generate_series(1, 50) AS n",
)
EVENTS = (
    "CREATE TABLE events (day int NOT NULL) PARTITION BY RANGE (day)",
    "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (100)",
    "INSERT INTO events SELECT generate_series(0, 49)",
    "CREATE TABLE events_2 (day int NOT NULL)",
)
WITH_DEFAULT_PARTITION = (
    "CREATE TABLE events_rest PARTITION OF events DEFAULT",
    "INSERT INTO events SELECT generate_series(500, 549)",
)


def only(database: Database, statement: str, *setup: str, in_transaction: bool = True) -> Observed:
    """Run one statement on the shop."""
    (seen,) = measure(database.connect, [statement], in_transaction=in_transaction, setup=[*SHOP, *setup])
    assert seen.error is None
    return seen


def together(database: Database, *statements: str, setup: tuple[str, ...] = ()) -> tuple[Observed, ...]:
    """Run statements in one transaction on the shop."""
    return measure(database.connect, statements, in_transaction=True, setup=[*SHOP, *setup])


def does_nothing(seen: Observed) -> bool:
    return not (seen.rewrites or seen.scans or seen.index_builds)


def test_fact_1_a_new_nullable_column_with_a_foreign_key_is_not_scanned(each_major, database):
    seen = only(database, "ALTER TABLE orders ADD COLUMN buyer int REFERENCES customers")
    assert does_nothing(seen)
    assert seen.locks == {ORDERS: ACCESS_EXCLUSIVE, CUSTOMERS: SHARE_ROW_EXCLUSIVE}


def test_fact_1_with_a_default_it_is_scanned(each_major, database):
    seen = only(database, "ALTER TABLE orders ADD COLUMN buyer int DEFAULT 1 REFERENCES customers")
    assert ORDERS in seen.scans


@pytest.mark.parametrize("column", ["int CHECK (extra > 0)", "int NOT NULL DEFAULT 1 CHECK (extra > 0)"])
def test_fact_2_a_new_column_with_a_check_scans(each_major, database, column):
    seen = only(database, f"ALTER TABLE orders ADD COLUMN extra {column}")
    assert (seen.scans, seen.rewrites) == ((ORDERS,), ())
    assert seen.locks == {ORDERS: ACCESS_EXCLUSIVE}


@pytest.mark.parametrize(
    ("domain", "column"),
    [
        ("CHECK (VALUE > 0)", "positive"),
        ("CHECK (VALUE > 0)", "positive DEFAULT 1"),
        ("NOT NULL", "positive DEFAULT 1"),
    ],
)
def test_fact_3_a_new_column_of_a_constrained_domain_rewrites(each_major, database, domain, column):
    seen = only(database, f"ALTER TABLE orders ADD COLUMN extra {column}", f"CREATE DOMAIN positive AS int {domain}")
    assert seen.rewrites == (ORDERS,)


def test_fact_4_validating_a_domain_constraint_blocks_writes(each_major, database):
    seen = only(
        database,
        "ALTER DOMAIN positive VALIDATE CONSTRAINT is_positive",
        "CREATE DOMAIN positive AS int",
        "ALTER TABLE orders ALTER COLUMN total TYPE positive",
        "ALTER DOMAIN positive ADD CONSTRAINT is_positive CHECK (VALUE > 0) NOT VALID",
    )
    assert (seen.locks, seen.scans) == ({ORDERS: LockMode.SHARE}, (ORDERS,))


WIDEN = "ALTER TABLE orders ALTER COLUMN note TYPE varchar(100)"


def test_fact_5_widening_a_varchar_with_a_check_scans(each_major, database):
    seen = only(database, WIDEN, "ALTER TABLE orders ADD CHECK (note <> '')")
    assert (seen.scans, seen.index_builds) == ((ORDERS,), ())


@pytest.mark.parametrize("index", ["(id) WHERE note <> ''", "(lower(note))"])
def test_fact_5_widening_a_varchar_in_an_expression_builds_the_index_anew(each_major, database, index):
    seen = only(database, WIDEN, f"CREATE INDEX ON orders {index}")
    assert (seen.index_builds, seen.rewrites) == ((ORDERS,), ())
    assert seen.locks == {ORDERS: ACCESS_EXCLUSIVE}


def test_fact_5_widening_a_varchar_keeps_plain_indexes_and_foreign_keys(each_major, database):
    seen = only(
        database,
        WIDEN,
        "ALTER TABLE orders ADD UNIQUE (note)",
        "CREATE INDEX ON orders (note)",
        "CREATE TABLE remarks (note varchar(50) REFERENCES orders (note))",
    )
    assert does_nothing(seen)


def test_fact_6_another_collation_or_citext_keeps_the_rows_and_builds_the_indexes_anew(each_major, database):
    types = ['text COLLATE "POSIX"']
    if database.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'citext'"):
        types.append("citext")
        database.execute("CREATE EXTENSION citext")
    for number, new_type in enumerate(types):
        table = f"names_{number}"
        (seen,) = measure(
            database.connect,
            [f"ALTER TABLE {table} ALTER COLUMN name TYPE {new_type}"],
            in_transaction=True,
            setup=[f"CREATE TABLE {table} (name varchar)", f"CREATE INDEX ON {table} (name)"],
        )
        assert (seen.rewrites, seen.index_builds) == ((), (f"public.{table}",)), new_type
        assert seen.locks == {f"public.{table}": ACCESS_EXCLUSIVE}


def test_fact_7_a_cast_that_says_what_is_the_case_costs_nothing(each_major, database):
    assert does_nothing(only(database, "ALTER TABLE orders ALTER COLUMN note TYPE text USING note::text"))


def test_fact_7_at_time_zone_rewrites_what_the_plain_change_does_not(each_major, database):
    _, plain = together(database, "SET LOCAL timezone = 'UTC'", "ALTER TABLE orders ALTER COLUMN made TYPE timestamptz")
    assert does_nothing(plain)
    database.execute("DROP TABLE orders, customers")
    _, spelled_out = together(
        database,
        "SET LOCAL timezone = 'UTC'",
        "ALTER TABLE orders ALTER COLUMN made TYPE timestamptz USING made AT TIME ZONE 'UTC'",
    )
    assert spelled_out.rewrites == (ORDERS,)


@pytest.mark.parametrize("statement", ["REINDEX INDEX orders_total", "REINDEX TABLE orders"])
def test_fact_8_reindex_blocks_readers(each_major, database, statement):
    seen = blocked(database.connect, [statement], setup=[*SHOP, "CREATE INDEX orders_total ON orders (total)"])
    assert seen.reads == {ORDERS}


def test_fact_9_a_volatile_default_that_inlines_to_an_immutable_one_does_not_rewrite(each_major, database):
    inlined = only(
        database,
        "ALTER TABLE orders ADD COLUMN extra int DEFAULT one()",
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    )
    assert does_nothing(inlined)
    database.execute("DROP TABLE orders, customers")
    opaque = only(
        database,
        "ALTER TABLE orders ADD COLUMN extra int DEFAULT two()",
        "CREATE FUNCTION two() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 2; END'",
    )
    assert opaque.rewrites == (ORDERS,)


def test_fact_10_set_not_null_scans_also_a_column_that_was_just_filled_by_its_default(each_major, database):
    _, seen = together(
        database,
        "ALTER TABLE orders ADD COLUMN extra int DEFAULT 1",
        "ALTER TABLE orders ALTER COLUMN extra SET NOT NULL",
    )
    assert seen.scans == (ORDERS,)


@pytest.mark.parametrize(
    ("check", "proves"),
    [("total IS NOT NULL AND total >= 0", True), ("total IS NOT NULL", True), ("total >= 0", False)],
)
def test_fact_10_only_a_check_that_says_not_null_proves_it(each_major, database, check, proves):
    set_not_null = "ALTER TABLE orders ALTER COLUMN total SET NOT NULL"
    seen = only(database, set_not_null, f"ALTER TABLE orders ADD CHECK ({check})")
    assert bool(seen.proofs) is proves
    assert seen.scans == (() if proves else (ORDERS,))


@pytest.mark.since(18)
def test_fact_11_set_not_null_validates_a_not_null_constraint_that_was_not_valid(each_major, database):
    seen = only(
        database,
        "ALTER TABLE orders ALTER COLUMN total SET NOT NULL",
        "ALTER TABLE orders ADD CONSTRAINT given NOT NULL total NOT VALID",
    )
    assert (seen.locks, seen.scans) == ({ORDERS: ACCESS_EXCLUSIVE}, (ORDERS,))


@pytest.mark.since(18)
def test_fact_11_a_virtual_generated_column_is_free_unless_it_is_not_null(each_major, database):
    column = "ALTER TABLE orders ADD COLUMN doubled int GENERATED ALWAYS AS (total * 2) VIRTUAL"
    assert does_nothing(only(database, column))
    database.execute("DROP TABLE orders, customers")
    assert only(database, f"{column} NOT NULL").scans == (ORDERS,)


@pytest.mark.since(18)
def test_fact_11_enforcing_a_foreign_key_scans_under_the_strongest_lock(each_major, database):
    seen = only(
        database,
        "ALTER TABLE orders ALTER CONSTRAINT bought ENFORCED",
        "ALTER TABLE orders ADD CONSTRAINT bought FOREIGN KEY (customer_id) REFERENCES customers NOT ENFORCED",
    )
    assert seen.locks == {ORDERS: ACCESS_EXCLUSIVE, CUSTOMERS: SHARE_ROW_EXCLUSIVE}
    assert ORDERS in seen.scans


NOT_VALID = ("ALTER TABLE orders ADD CONSTRAINT given CHECK (total IS NOT NULL) NOT VALID",)
VALIDATE = "ALTER TABLE orders VALIDATE CONSTRAINT given"


def test_fact_12_validate_and_then_set_not_null_in_one_transaction_scans_under_a_weak_lock(each_major, database):
    validate, set_not_null = together(
        database, VALIDATE, "ALTER TABLE orders ALTER COLUMN total SET NOT NULL", setup=NOT_VALID
    )
    assert (validate.scans, validate.held) == ((ORDERS,), {ORDERS: SHARE_UPDATE_EXCLUSIVE})
    assert (set_not_null.scans, set_not_null.held) == ((), {ORDERS: ACCESS_EXCLUSIVE})


@pytest.mark.parametrize("table", [ORDERS, CUSTOMERS])
def test_fact_12_the_other_way_round_it_scans_under_the_strongest_lock(each_major, database, table):
    _, validate = together(database, f"ALTER TABLE {table} ADD COLUMN extra int", VALIDATE, setup=NOT_VALID)
    assert validate.scans == (ORDERS,)
    assert validate.held[table] is ACCESS_EXCLUSIVE


@pytest.mark.parametrize(
    "statement",
    ["DROP TABLE orders", "ALTER TABLE orders DROP CONSTRAINT bought", "ALTER TABLE orders DROP COLUMN customer_id"],
)
def test_fact_13_dropping_a_foreign_key_locks_out_readers_of_its_target(each_major, database, statement):
    foreign_key = "ALTER TABLE orders ADD CONSTRAINT bought FOREIGN KEY (customer_id) REFERENCES customers"
    seen = only(database, statement, foreign_key)
    assert seen.locks == {ORDERS: ACCESS_EXCLUSIVE, CUSTOMERS: ACCESS_EXCLUSIVE}


def test_fact_13_a_new_table_with_a_foreign_key_locks_its_target_while_it_is_loaded(each_major, database):
    create, load = together(
        database,
        "CREATE TABLE invoices (customer_id int REFERENCES customers)",
        "INSERT INTO invoices SELECT customer_id FROM orders",
    )
    assert create.locks == {CUSTOMERS: SHARE_ROW_EXCLUSIVE}
    assert load.held[CUSTOMERS] is SHARE_ROW_EXCLUSIVE


NEW_PARTITION = "CREATE TABLE events_3 PARTITION OF events FOR VALUES FROM (200) TO (300)"
ATTACH = "ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM (100) TO (200)"


def test_fact_14_a_new_partition_locks_out_readers_and_an_attached_one_does_not(each_major, database):
    created = only(database, NEW_PARTITION, *EVENTS)
    assert created.locks == {"public.events": ACCESS_EXCLUSIVE}
    attached = measure(database.connect, [ATTACH], in_transaction=True)[0]
    assert attached.locks == {"public.events": SHARE_UPDATE_EXCLUSIVE, "public.events_2": ACCESS_EXCLUSIVE}


@pytest.mark.parametrize("statement", [NEW_PARTITION, ATTACH])
def test_fact_14_with_a_default_partition_both_scan_it_and_block_readers(each_major, database, statement):
    setup = [*EVENTS, *WITH_DEFAULT_PARTITION]
    assert "public.events" in blocked(database.connect, [statement], setup=setup).reads
    (seen,) = measure(database.connect, [statement], in_transaction=True)
    assert seen.locks["public.events_rest"] is ACCESS_EXCLUSIVE
    assert "public.events_rest" in seen.scans


def test_fact_15_a_value_added_to_a_type_of_the_same_transaction_can_be_used_since_17(each_major, database):
    *_, used = together(
        database,
        "CREATE TYPE mood AS ENUM ('ok')",
        "ALTER TYPE mood ADD VALUE 'great'",
        "SELECT 'great'::mood",
    )
    assert (used.error.code if used.error else None) == ("55P04" if each_major < 17 else None)


def test_fact_16_a_not_valid_foreign_key_of_a_partitioned_table_is_possible_since_18(each_major, database):
    (seen,) = measure(
        database.connect,
        ["ALTER TABLE events ADD FOREIGN KEY (day) REFERENCES customers NOT VALID"],
        in_transaction=True,
        setup=[*SHOP, *EVENTS],
    )
    assert (seen.error.code if seen.error else None) == ("42809" if each_major < 18 else None)


def test_fact_16_reindex_of_a_partitioned_table_does_nothing_before_14(each_major, database):
    seen = only(database, "REINDEX TABLE events", *EVENTS, "CREATE INDEX ON events (day)", in_transaction=False)
    assert seen.index_builds == (() if each_major < 14 else ("public.events_1",))


@pytest.mark.parametrize(
    "action",
    [
        "ADD COLUMN IF NOT EXISTS total int",
        "ALTER COLUMN id SET NOT NULL",
        "SET WITHOUT OIDS",
        "SET TABLESPACE pg_default",
    ],
)
def test_fact_17_what_changes_nothing_takes_the_strongest_lock_all_the_same(each_major, database, action):
    seen = only(database, f"ALTER TABLE orders {action}", "ALTER TABLE orders ALTER COLUMN id SET NOT NULL")
    assert does_nothing(seen)
    assert seen.locks == {ORDERS: ACCESS_EXCLUSIVE}


def test_fact_18_an_array_of_varchar_is_rewritten_to_become_one_of_text(each_major, database):
    arrays = only(
        database,
        "ALTER TABLE orders ALTER COLUMN tags TYPE text[]",
        "ALTER TABLE orders ADD COLUMN tags varchar(20)[]",
    )
    assert arrays.rewrites == (ORDERS,)
    (plain,) = measure(database.connect, ["ALTER TABLE orders ALTER COLUMN note TYPE text"], in_transaction=True)
    assert does_nothing(plain)


@pytest.mark.parametrize(
    ("query", "change", "breaks"),
    [
        ("SELECT * FROM orders", "ADD COLUMN extra int", True),
        ("INSERT INTO orders VALUES (99) RETURNING *", "ADD COLUMN extra int", True),
        ("SELECT id, note FROM orders", "ADD COLUMN extra int", False),
        ("SELECT note FROM orders", "ALTER COLUMN note TYPE varchar(100)", True),
        ("SELECT note FROM orders", "ALTER COLUMN note TYPE text", True),
        ("SELECT price FROM orders", "ALTER COLUMN price TYPE numeric(14,2)", True),
        ("SELECT id FROM orders", "ALTER COLUMN note TYPE text", False),
    ],
)
def test_fact_19_prepared_statements_break(each_major, database, session, second_session, query, change, breaks):
    for statement in (*SHOP, "ALTER TABLE orders ADD COLUMN price numeric(10,2)"):
        run(session, statement)
    run(session, f"PREPARE app AS {query}")
    run(session, "EXECUTE app")
    run(second_session, f"ALTER TABLE orders {change}")
    if not breaks:
        run(session, "EXECUTE app")
        return
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="cached plan must not change result type"):
        run(session, "EXECUTE app")


@pytest.mark.since(14)
def test_fact_20_detach_concurrently_waits_for_readers_of_the_partition(each_major, database, session, second_session):
    for statement in EVENTS:
        run(session, statement)
    run(session, "BEGIN")
    run(session, "SELECT count(*) FROM events_1")
    detacher, watcher = database.connect(), second_session
    detach = "ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY"
    detaching = threading.Thread(target=detacher.execute, args=(detach,))
    detaching.start()
    partition = run(watcher, "SELECT 'events_1'::regclass::oid")[0][0]
    eventually(
        lambda: (partition, ACCESS_EXCLUSIVE) in read_locks(watcher, detacher.info.backend_pid),
        "it asks for ACCESS EXCLUSIVE on the partition",
    )
    run(session, "COMMIT")
    detaching.join(timeout=60)
    assert run(watcher, "SELECT count(*) FROM pg_inherits") == [(0,)]


def test_fact_20_reindex_concurrently_lets_writers_through(each_major, database):
    index = "CREATE INDEX orders_total ON orders (total)"
    seen = only(database, "REINDEX INDEX CONCURRENTLY orders_total", index, in_transaction=False)
    assert seen.index_builds == (ORDERS,)
    assert seen.locks[ORDERS] in {SHARE_UPDATE_EXCLUSIVE, ACCESS_EXCLUSIVE}  # on the old index, for an instant


def test_fact_21_set_storage_takes_the_strongest_lock(each_major, database):
    seen = only(database, "ALTER TABLE orders ALTER COLUMN note SET STORAGE EXTERNAL")
    assert seen.locks == {ORDERS: ACCESS_EXCLUSIVE}


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE orders CLUSTER ON orders_total",
        "ALTER TABLE orders ALTER COLUMN total SET STATISTICS 500",
        "ALTER TABLE orders SET (fillfactor = 80)",
        "COMMENT ON TABLE orders IS 'what customers bought'",
        "ALTER TABLE old_orders INHERIT orders",
    ],
)
def test_fact_21_these_let_readers_and_writers_through(each_major, database, statement):
    seen = only(
        database,
        statement,
        "CREATE INDEX orders_total ON orders (total)",
        "CREATE TABLE old_orders (LIKE orders)",
    )
    assert seen.locks[ORDERS] is SHARE_UPDATE_EXCLUSIVE
