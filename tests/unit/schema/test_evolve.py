"""What a statement makes of the schema; that it is what a server makes of it is proved in tests/postgres."""

from __future__ import annotations

import inspect

import pytest

from migrasafe.schema.evolve import HANDLED, evolve, with_search_path
from migrasafe.schema.evolve.alter import HANDLED_ACTIONS
from migrasafe.schema.model import BEFORE_HISTORY, ColumnRef, EnumType, Moment, Ref, RelationKind, Schema
from migrasafe.sql import statements
from migrasafe.sql.parse import parse_statement
from migrasafe.sql.statements import Action, Dml, Statement, TypeName
from tests.unit.schema.histories import (
    after,
    column,
    column_names,
    constraint,
    constraint_names,
    index,
    ref,
    sequence,
    table,
    view,
)


def kinds(base: type) -> set[type]:
    found = {one for _, one in inspect.getmembers(statements, inspect.isclass) if issubclass(one, base)}
    return found - {base}


def test_every_kind_of_statement_is_handled_or_known_to_change_nothing() -> None:
    assert kinds(Statement) - {Dml} == set(HANDLED) - {Dml}


def test_every_action_of_alter_table_is_handled_or_known_to_change_nothing() -> None:
    assert kinds(Action) == set(HANDLED_ACTIONS)


# --- values -----------------------------------------------------------------------------------------------------------


def test_the_schema_before_stays_as_it_was() -> None:
    before = after("CREATE TABLE orders (id int)")
    later = after("ALTER TABLE orders ADD COLUMN note text; DROP TABLE orders", before)
    assert column_names(before, "orders") == ["id"]
    assert later.table(ref("orders")) is None


@pytest.mark.parametrize(
    "sql", ["SELECT 1", "INSERT INTO orders VALUES (1)", "SET lock_timeout = '1s'", "nonsense here"]
)
def test_a_statement_that_changes_nothing_gives_the_same_value(sql: str) -> None:
    schema = after("CREATE TABLE orders (id int)")
    assert evolve(schema, parse_statement(sql), Moment(0, 0, 1)) is schema


def test_an_object_knows_when_it_was_made() -> None:
    schema = after("CREATE TABLE orders (id int); CREATE INDEX by_id ON orders (id); ALTER TABLE orders ADD note text")
    assert table(schema, "orders").born == Moment(0, 0, 0)
    assert index(schema, "by_id").born == Moment(0, 0, 1)
    assert column(schema, "orders", "note").born == Moment(0, 0, 2)
    assert column(schema, "orders", "id").born == Moment(0, 0, 0)


def test_a_new_enum_label_knows_when_it_was_added() -> None:
    schema = after("CREATE TYPE mood AS ENUM ('sad'); ALTER TYPE mood ADD VALUE 'ok'")
    mood = schema.types[ref("mood")]
    assert isinstance(mood, EnumType)
    assert mood.labels == ("sad", "ok")
    assert mood.label_born == (("ok", Moment(0, 0, 1)),)


def test_a_replaced_view_or_function_keeps_its_age() -> None:
    schema = after(
        """
        CREATE VIEW one AS SELECT 1 AS a;
        CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE OR REPLACE VIEW one AS SELECT 1 AS a, 2 AS b;
        CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2';
        """
    )
    assert view(schema, "one").born == Moment(0, 0, 0)
    assert view(schema, "one").columns == ("a", "b")
    (function,) = schema.functions[ref("f")]
    assert (function.born, function.source_text) == (Moment(0, 0, 1), "SELECT 2")


# --- what was never seen ----------------------------------------------------------------------------------------------


def test_a_table_never_seen_is_assumed_with_what_the_statement_tells() -> None:
    schema = after(
        "ALTER TABLE orders ADD COLUMN note text, ALTER COLUMN total TYPE bigint; CREATE INDEX ON orders (total)"
    )
    orders = table(schema, "orders")
    assert (orders.complete, orders.born) == (False, BEFORE_HISTORY)
    assert column(schema, "orders", "note").born == Moment(0, 0, 0)
    assert column(schema, "orders", "total").type == TypeName(name="int8")
    assert column(schema, "orders", "total").born == BEFORE_HISTORY
    assert orders.indexes == (ref("orders_total_idx"),)


