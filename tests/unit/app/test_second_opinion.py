"""Two readings of a query: where they differ about a column that is gone, nothing is certain."""

from __future__ import annotations

import pytest

from migrasafe.app.model import App, Origin, Query
from migrasafe.app.second_reading.opinion import Reading, second_reading
from migrasafe.app.usage import SourceLocation
from migrasafe.app.verdict import Verdict, Version, Weight
from migrasafe.schema.model import ColumnRef, Ref
from tests.unit.app.small_releases import READ, SHOP, app, judge
from tests.unit.app.test_resolve import schema

VIEWS = f"""{SHOP}
CREATE VIEW noted AS SELECT id, note, upper(note) AS loud FROM orders;
CREATE VIEW wide (key, address) AS SELECT n.id, u.email FROM noted n JOIN users u ON u.id = n.id;
CREATE VIEW mixed AS SELECT id, email AS text FROM users UNION ALL SELECT id, note FROM orders;
CREATE VIEW hidden AS WITH noted AS (SELECT total AS t FROM orders) SELECT t FROM noted;
CREATE VIEW grown AS SELECT * FROM users;
CREATE VIEW stale AS SELECT id, code AS c FROM orders;
ALTER TABLE users ADD name text;
ALTER TABLE orders RENAME code TO number;
"""


def columns(names: str) -> frozenset[ColumnRef]:
    """`orders.id users.email`"""
    pairs = [name.split(".") for name in names.split()]
    return frozenset(ColumnRef(Ref("public", relation), column) for relation, column in pairs)


def read(sql: str, schema_sql: str = SHOP) -> Reading:
    reading = second_reading(sql, schema(schema_sql))
    assert reading is not None
    return reading


def test_sqlglot_reads_columns_through_aliases_and_subqueries() -> None:
    sql = "SELECT u.email, x.t FROM users u JOIN (SELECT user_id, total AS t FROM orders) x ON x.user_id = u.id"
    assert read(sql).named == columns("users.email users.id orders.user_id orders.total")


@pytest.mark.parametrize(
    ("sql", "named", "shown"),
    [
        ("SELECT loud FROM noted WHERE id = 1", "noted.loud noted.id", {"loud": "orders.note"}),
        (
            "SELECT w.address AS a, key FROM wide w",
            "wide.address wide.key",
            {"a": "users.email", "key": "orders.id"},
        ),
        ("SELECT k FROM wide AS w (k)", "wide.key", {"k": "orders.id"}),
        ("SELECT text FROM mixed", "mixed.text", {"text": "users.email orders.note"}),
        ("SELECT t FROM hidden", "hidden.t", {"t": "orders.total"}),
        ("SELECT (SELECT max(n.note) FROM noted n) AS m", "noted.note", {"m": "orders.note"}),
        ("WITH noted AS (SELECT 1 AS x) SELECT x FROM noted", "", {"x": ""}),
    ],
)
def test_sqlglot_follows_views_to_the_tables(sql: str, named: str, shown: dict[str, str]) -> None:
    reading = read(sql, VIEWS)
    assert reading.named == columns(named)
    assert reading.shown == {name: columns(origins) for name, origins in shown.items()}


@pytest.mark.parametrize(
    ("sql", "shown"),
    [("SELECT email FROM grown", {"email": "grown.email"}), ("SELECT c FROM stale", {"c": "stale.c"})],
    ids=["a star that has grown", "a text from before a rename"],
)
def test_a_view_whose_text_no_longer_holds_stays_a_view(sql: str, shown: dict[str, str]) -> None:
    assert read(sql, VIEWS).shown == {name: columns(origins) for name, origins in shown.items()}


@pytest.mark.parametrize(
    "sql", ["SELECT FROM WHERE", "UPDATE users SET email = 1", "WITH x AS (DELETE FROM users) SELECT 1"]
)
def test_sqlglot_has_no_opinion_about_what_it_does_not_read(sql: str) -> None:
    assert second_reading(sql, schema(SHOP)) is None


def test_where_both_agree_it_is_certain() -> None:
    (one,) = judge("ALTER TABLE orders DROP COLUMN note", app("SELECT note FROM orders"), app("SELECT 1")).migrations
    assert [(breakage.weight, breakage.uncertain) for breakage in one.breakages] == [(Weight.FAILS, False)]


def test_where_both_find_the_column_of_a_view_it_is_certain() -> None:
    migration = "DROP VIEW recent; CREATE VIEW recent AS SELECT id FROM orders"
    (one,) = judge(migration, app("SELECT legacy FROM recent r WHERE r.id = 1"), app(READ)).migrations
    assert [(breakage.weight, breakage.uncertain) for breakage in one.breakages] == [(Weight.FAILS, False)]


def test_a_column_that_only_one_reading_finds_is_uncertain() -> None:
    # sqlglot takes date_trunc's first argument for a unit, although it is a column here.
    query = "SELECT date_trunc(note, now()) FROM orders"
    (one,) = judge("ALTER TABLE orders DROP COLUMN note", app(query), app("SELECT 1")).migrations
    assert one.old.after is Verdict.UNKNOWN
    assert one.breakages[0].uncertain
    assert "second reading" in one.breakages[0].help


def test_a_column_of_a_view_that_only_one_reading_finds_is_uncertain() -> None:
    migration = "DROP VIEW recent; CREATE VIEW recent AS SELECT id FROM orders"
    (one,) = judge(migration, app("SELECT date_trunc(legacy, now()) FROM recent"), app(READ)).migrations
    assert one.old.after is Verdict.UNKNOWN
    assert one.breakages[0].uncertain


NULLABLE = "ALTER TABLE orders ALTER total DROP NOT NULL"


def typed(sql: str) -> App:
    return app(Query(sql=sql, location=SourceLocation("app.sql", 1), origin=Origin.QUERY_FILE, rows_are_typed=True))


def test_a_column_that_both_readings_find_behind_a_view_can_be_null_now() -> None:
    schema_sql = f"{SHOP} CREATE VIEW sums AS SELECT id, total AS paid FROM orders;"
    (one,) = judge(NULLABLE, typed("SELECT paid FROM sums"), app(READ), schema_sql).migrations
    assert [(breakage.message.partition(" can ")[0], breakage.uncertain) for breakage in one.breakages] == [
        ("orders.total", False)
    ]


def test_where_readings_of_a_view_differ_it_is_uncertain_what_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    schema_sql = f"{SHOP} CREATE VIEW sums AS SELECT id, total AS paid FROM orders;"
    other = Reading(named=frozenset(), shown={"paid": columns("orders.note")})
    monkeypatch.setattr("migrasafe.app.second_reading.doubts.second_reading", lambda sql, known: other)
    (one,) = judge(
        NULLABLE, typed("SELECT paid FROM sums"), app("INSERT INTO orders (id) VALUES (1)"), schema_sql
    ).migrations
    (reader,) = [breakage for breakage in one.breakages if breakage.version is Version.OLD]
    assert (reader.weight, reader.uncertain) == (Weight.MAY_FAIL, True)
    assert reader.help.endswith("shows orders.note instead")


def test_names_in_quotes_are_read_as_they_stand() -> None:
    known = 'CREATE TABLE "Users" ("FullName" text, id int)'
    reading = read('SELECT id, "FullName" FROM "Users"', known)
    assert reading.named == columns("Users.FullName Users.id")
    assert reading.shown == {"id": columns("Users.id"), "FullName": columns("Users.FullName")}
