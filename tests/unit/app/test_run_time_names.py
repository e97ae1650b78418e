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
