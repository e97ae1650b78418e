"""The schema of a live server, of every major version, and of its dumps."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg
import pytest

from migrasafe.errors import ServerError
from migrasafe.postgres.catalog.introspect import load_schema
from migrasafe.postgres.connect import run
from migrasafe.postgres.server.binaries import find_binaries
from migrasafe.schema.compare import differences
from migrasafe.schema.load import schema_from_script
from migrasafe.schema.model import (
    BEFORE_HISTORY,
    Column,
    ColumnRef,
    EnumType,
    OtherType,
    Ref,
    RelationKind,
    Schema,
    Table,
)
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.sql.statements import ConstraintKind, TypeName
from tests.postgres.servers import Database

SHOP = """
CREATE TYPE status AS ENUM ('open', 'paid');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE customers (id serial PRIMARY KEY, email varchar(120) NOT NULL UNIQUE, note text DEFAULT 'none');
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer int NOT NULL REFERENCES customers ON DELETE CASCADE,
    status status DEFAULT 'open',
    quantity positive,
    total numeric(10, 2) CHECK (total >= 0)
);
CREATE INDEX orders_open ON orders (customer, abs(total)) INCLUDE (status) WHERE quantity > 1;
ALTER TABLE orders ADD CONSTRAINT cheap CHECK (total < 1000) NOT VALID;
CREATE VIEW open_orders AS SELECT o.id, c.email FROM orders o JOIN customers c ON c.id = o.customer WHERE o.total > 1;
CREATE MATERIALIZED VIEW totals AS SELECT customer, sum(total) AS total FROM orders GROUP BY customer;
CREATE FUNCTION twice(n int DEFAULT 1) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER touched BEFORE UPDATE OF total ON orders FOR EACH ROW WHEN (NEW.quantity > 0) EXECUTE FUNCTION touch();
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON orders FOR SELECT USING (customer = 1);
CREATE PUBLICATION changes FOR TABLE orders;
CREATE TABLE readings (at date NOT NULL, value int) PARTITION BY RANGE (at);
CREATE TABLE readings_2024 PARTITION OF readings FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
"""


def table(schema: Schema, name: str) -> Table:
    found = schema.table(Ref("public", name))
    assert found is not None
    return found


def column(schema: Schema, table_name: str, name: str) -> Column:
    found = table(schema, table_name).column(name)
    assert found is not None
    return found


@pytest.fixture
def shop(each_major: int, database: Database) -> Schema:
    database.execute(SHOP)
    return load_schema(database.connect())


def test_everything_is_complete_and_older_than_the_history(shop: Schema) -> None:
    assert shop.complete
    assert shop.search_path == ("public",)
    assert {relation.born for _, relation in shop.relations.items()} == {BEFORE_HISTORY}
    assert all(relation.complete for _, relation in shop.relations.items() if isinstance(relation, Table))


def test_columns_have_types_defaults_and_identity(shop: Schema) -> None:
    assert column(shop, "customers", "email").type == TypeName(name="varchar", modifiers=("120",))
    assert column(shop, "customers", "email").not_null
    note = column(shop, "customers", "note").default
    assert note is not None
    assert note.node["TypeCast"]["arg"]["A_Const"]["sval"]["sval"] == "none"
    identity = column(shop, "orders", "id").identity
    assert identity is not None
    assert identity.always
    assert column(shop, "orders", "status").type == TypeName(schema="public", name="status")


def test_constraints_have_targets_and_validity(shop: Schema) -> None:
    orders = table(shop, "orders")
    key = orders.constraint("orders_customer_fkey")
    assert key is not None
    assert (key.kind, key.target, key.target_columns) == (
        ConstraintKind.FOREIGN_KEY,
        Ref("public", "customers"),
        ("id",),
    )
    assert key.references is not None
    assert key.references.on_delete == "CASCADE"
    cheap = orders.constraint("cheap")
    assert cheap is not None
    assert (cheap.valid, cheap.columns) == (False, ("total",))
    assert cheap.expression is not None


def test_indexes_say_what_they_cover(shop: Schema) -> None:
    index = shop.index(Ref("public", "orders_open"))
    assert index is not None
    assert index.reads == {"customer", "status", "total", "quantity"}
    assert index.elements[0].column == "customer"
    assert index.elements[1].expression is not None
    assert index.predicate is not None
    assert index.valid


def test_a_failed_concurrent_index_is_not_valid(each_major: int, database: Database) -> None:
    session = database.connect()
    run(session, "CREATE TABLE twins (a int)")
    run(session, "INSERT INTO twins VALUES (1), (1)")
    with pytest.raises(psycopg.errors.UniqueViolation):
        run(session, "CREATE UNIQUE INDEX CONCURRENTLY once ON twins (a)")
    index = load_schema(session).index(Ref("public", "once"))
    assert index is not None
    assert not index.valid


def test_views_read_columns(shop: Schema) -> None:
    view = shop.view(Ref("public", "open_orders"))
    assert view is not None
    orders, customers = Ref("public", "orders"), Ref("public", "customers")
    assert {read for read in view.reads if read.column is not None} == {
        ColumnRef(orders, "id"),
        ColumnRef(orders, "customer"),
        ColumnRef(orders, "total"),
        ColumnRef(customers, "id"),
        ColumnRef(customers, "email"),
    }
    assert view.columns == ("id", "email")
    assert Ref("public", "open_orders") in shop.dependents_of(orders)


def test_triggers_policies_and_publications_are_there(shop: Schema) -> None:
    orders = table(shop, "orders")
    assert [(t.name, t.function, t.timing, t.columns) for t in orders.triggers] == [
        ("touched", Ref("public", "touch"), "before", ("total",))
    ]
    assert orders.triggers[0].reads == {"total", "quantity"}
    assert [(p.name, p.command, p.reads) for p in orders.policies] == [("own", "select", {"customer"})]
    assert orders.row_security
    assert shop.publications["changes"].tables == (orders.ref,)


def test_partitions_know_each_other(shop: Schema) -> None:
    parent, child = table(shop, "readings"), table(shop, "readings_2024")
    assert parent.kind is RelationKind.PARTITIONED_TABLE
    assert parent.partition_by is not None
    assert parent.partition_by.columns == ("at",)
    assert (parent.partitions, child.partition_of) == ((child.ref,), parent.ref)
    assert child.bound is not None
    assert child.bound.strategy == "range"


def test_functions_have_volatility_and_defaults(shop: Schema) -> None:
    (twice,) = shop.functions[Ref("public", "twice")]
    assert (twice.volatility, twice.language, len(twice.arguments)) == ("immutable", "sql", 1)
    assert twice.arguments[0].default is not None


def test_row_counts_are_those_of_the_last_analyze(each_major: int, database: Database) -> None:
    session = database.connect()
    run(session, "CREATE TABLE counted AS SELECT generate_series(1, 1000) AS n")
    run(session, "CREATE TABLE never_counted (n int)")
    run(session, "ANALYZE counted")
    schema = load_schema(session)
    assert table(schema, "counted").rows == 1000
    assert table(schema, "never_counted").rows is None


def test_the_session_keeps_its_settings_and_its_transaction(database: Database) -> None:
    session = database.connect()
    run(session, "SET search_path = app, public")
    assert load_schema(session).search_path == ("app", "public")
    run(session, "BEGIN")
    run(session, "CREATE TABLE seen_in_transaction (id int)")
    assert load_schema(session).table(Ref("public", "seen_in_transaction")) is not None
    assert run(session, "SHOW search_path") == [("app, public",)]
    run(session, "ROLLBACK")


def test_extensions_leave_only_their_types(database: Database) -> None:
    session = database.connect()
    available = run(session, "SELECT 1 FROM pg_available_extensions WHERE name = 'citext'")
    if not available:  # an embedded server without contrib: nothing to leave out
        assert dict(load_schema(session).extensions.items()) == {}
        return
    run(session, "CREATE EXTENSION citext")
    schema = load_schema(session)
    assert dict(schema.extensions.items()) == {"citext": BEFORE_HISTORY}
    assert schema.types[Ref("public", "citext")] == OtherType(ref=Ref("public", "citext"), kind="extension")
    assert dict(schema.functions.items()) == {}


def test_a_closed_connection_is_one_sentence(database: Database) -> None:
    session = database.connect()
    session.close()
    with pytest.raises(ServerError, match="the catalog of the server cannot be read: the connection is closed"):
        load_schema(session)


# --- dumps ------------------------------------------------------------------------------------------------------------


def newest_pg_dump() -> Path:
    """pg_dump reads all older servers, so the newest there is will do for each."""
    found = [(one.major, one.folder / "pg_dump") for one in find_binaries() if (one.folder / "pg_dump").exists()]
    return max(found)[1]


def dump(dsn: str) -> Schema:
    command = [str(newest_pg_dump()), "--schema-only", "--dbname", dsn]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return schema_from_script(read_script(Source(path="dump.sql", text=text)))


def test_a_dump_gives_the_schema_of_the_server(each_major: int, database: Database) -> None:
    database.execute(SHOP)
    dumped = dump(database.dsn)
    assert dumped.complete
    assert dumped.search_path == ("public",)
    assert dumped.types[Ref("public", "status")] == EnumType(ref=Ref("public", "status"), labels=("open", "paid"))
    assert differences(dumped, load_schema(database.connect())) == ()


SCRIPTS = ("access_and_blocks", "indexes", "types_and_functions", "views_and_names")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_dump_of_every_script_gives_the_schema_of_the_server(name: str, database: Database) -> None:
    path = Path(__file__).parent / "evolve_scripts" / f"{name}.sql"
    script = read_script(Source(path=str(path), text=path.read_text(encoding="utf-8")))
    session = database.connect()
    for statement in script.statements:
        run(session, script.source.text[statement.span.start : statement.span.end])
    found = differences(dump(database.dsn), load_schema(session))
    # The columns of an index keep the names that the table's columns had once; an index that a dump makes has today's.
    assert [one for one in found if ": column names " not in one] == []
