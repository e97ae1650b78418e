"""What takes an old name is compared with what had it: a view, another table, a type or function that is made anew."""

from __future__ import annotations

import pytest

from migrasafe.findings import Severity
from migrasafe.lint import LintOptions, lint
from migrasafe.migrations.model import History, Migration, Part, TransactionMode
from migrasafe.rules.registry import RULES
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source

GIVEN = """
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, name text);
CREATE TABLE users_new (id bigint PRIMARY KEY, email text NOT NULL, name text, age integer);
CREATE VIEW adults AS SELECT id, name FROM users;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE FUNCTION area(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a';
"""


def migration(name: str, text: str) -> Migration:
    script = read_script(Source(path=name, text=text))
    return Migration(id=name, path=name, parts=(Part(script=script, wrapped=TransactionMode.ONE),))


def errors(text: str) -> list[str]:
    last = migration("2.sql", text)
    history = History(layout="plain", root=".", migrations=(migration("1.sql", GIVEN), last))
    result = lint([history], RULES, LintOptions(reported=lambda one: one is last))
    return [one.message for one in result.findings if one.severity is Severity.ERROR]


@pytest.mark.parametrize(
    "text",
    [
        "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people",
        "ALTER TABLE users RENAME COLUMN name TO full_name; ALTER TABLE users RENAME TO people;"
        "CREATE VIEW users AS SELECT id, email, full_name AS name FROM people",
        "ALTER TABLE users RENAME TO users_old; ALTER TABLE users_new RENAME TO users",
        "ALTER VIEW adults RENAME TO grown_ups; CREATE VIEW adults AS SELECT * FROM grown_ups",
        "DROP VIEW adults; CREATE VIEW adults AS SELECT name, id, email FROM users",
        "ALTER TYPE mood RENAME TO mood_old; CREATE TYPE mood AS ENUM ('happy', 'sad', 'calm'); DROP TYPE mood_old",
        "DROP FUNCTION area(integer); CREATE FUNCTION area(a integer, b integer DEFAULT 1) RETURNS integer "
        "LANGUAGE sql AS 'SELECT a * b'",
    ],
)
def test_nothing_breaks_where_all_that_the_old_name_gave_is_there(text: str):
    assert errors(text) == []


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT id FROM people", "users.email"),
        (
            "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people LIMIT 9",
            "Writes of the running",
        ),
        ("ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT p.* FROM people p, users_new", "Writes"),
        (
            "ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME COLUMN name TO full_name",
            "users is called people",
        ),
        (
            "ALTER TABLE users_new RENAME TO elsewhere; ALTER TABLE users RENAME TO users_new",
            "users_new.age",
        ),
        ("DROP VIEW adults; CREATE VIEW adults AS SELECT id FROM users", "adults.name"),
        ("ALTER TYPE mood RENAME TO mood_old; CREATE TYPE mood AS ENUM ('happy')", "the type mood"),
        ("DROP TYPE mood; CREATE TYPE mood AS ENUM ('happy')", "the label 'sad' of mood"),
        (
            "DROP FUNCTION area; CREATE FUNCTION area(a integer, b integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
            "area",
        ),
        (
            "DROP FUNCTION area; CREATE FUNCTION area(a integer) RETURNS bigint LANGUAGE sql AS 'SELECT 1'",
            "area(integer)",
        ),
    ],
)
def test_what_the_old_name_no_longer_gives_is_named(text: str, broken: str):
    assert any(broken in one for one in errors(text)), errors(text)