def test_nothing_is_assumed_where_everything_was_seen() -> None:
    schema = after("ALTER TABLE orders ADD COLUMN note text; ALTER TABLE orders RENAME TO sales", Schema(complete=True))
    assert dict(schema.relations.items()) == {}


def test_a_renamed_table_that_was_never_seen_is_known_by_its_new_name() -> None:
    schema = after("ALTER TABLE orders RENAME TO sales")
    assert schema.table(ref("orders")) is None
    assert not table(schema, "sales").complete


def test_tables_of_the_system_are_never_assumed() -> None:
    assert dict(after("ALTER TABLE pg_catalog.pg_class ADD COLUMN a int").relations.items()) == {}


# --- IF NOT EXISTS, IF EXISTS, DO -------------------------------------------------------------------------------------


def test_if_not_exists_changes_nothing_that_is_there() -> None:
    schema = after(
        """
        CREATE TABLE orders (id int);
        CREATE TABLE IF NOT EXISTS orders (other text);
        ALTER TABLE orders ADD COLUMN IF NOT EXISTS id bigint;
        CREATE INDEX one ON orders (id);
        CREATE INDEX IF NOT EXISTS one ON orders (other);
        """
    )
    assert column_names(schema, "orders") == ["id"]
    assert column(schema, "orders", "id").type == TypeName(name="int4")
    assert index(schema, "one").reads == {"id"}


def test_a_guarded_block_ends_with_the_object_there() -> None:
    schema = after(
        """
        CREATE TABLE kept (id int);
        DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_class WHERE relname = 'made') THEN CREATE TABLE made (id int); END IF;
            IF NOT EXISTS (SELECT FROM pg_class WHERE relname = 'kept') THEN CREATE TABLE kept (other text); END IF;
        END $$;
        """
    )
    assert column_names(schema, "made") == ["id"]
    assert column_names(schema, "kept") == ["id"]


def test_a_statement_inside_a_block_can_be_evolved_by_itself() -> None:
    schema = after("CREATE TABLE kept (id int)")
    statement = parse_statement("CREATE TABLE kept (other text)")
    assert column_names(evolve(schema, statement, Moment(0, 0, 1), guarded=True), "kept") == ["id"]
    assert column_names(evolve(schema, statement, Moment(0, 0, 1)), "kept") == ["other"]


# --- names ------------------------------------------------------------------------------------------------------------


def test_the_search_path_decides_where_a_name_is_made_and_looked_up() -> None:
    schema = after(
        "SET search_path TO app, public; CREATE TABLE orders (id int); RESET search_path; CREATE TABLE orders (n int)"
    )
    assert column_names(schema, "app.orders") == ["id"]
    assert column_names(schema, "public.orders") == ["n"]
    assert schema.search_path == ("public",)


def test_set_config_is_a_search_path_too() -> None:
    schema = after("SELECT pg_catalog.set_config('search_path', 'app, \"Old Data\"', false)")
    assert schema.search_path == ("app", "Old Data")
    assert with_search_path(schema, ("public",)).search_path == ("public",)


def test_an_empty_search_path_is_empty() -> None:
    assert after("SELECT pg_catalog.set_config('search_path', '', false)").search_path == ()


def test_a_temporary_table_hides_the_permanent_one() -> None:
    schema = after(
        """
        CREATE TABLE orders (id int);
        CREATE TEMP TABLE orders (t int);
        ALTER TABLE orders ADD COLUMN u int;
        ALTER TABLE public.orders ADD COLUMN v int;
        """
    )
    assert column_names(schema, "pg_temp.orders") == ["t", "u"]
    assert column_names(schema, "public.orders") == ["id", "v"]
    assert schema.resolve(None, "orders") == Ref("pg_temp", "orders")


def test_a_user_defined_type_is_kept_under_its_full_name() -> None:
    schema = after("CREATE TYPE mood AS ENUM (); CREATE TABLE t (a mood, b mood[], c citext, d app.kind)")
    assert [one.type and one.type.schema for one in table(schema, "t").columns] == ["public", "public", None, "app"]


# --- what follows what ------------------------------------------------------------------------------------------------

