"""What differs between two schemas, in words."""

from __future__ import annotations

import pytest

from migrasafe.schema.compare import differences
from tests.unit.schema.histories import after

BASE = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE orders (id int PRIMARY KEY, note varchar(50), total int, CONSTRAINT big CHECK (total > 10));
CREATE INDEX by_note ON orders (note);
CREATE VIEW totals AS SELECT total FROM orders;
CREATE FUNCTION one(a int) RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
"""


def test_a_schema_does_not_differ_from_itself() -> None:
    assert differences(after(BASE), after(BASE)) == ()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("ALTER TABLE orders ALTER COLUMN note TYPE text", "public.orders.note: type varchar(50) here, text there"),
        ("ALTER TABLE orders ALTER COLUMN note SET NOT NULL", "public.orders.note: NOT NULL no here, yes there"),
        ("ALTER TABLE orders ADD COLUMN more text", "public.orders.more: only there"),
        ("ALTER TABLE orders DROP CONSTRAINT big", "public.orders, constraint big: only here"),
        ("DROP VIEW totals", "public.totals: view only here"),
        ("CREATE TABLE other ()", "public.other: table only there"),
        ("CREATE SCHEMA app", "schema app: only there"),
        ("ALTER TYPE mood ADD VALUE 'merry'", "public.mood: labels (sad, ok) here, (sad, ok, merry) there"),
        ("ALTER FUNCTION one VOLATILE", "public.one(integer): volatility stable here, volatile there"),
        ("CREATE PUBLICATION all_of_it FOR ALL TABLES", "publication all_of_it: only there"),
        ("ALTER TABLE orders SET UNLOGGED", "public.orders: persistence permanent here, unlogged there"),
    ],
)
def test_each_difference_is_one_sentence(change: str, sentence: str) -> None:
    assert sentence in differences(after(BASE), after(BASE + change))


def test_what_cannot_be_known_is_not_a_difference() -> None:
    known = after("CREATE TABLE sums (total bigint)")
    computed = after(
        "CREATE TABLE orders (a int); CREATE TABLE sums AS SELECT sum(a) AS total FROM orders; DROP TABLE orders"
    )
    assert differences(known, computed) == ()


def test_when_and_by_whom_something_was_made_is_not_a_difference() -> None:
    assert differences(after(BASE), after("SELECT 1;" + BASE + "ALTER TABLE orders OWNER TO shop")) == ()
