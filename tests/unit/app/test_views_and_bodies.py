"""What a query reaches through views, triggers and the bodies of functions."""

from __future__ import annotations

import pytest

from migrasafe.app.verdict import Verdict, Version, Weight
from tests.unit.app.small_releases import READ, SHOP, app, judge


def test_a_body_with_types_of_the_schemas_own_is_read() -> None:
    schema = f"""{SHOP}
        CREATE TYPE line AS (code text, total numeric);
        CREATE FUNCTION put(lines line[]) RETURNS bigint LANGUAGE plpgsql AS $$
        DECLARE now state; many int;
        BEGIN
            SELECT state, 1 INTO now, many FROM orders;
            INSERT INTO orders (id, code, total) SELECT 1, (l).code, (l).total FROM unnest(lines) AS l;
            RETURN many;
        END $$;"""
    (one,) = judge("ALTER TABLE orders DROP COLUMN code", app("SELECT put($1)"), app(READ), schema).migrations
    assert [(found.message, found.weight) for found in one.breakages if found.through is not None] == [
        ('column "code" of relation "orders" does not exist', Weight.FAILS)
    ]


@pytest.mark.parametrize(
    ("migration", "query", "message"),
    [
        ("ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT id FROM people", "INSERT INTO users VALUES (1)",
         None),
        ("ALTER TABLE users RENAME TO people; ALTER TABLE people ALTER email SET NOT NULL; "
         "CREATE VIEW users AS SELECT id FROM people", "INSERT INTO users (id) VALUES (1)",
         'null value in column "email" of relation "people" violates not-null constraint'),
        ("ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT id, email FROM people LIMIT 9",
         "DELETE FROM users", 'cannot delete from view "users"'),
        ("ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT id, upper(email) AS email FROM people",
         "UPDATE users SET email = 'x'", 'cannot update column "email" of view "users"'),
    ],
)  # fmt: skip
def test_what_is_written_to_a_view_reaches_the_table_below(migration: str, query: str, message: str | None) -> None:
    (one,) = judge(migration, app(query), app(READ)).migrations
    assert [found.message for found in one.breakages if found.version is Version.OLD] == ([message] if message else [])


def test_a_trigger_that_acts_instead_leaves_open_what_a_view_takes() -> None:
    migration = """ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT id, upper(email) AS email FROM people;
        CREATE FUNCTION put() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER put INSTEAD OF UPDATE ON users FOR EACH ROW EXECUTE FUNCTION put()"""
    (one,) = judge(migration, app("UPDATE users SET email = 'x'"), app(READ)).migrations
    assert one.old.after is Verdict.UNKNOWN