SHOP = """
CREATE TABLE customers (id int PRIMARY KEY, email text, name text);
CREATE TABLE orders (
    id serial PRIMARY KEY, customer int REFERENCES customers, total int CHECK (total > 0 AND total IS NOT NULL)
);
CREATE INDEX big ON orders (abs(total)) WHERE total > 1;
CREATE VIEW spent AS SELECT c.email, sum(o.total) AS total FROM customers c JOIN orders o ON o.customer = c.id GROUP BY 1;
CREATE VIEW top AS SELECT email FROM spent WHERE total > 100;
"""


def test_a_renamed_column_is_followed_everywhere() -> None:
    schema = after(SHOP + "ALTER TABLE orders RENAME total TO amount; ALTER TABLE customers RENAME id TO key")
    check = constraint(schema, "orders", "orders_total_check")
    assert check.columns == ("amount",)
    assert "total" not in str(check.expression and check.expression.node)
    assert index(schema, "big").reads == {"amount"}
    assert "total" not in str(index(schema, "big").predicate and index(schema, "big").predicate)
    assert constraint(schema, "orders", "orders_customer_fkey").target_columns == ("key",)
    assert ColumnRef(ref("orders"), "amount") in view(schema, "spent").reads
    assert view(schema, "spent").columns == ("email", "total")


def test_a_renamed_table_is_followed_everywhere() -> None:
    schema = after(SHOP + "ALTER TABLE orders RENAME TO sales; ALTER TABLE customers RENAME TO clients")
    assert constraint(schema, "sales", "orders_customer_fkey").target == ref("clients")
    assert index(schema, "big").table == ref("sales")
    assert sequence(schema, "orders_id_seq").owned_by == ColumnRef(ref("sales"), "id")
    assert {read.relation for read in view(schema, "spent").reads} == {ref("sales"), ref("clients")}
    assert ref("spent") in schema.dependents_of(ref("sales"))
    assert schema.dependents_of(ref("orders")) == frozenset()


def test_a_dropped_column_takes_its_indexes_constraints_and_views() -> None:
    schema = after(SHOP + "ALTER TABLE orders DROP COLUMN total CASCADE")
    assert constraint_names(schema, "orders") == {"orders_pkey", "orders_customer_fkey"}
    assert schema.index(ref("big")) is None
    assert schema.view(ref("spent")) is None
    assert schema.view(ref("top")) is None


def test_a_dropped_table_takes_keys_views_and_sequences() -> None:
    schema = after(SHOP + "DROP TABLE customers CASCADE")
    assert constraint_names(schema, "orders") == {"orders_pkey", "orders_total_check"}
    assert schema.view(ref("top")) is None
    schema = after("DROP TABLE orders", schema)
    assert dict(schema.relations.items()) == {}
    assert dict(schema.constraint_names.items()) == {}
    assert dict(schema.dependents.items()) == {}


def test_a_dropped_type_takes_its_columns_and_what_is_built_on_it() -> None:
    schema = after(
        """
        CREATE TYPE mood AS ENUM ('sad');
        CREATE DOMAIN feeling AS mood;
        CREATE TABLE people (id int, m mood, f feeling);
        CREATE FUNCTION of(m mood) RETURNS int LANGUAGE sql AS 'SELECT 1';
        DROP TYPE mood CASCADE;
        """
    )
    assert column_names(schema, "people") == ["id"]
    assert dict(schema.types.items()) == {}
    assert dict(schema.functions.items()) == {}


def test_a_dropped_function_takes_its_triggers() -> None:
    schema = after(
        """
        CREATE TABLE people (id int);
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER touched BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION touch();
        DROP FUNCTION touch CASCADE;
        """
    )
    assert table(schema, "people").triggers == ()


def test_dropping_one_overload_leaves_the_others() -> None:
    schema = after(
        """
        CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION f(a text, b int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1';
        DROP FUNCTION f(int);
        """
    )
    (left,) = schema.functions[ref("f")]
    assert len(left.arguments) == 2


def test_a_schema_takes_everything_in_it() -> None:
    schema = after(
        """
        CREATE SCHEMA app;
        CREATE TABLE app.t (id serial PRIMARY KEY);
        CREATE TYPE app.mood AS ENUM ();
        CREATE TABLE kept (m app.mood, t int REFERENCES app.t, n int);
        DROP SCHEMA app CASCADE;
        """
    )
    assert list(dict(schema.relations.items())) == [ref("kept")]
    assert column_names(schema, "kept") == ["t", "n"]
    assert constraint_names(schema, "kept") == set()


