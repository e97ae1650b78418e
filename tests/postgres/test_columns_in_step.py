"""The triggers that a fix keeps two columns in step with, under both app versions at once, on a real server."""

from __future__ import annotations

import random

import pytest

from migrasafe.rules.dual_write import Pair
from migrasafe.schema.model import Ref

TYPES = ["text", "integer", "numeric", "jsonb", "json", "timestamptz", "text[]"]
VALUES = {
    "text": ["", "a", " a", "007", None],
    "integer": [0, 1, 2**31 - 1, None],
    "numeric": ["1.0", "1.00", "0", None],
    "jsonb": ['{"a": 1}', "[]", "null", None],
    "json": ['{"a": 1}', '{"a":1}', None],
    "timestamptz": ["2024-01-01 00:00+00", "infinity", None],
    "text[]": ["{}", "{a,NULL}", None],
}


def pair(on: str = "public.users") -> Pair:
    return Pair(
        table=Ref("public", "users"),
        on=on,
        old="name",
        new="full_name",
        up="NEW.name",
        down="NEW.full_name",
        column="name",
    )


@pytest.mark.parametrize("kind", TYPES)
def test_each_app_version_reads_what_it_wrote_and_the_other_sees_it(kind, database):
    choose = random.Random(kind)
    columns = pair()
    with database.connect() as session:
        session.execute(f"CREATE TABLE users (id serial PRIMARY KEY, name {kind}, other int)")
        for value in VALUES[kind]:
            session.execute("INSERT INTO users (name) VALUES (%s)", [value])
        session.execute(f"ALTER TABLE users ADD COLUMN full_name {kind}")
        for statement in columns.begin():
            session.execute(statement)
        for _ in range(150):
            key = choose.randint(1, 12)
            column = choose.choice(["name", "full_name"])  # the column of the old app version, and of the new one
            value = choose.choice(VALUES[kind])
            before = session.execute("SELECT name::text, full_name::text FROM users WHERE id = %s", [key]).fetchone()
            match choose.choice(["insert", "update", "touch", "backfill", "write back"]):
                case "insert":
                    made = session.execute(f"INSERT INTO users ({column}) VALUES (%s) RETURNING id", [value]).fetchone()
                    key = made[0] if made else key
                    _assert_reads(session, key, column, kind, value)
                case "update":
                    session.execute(f"UPDATE users SET {column} = %s WHERE id = %s", [value, key])
                    if before is not None and not (column == "full_name" and value is None):
                        _assert_reads(session, key, column, kind, value)
                case "touch":
                    session.execute("UPDATE users SET other = 1 WHERE id = %s", [key])
                    after = session.execute("SELECT name::text FROM users WHERE id = %s", [key]).fetchone()
                    assert before is None or after == before[:1]
                case "backfill":
                    session.execute("UPDATE users SET full_name = name WHERE full_name IS NULL AND id = %s", [key])
                    after = session.execute("SELECT name::text FROM users WHERE id = %s", [key]).fetchone()
                    assert before is None or after == before[:1]
                case _:  # an ORM that writes every column it knows
                    session.execute(f"UPDATE users SET {column} = {column}, other = 2 WHERE id = %s", [key])
        session.execute("UPDATE users SET full_name = name WHERE full_name IS NULL AND name IS NOT NULL")
        apart = session.execute(
            "SELECT count(*) FROM users WHERE record_image_ne(ROW(name), ROW(full_name))"
        ).fetchone()
        assert apart == (0,)
        for statement in columns.end():
            session.execute(statement)
        session.execute("ALTER TABLE users DROP COLUMN name")


def _assert_reads(session, key: int, column: str, kind: str, value: object) -> None:
    """Both columns hold the very value that was written."""
    row = session.execute(
        f"SELECT record_image_ne(ROW({column}), ROW(%s::{kind})), record_image_ne(ROW(name), ROW(full_name)) "
        "FROM users WHERE id = %s",
        [value, key],
    ).fetchone()
    assert row in ((False, False), None)
