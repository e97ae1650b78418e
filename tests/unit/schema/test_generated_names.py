"""Names that PostgreSQL makes up; the longer proofs are in tests/postgres/test_evolve_against_server.py."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from migrasafe.schema.evolve.generated_names import clipped, first_free, joined_columns, object_name
from tests.unit.schema.histories import after, constraint_names, index, sequence, table


def test_a_short_name_is_table_column_label() -> None:
    assert object_name("orders", "id", "seq") == "orders_id_seq"
    assert object_name("orders", None, "pkey") == "orders_pkey"


def test_the_longer_part_is_shortened_first() -> None:
    assert object_name("t" * 60, "c" * 10, "fkey") == "t" * 47 + "_" + "c" * 10 + "_fkey"


def test_both_parts_end_up_equally_long() -> None:
    assert object_name("t" * 50, "c" * 50, "check") == "t" * 28 + "_" + "c" * 28 + "_check"


def test_characters_are_never_split() -> None:
    assert clipped("ä" * 40) == "ä" * 31


@given(
    st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80) | st.none(), st.sampled_from(["key", "idx12"])
)
def test_every_name_fits_into_63_bytes(first: str, second: str | None, label: str) -> None:
    name = object_name(first, second, label)
    assert len(name.encode("utf-8")) <= 63
    assert name.endswith(f"_{label}")


def test_a_taken_name_is_numbered() -> None:
    taken = {"orders_total_check", "orders_total_check1"}
    assert first_free("orders", "total", "check", taken.__contains__) == "orders_total_check2"


def test_of_many_numbers_the_first_that_became_free_is_taken() -> None:
    many = "; ".join(["ALTER TABLE orders ADD CHECK (a + b > 0)"] * 20)
    drop = "ALTER TABLE orders DROP CONSTRAINT orders_check7"
    schema = after(f"CREATE TABLE orders (a int, b int); {many}; {drop}; {many}")
    assert [one.name for one in table(schema, "orders").constraints] == [
        "orders_check",
        *(f"orders_check{number}" for number in range(1, 20) if number != 7),
        "orders_check7",
        *(f"orders_check{number}" for number in range(20, 39)),
    ]


def test_many_columns_are_joined_until_the_name_is_full() -> None:
    assert joined_columns(["a", "b"]) == "a_b"
    assert len(joined_columns(["c" * 30] * 10)) == 92


def test_constraints_indexes_and_sequences_of_a_table_are_named_as_postgresql_names_them() -> None:
    schema = after(
        """
        CREATE TABLE customers (id serial PRIMARY KEY);
        CREATE TABLE orders (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            customer int REFERENCES customers UNIQUE CHECK (customer > 0),
            total int CHECK (total > 0),
            CHECK (total > customer), CHECK (total < 10)
        );
        CREATE INDEX ON orders (customer, lower(total::text), (total + 1));
        """
    )
    assert constraint_names(schema, "orders") == {
        "orders_pkey",
        "orders_customer_fkey",
        "orders_customer_key",
        "orders_customer_check",
        "orders_total_check",
        "orders_check",
        "orders_total_check1",
    }
    assert index(schema, "orders_customer_lower_expr_idx").reads == {"customer", "total"}
    assert sequence(schema, "customers_id_seq").owned_by == (("public", "customers"), "id")
    assert sequence(schema, "orders_id_seq").owned_by == (("public", "orders"), "id")


def test_a_generated_constraint_name_avoids_those_of_other_tables_in_the_schema() -> None:
    schema = after("CREATE TABLE a (b_c int CHECK (b_c > 0)); CREATE TABLE a_b (c int CHECK (c > 0));")
    assert constraint_names(schema, "a_b") == {"a_b_c_check1"}


def test_a_dropped_constraint_frees_its_name() -> None:
    schema = after(
        """
        CREATE TABLE a (b int CHECK (b > 0));
        ALTER TABLE a DROP CONSTRAINT a_b_check;
        ALTER TABLE a ADD CHECK (b > 1);
        """
    )
    assert constraint_names(schema, "a") == {"a_b_check"}
    assert table(schema, "a").constraints[0].born.statement == 2
