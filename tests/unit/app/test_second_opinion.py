"""Two readings of a query: where they differ about a column that is gone, nothing is certain."""

from __future__ import annotations

import pytest

from migrasafe.app.second_opinion import columns_read
from migrasafe.app.verdict import Verdict, Weight
from migrasafe.schema.model import ColumnRef, Ref
from tests.unit.app.small_releases import SHOP, app, judge
from tests.unit.app.test_resolve import schema

USERS, ORDERS = Ref("public", "users"), Ref("public", "orders")


def test_sqlglot_reads_columns_through_aliases_and_subqueries() -> None:
    sql = "SELECT u.email, x.t FROM users u JOIN (SELECT user_id, total AS t FROM orders) x ON x.user_id = u.id"
    assert columns_read(sql, schema(SHOP), (USERS, ORDERS)) == {
        ColumnRef(USERS, "email"),
        ColumnRef(USERS, "id"),
        ColumnRef(ORDERS, "user_id"),
        ColumnRef(ORDERS, "total"),
    }


@pytest.mark.parametrize(
    "sql", ["SELECT FROM WHERE", "UPDATE users SET email = 1", "WITH x AS (DELETE FROM users) SELECT 1"]
)
def test_sqlglot_has_no_opinion_about_what_it_does_not_read(sql: str) -> None:
    assert columns_read(sql, schema(SHOP), (USERS,)) is None


def test_where_both_agree_it_is_certain() -> None:
    (one,) = judge("ALTER TABLE orders DROP COLUMN note", app("SELECT note FROM orders"), app("SELECT 1")).migrations
    assert [breakage.weight for breakage in one.breakages] == [Weight.FAILS]


def test_a_column_that_only_one_reading_finds_is_uncertain() -> None:
    # sqlglot takes date_trunc's first argument for a unit, although it is a column here.
    query = "SELECT date_trunc(note, now()) FROM orders"
    (one,) = judge("ALTER TABLE orders DROP COLUMN note", app(query), app("SELECT 1")).migrations
    assert one.old.after is Verdict.UNKNOWN
    assert "second reading" in one.breakages[0].help


def test_names_in_quotes_are_read_as_they_stand() -> None:
    known = schema('CREATE TABLE "Users" ("FullName" text, id int)')
    ref = Ref("public", "Users")
    assert columns_read('SELECT id, "FullName" FROM "Users"', known, (ref,)) == {
        ColumnRef(ref, "FullName"),
        ColumnRef(ref, "id"),
    }
