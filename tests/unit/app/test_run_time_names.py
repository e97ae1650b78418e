"""Names that a program puts into its SQL at run time, and what a migration takes away."""

from __future__ import annotations

import pytest

from migrasafe.app.model import App, Mention, Origin, Query
from migrasafe.app.usage import SourceLocation
from migrasafe.app.verdict import Version, Weight
from migrasafe.schema.model import Ref
from tests.unit.app.small_releases import app, judge

PLACE = SourceLocation("app.py", 7)
NO_NOTE, NO_USERS = "ALTER TABLE orders DROP COLUMN note", "DROP TABLE users"


def program(sql: str, *words: str) -> App:
    """An app with one query that has a hole, and these words in quotes."""
    query = Query(sql=sql, location=PLACE, origin=Origin.LITERAL, partial=True)
    return app(query, words={word: (Mention(word, PLACE, True),) for word in words})


@pytest.mark.parametrize(
    ("migration", "old", "expected"),
    [
        (NO_NOTE, program("SELECT note FROM ¿ WHERE id = $1"), 'column "note" does not exist'),
        (NO_NOTE, program("SELECT note FROM ¿_archive WHERE id = $1"), None),
        (NO_NOTE, program("SELECT total FROM ¿"), None),
        (NO_NOTE, program("SELECT $1 FROM orders", "note"), 'column "note" does not exist'),
        (NO_NOTE, program("SELECT $1 FROM orders"), None),
        (NO_NOTE, program("SELECT $1 FROM users", "note"), None),
        (NO_NOTE, program("UPDATE orders SET ¿ = $1", "note"), 'column "note" does not exist'),
        (NO_NOTE, program("SELECT id FROM orders ORDER BY $1", "note"), 'column "note" does not exist'),
        (NO_NOTE, program("INSERT INTO ¿ (note) VALUES ($1)"), 'column "note" does not exist'),
        (NO_NOTE, program("INSERT INTO users (¿) VALUES ($1)", "note", "orders"), None),
        (NO_NOTE, program("SELECT ¿ FROM orders", "note"), 'column "note" does not exist'),
        (NO_USERS, program("DELETE FROM ¿ WHERE id = $1", "users"), 'relation "users" does not exist'),
        (NO_USERS, program("DELETE FROM ¿ WHERE id = $1"), None),
        (NO_USERS, program("DELETE FROM us¿ WHERE id = $1", "users"), 'relation "users" does not exist'),
        (NO_USERS, program("DELETE FROM ¿us WHERE id = $1", "users"), None),
        (NO_USERS, program("DELETE FROM u¿e¿s WHERE id = $1", "users"), 'relation "users" does not exist'),
        (NO_USERS, program("DELETE FROM u.ers¿ WHERE id = $1", "users"), None),
        (NO_USERS, program("SELECT 1 FROM users, ¿", "users"), 'relation "users" does not exist'),
        (NO_USERS, program("COPY ¿ FROM STDIN", "users"), 'relation "users" does not exist'),
        (NO_USERS, program("UPDATE ¿ SET id = 1", "users"), 'relation "users" does not exist'),
        (NO_NOTE, program("SELECT id FROM orders WHERE $1 = 2", "note"), 'column "note" does not exist'),
        (NO_NOTE, program("SELECT id FROM orders WHERE id = $1", "note"), None),
        (NO_NOTE, program("SELECT id FROM orders LIMIT $1", "note"), None),
        (NO_NOTE, program("SELECT no¿ FROM orders", "note"), 'column "note" does not exist'),
        (NO_NOTE, program("SELECT ¿x FROM orders", "note"), None),
        (NO_NOTE, program("SELECT o.¿ FROM orders o", "note"), 'column "note" does not exist'),
        (NO_NOTE, program("SELECT note FROM ¿ers"), 'column "note" does not exist'),
        (NO_NOTE, program("SELECT ¿ FROM ¿", "note"), None),
        (NO_NOTE, program("SELECT ¿ FROM ¿", "note", "orders"), 'column "note" does not exist'),
        (NO_NOTE, program("DELETE FROM ¿ WHERE note = 1"), 'column "note" does not exist'),
    ],
)
def test_a_name_that_is_known_at_run_time_can_be_what_is_gone(migration: str, old: App, expected: str | None) -> None:
    (one,) = judge(migration, old, app("SELECT total FROM orders")).migrations
    found = [breakage for breakage in one.breakages if breakage.version is Version.OLD]
    assert [(breakage.message, breakage.weight) for breakage in found] == (
        [(expected, Weight.MAY_FAIL)] if expected else []
    )
    assert {(breakage.object, breakage.name, breakage.sqlstate) for breakage in found} <= {
        (Ref("public", "orders"), "note", "42703"),
        (Ref("public", "users"), None, "42P01"),
    }


def test_a_name_that_is_not_known_is_not_said_to_be_missing() -> None:
    result = judge(
        "ALTER TABLE orders ADD more int", program("SELECT g.id FROM ¿ g, orders"), app("SELECT id FROM orders")
    )
    assert result.left == ()


def test_where_and_how_it_may_fail_is_told() -> None:
    old = program("SELECT note FROM ¿")
    (one,) = judge(NO_NOTE, old, app("SELECT total FROM orders")).migrations
    (found,) = one.breakages
    assert (found.before, found.location, found.query) == (False, PLACE, old.queries[0])
    assert found.help == "it names something that is only known at run time, which can be this"


@pytest.mark.parametrize(
    ("sql", "words", "names_it"),
    [
        ("SELECT 1 FROM ¿", {"orders": (Mention("orders", PLACE, True),)}, True),
        ("SELECT 1 FROM ¿", {"orders": (Mention("orders", PLACE, False),)}, False),
        ("SELECT 1 FROM ¿", {"orders": (Mention("orders", PLACE, False), Mention("orders", PLACE, True))}, True),
        ("SELECT 1 FROM ¿", {}, False),
    ],
)
def test_a_table_is_meant_where_it_is_a_whole_string(
    sql: str, words: dict[str, tuple[Mention, ...]], *, names_it: bool
) -> None:
    query = Query(sql=sql, location=PLACE, origin=Origin.LITERAL, partial=True)
    (one,) = judge("DROP TABLE orders CASCADE", app(query, words=words), app("SELECT 1 FROM users")).migrations
    assert bool([found for found in one.breakages if found.version is Version.OLD]) is names_it


@pytest.mark.parametrize(("table", "is_meant"), [("ab", True), ("abc", False)])
def test_a_name_too_short_for_the_index_of_words_can_always_be_meant(table: str, *, is_meant: bool) -> None:
    schema = f"CREATE TABLE {table} (id int, x1 int, abc int); CREATE TABLE users (id int)"
    old = app(Query(sql="SELECT 1 FROM ¿", location=PLACE, origin=Origin.LITERAL, partial=True))
    (one,) = judge(f"DROP TABLE {table}", old, app("SELECT 1 FROM users"), schema).migrations
    assert bool(one.breakages) is is_meant
    old = app(Query(sql=f"SELECT ¿ FROM {table}", location=PLACE, origin=Origin.LITERAL, partial=True))
    (one,) = judge(f"ALTER TABLE {table} DROP x1, DROP abc", old, app("SELECT 1 FROM users"), schema).migrations
    assert [found.name for found in one.breakages] == ["x1"]