# --- constraints ------------------------------------------------------------------------------------------------------


def test_a_constraint_from_an_index_gives_the_index_its_name_and_its_columns_not_null() -> None:
    schema = after(
        """
        CREATE TABLE orders (id int);
        CREATE UNIQUE INDEX CONCURRENTLY tmp ON orders (id);
        ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY USING INDEX tmp;
        """
    )
    assert schema.index(ref("tmp")) is None
    assert index(schema, "orders_pkey").constraint == "orders_pkey"
    assert column(schema, "orders", "id").not_null


def test_a_constraint_is_not_valid_until_it_is_validated() -> None:
    schema = after("CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID")
    assert not constraint(schema, "t", "c").valid
    assert constraint(after("ALTER TABLE t VALIDATE CONSTRAINT c", schema), "t", "c").valid


def test_a_not_null_constraint_of_version_18_can_be_validated_later() -> None:
    schema = after("CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT given NOT NULL a NOT VALID")
    assert (column(schema, "t", "a").not_null, column(schema, "t", "a").not_null_valid) == (True, False)
    assert column(after("ALTER TABLE t VALIDATE CONSTRAINT given", schema), "t", "a").not_null_valid
    assert not column(after("ALTER TABLE t DROP CONSTRAINT given", schema), "t", "a").not_null


def test_dropping_a_primary_key_takes_the_keys_that_reference_it() -> None:
    schema = after(SHOP + "ALTER TABLE customers DROP CONSTRAINT customers_pkey CASCADE")
    assert "orders_customer_fkey" not in constraint_names(schema, "orders")
    assert schema.index(ref("customers_pkey")) is None


# --- partitions -------------------------------------------------------------------------------------------------------

EVENTS = """
CREATE TABLE events (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
"""


def test_a_partition_has_the_columns_and_indexes_of_its_table() -> None:
    schema = after(EVENTS + "CREATE INDEX ON events (at); ALTER TABLE events ADD COLUMN note text")
    assert table(schema, "events").kind is RelationKind.PARTITIONED_TABLE
    assert column_names(schema, "events_1") == ["id", "at", "note"]
    assert index(schema, "events_1_at_idx").parent == ref("events_at_idx")
    assert constraint(schema, "events_1", "events_1_pkey").inherited


def test_an_index_on_only_the_table_is_valid_once_every_partition_is_attached() -> None:
    schema = after(EVENTS + "CREATE INDEX top ON ONLY events (at); CREATE INDEX low ON events_1 (at)")
    assert not index(schema, "top").valid
    assert index(after("ALTER INDEX top ATTACH PARTITION low", schema), "top").valid


def test_a_detached_partition_keeps_what_it_has() -> None:
    schema = after(EVENTS + "ALTER TABLE events DETACH PARTITION events_1; ALTER TABLE events ADD COLUMN note text")
    assert column_names(schema, "events_1") == ["id", "at"]
    assert table(schema, "events_1").partition_of is None
    assert index(schema, "events_1_pkey").parent is None


def test_dropping_the_table_drops_its_partitions() -> None:
    assert dict(after(EVENTS + "DROP TABLE events").relations.items()) == {}


@pytest.mark.parametrize(
    ("sql", "name", "columns"),
    [
        ("CREATE TABLE t (x int); ALTER TABLE t ADD COLUMN p int REFERENCES t PRIMARY KEY;", "t_p_fkey", ("p",)),
        (
            "CREATE TABLE t (x int); ALTER TABLE t ADD COLUMN p int REFERENCES t, ADD COLUMN id int PRIMARY KEY;",
            "t_p_fkey",
            ("id",),
        ),
        (
            "CREATE TABLE s (id int PRIMARY KEY); CREATE TABLE t (LIKE s INCLUDING ALL, p int REFERENCES t);",
            "t_p_fkey",
            ("id",),
        ),
    ],
)
def test_a_foreign_key_to_its_own_table_sees_the_key_that_the_statement_makes(
    sql: str, name: str, columns: tuple[str, ...]
) -> None:
    assert constraint(after(sql), "t", name).target_columns == columns
