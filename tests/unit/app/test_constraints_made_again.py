"""A constraint that is there again after a migration, under whatever name, is no news to a query that may violate it."""

from __future__ import annotations

import pytest

from tests.unit.app.small_releases import app, judge

SCHEMA = """
CREATE TABLE users (id int PRIMARY KEY, number int UNIQUE);
CREATE TABLE people (id int PRIMARY KEY);
CREATE TABLE orders (id int PRIMARY KEY, user_id int, state text, a int, b int, c int,
  CONSTRAINT made FOREIGN KEY (user_id) REFERENCES users, CONSTRAINT states CHECK (state IN ('new', 'paid')),
  CONSTRAINT keys UNIQUE (a, b));
CREATE UNIQUE INDEX one_new ON orders (c) WHERE state IN ('new');
"""
WRITE = "UPDATE orders SET user_id = $1, state = $2, a = $3, c = $4"


def anew(name: str, constraint: str) -> str:
    return f"ALTER TABLE orders DROP CONSTRAINT {name}; ALTER TABLE orders ADD {constraint}"


@pytest.mark.parametrize(
    "migration",
    [
        anew("states", "CONSTRAINT states CHECK (state IN ('new', 'paid'))"),
        anew("states", "CHECK (  state   IN ( 'new' , 'paid' ) ) NOT VALID"),
        anew("made", "FOREIGN KEY (user_id) REFERENCES users (id)"),
        anew("keys", "UNIQUE (b, a)"),
        "ALTER TABLE orders DROP CONSTRAINT keys; CREATE UNIQUE INDEX ON orders (b, a)",
        "DROP INDEX one_new; CREATE UNIQUE INDEX this_one ON orders (c)   WHERE state IN ( 'new' )",
        "ALTER TABLE orders RENAME CONSTRAINT states TO known_states",
    ],
)
def test_the_same_constraint_made_again_is_no_news(migration: str) -> None:
    (one,) = judge(migration, app(WRITE), app("SELECT 1 FROM users"), SCHEMA).migrations
    assert (one.deploy.value, one.breakages) == ("either", ())


@pytest.mark.parametrize(
    ("migration", "sqlstate"),
    [
        (anew("states", "CONSTRAINT states CHECK (state IN ('new', 'sent'))"), "23514"),
        (anew("states", "CONSTRAINT states CHECK (a::text IN ('new', 'paid'))"), "23514"),
        (anew("made", "CONSTRAINT made FOREIGN KEY (user_id) REFERENCES people"), "23503"),
        (anew("made", "CONSTRAINT made FOREIGN KEY (user_id) REFERENCES users (number)"), "23503"),
        (anew("made", "CONSTRAINT made FOREIGN KEY (a) REFERENCES users"), "23503"),
        (anew("keys", "CONSTRAINT keys UNIQUE (a)"), "23505"),
        (anew("keys", "CONSTRAINT keys EXCLUDE (a WITH =, b WITH =)"), "23P01"),
        ("DROP INDEX one_new; CREATE UNIQUE INDEX one_new ON orders (c) WHERE state IN ('paid')", "23505"),
        ("DROP INDEX one_new; CREATE UNIQUE INDEX one_new ON orders (c)", "23505"),
    ],
)
def test_another_constraint_is_news_under_whatever_name(migration: str, sqlstate: str) -> None:
    (one,) = judge(migration, app(WRITE), app("SELECT 1 FROM users"), SCHEMA).migrations
    found = [breakage.sqlstate for breakage in one.breakages if not breakage.before]
    assert (one.deploy.value, found) == ("after", [sqlstate])
