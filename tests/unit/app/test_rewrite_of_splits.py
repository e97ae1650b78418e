"""Queries that a split, a merge or a move of columns breaks, as they must read afterwards; or that this cannot be told."""

from __future__ import annotations

import pytest

from migrasafe.app.verdict import Version
from tests.unit.app.small_releases import app, judge

SCHEMA = """
CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL, bio text, "Nick" varchar(20), cents int);
CREATE TABLE profiles (user_id bigint PRIMARY KEY REFERENCES users, bio text);
"""
SPLIT = """
ALTER TABLE users ADD first_name text, ADD last_name text;
UPDATE users SET first_name = split_part(name, ' ', 1), last_name = split_part(name, ' ', 2);
ALTER TABLE users DROP COLUMN name;
"""
MERGE = """
ALTER TABLE users ADD shown text;
UPDATE users SET shown = name || ' (' || "Nick" || ')';
ALTER TABLE users DROP COLUMN name, DROP COLUMN "Nick";
"""
COPY = """
ALTER TABLE users ADD amount numeric;
UPDATE users SET amount = cents::numeric;
ALTER TABLE users DROP COLUMN cents;
"""
MOVE_BY_UPDATE = """
UPDATE profiles AS p SET bio = u.bio FROM users AS u WHERE p.user_id = u.id;
ALTER TABLE users DROP COLUMN bio;
"""
MOVE_BY_INSERT = """
INSERT INTO profiles (user_id, bio) SELECT id, bio FROM users;
ALTER TABLE users DROP COLUMN bio;
"""


def rewritten(migration: str, query: str) -> str:
    """How it must read, or why that is not said."""
    (one,) = judge(migration, app(query), app("SELECT id FROM users"), SCHEMA).migrations
    (breakage, *_) = (found for found in one.breakages if found.version is Version.OLD and found.sqlstate == "42703")
    return breakage.rewrite or breakage.help


@pytest.mark.parametrize(
    ("migration", "old", "new"),
    [
        (SPLIT, "SELECT id, name FROM users WHERE name = $1",
         "SELECT id, CONCAT_WS(' ', first_name, last_name) AS name FROM users WHERE CONCAT_WS(' ', first_name, last_name) = $1"),
        (SPLIT, "SELECT u.name FROM users AS u ORDER BY u.name",
         "SELECT CONCAT_WS(' ', u.first_name, u.last_name) AS name FROM users AS u "
         "ORDER BY CONCAT_WS(' ', u.first_name, u.last_name)"),
        (SPLIT, "INSERT INTO users (id, name) VALUES ($1, $2)",
         "INSERT INTO users (id, first_name, last_name) VALUES ($1, SPLIT_PART($2, ' ', 1), SPLIT_PART($2, ' ', 2))"),
        (SPLIT, "UPDATE users SET bio = $1, name = $2 || 'x' WHERE id = $3",
         "UPDATE users SET bio = $1, first_name = SPLIT_PART(($2 || 'x'), ' ', 1), "
         "last_name = SPLIT_PART(($2 || 'x'), ' ', 2) WHERE id = $3"),
        (MERGE, 'INSERT INTO users (id, name, "Nick") VALUES ($1, $2, $3), ($4, $5, $6)',
         "INSERT INTO users (id, shown) VALUES ($1, $2 || ' (' || $3 || ')'), ($4, $5 || ' (' || $6 || ')')"),
        (COPY, "SELECT cents FROM users WHERE cents > 5",
         "SELECT CAST(amount AS INT) AS cents FROM users WHERE CAST(amount AS INT) > 5"),
        (MOVE_BY_UPDATE, "SELECT u.id, u.bio FROM users AS u",
         "SELECT u.id, (SELECT profiles.bio FROM profiles WHERE profiles.user_id = u.id) AS bio FROM users AS u"),
        (MOVE_BY_INSERT, "SELECT bio FROM users WHERE id = $1",
         "SELECT (SELECT profiles.bio FROM profiles WHERE profiles.user_id = users.id) AS bio FROM users WHERE id = $1"),
    ],
)  # fmt: skip
def test_a_query_is_shown_as_it_must_read_after_columns_were_split_merged_or_moved(
    migration: str, old: str, new: str
) -> None:
    assert rewritten(migration, old) == new


@pytest.mark.parametrize(
    ("migration", "query"),
    [
        (MERGE, "SELECT name FROM users"),
        (MERGE, "UPDATE users SET name = $1"),
        (MOVE_BY_INSERT, "UPDATE users SET bio = $1 WHERE id = $2"),
        (MOVE_BY_UPDATE, "INSERT INTO users (id, name, bio) VALUES ($1, $2, $3)"),
        (SPLIT, "INSERT INTO users (id, name) SELECT user_id, bio FROM profiles"),
    ],
)
def test_what_does_not_follow_from_the_migration_is_not_made_up(migration: str, query: str) -> None:
    assert rewritten(migration, query) == "how the query must read afterwards does not follow from the migration"


def test_a_column_that_is_only_dropped_has_no_other_reading() -> None:
    assert rewritten("ALTER TABLE users DROP COLUMN bio", "SELECT bio FROM users") == ""
