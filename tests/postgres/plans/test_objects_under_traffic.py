"""Views, functions, triggers and domains changed on a real server while both versions of the app are at work."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.postgres.plans.rollout import Work, nobody_notices
from tests.postgres.plans.test_plans_under_traffic import Case
from tests.postgres.servers import Database

SETUP = """
CREATE DOMAIN score AS int CONSTRAINT score_small CHECK (VALUE < 1000);
CREATE TABLE users (
  id bigserial PRIMARY KEY, owner int NOT NULL, name text NOT NULL, points score, touched int DEFAULT 0 NOT NULL
);
CREATE TABLE posts (id bigserial PRIMARY KEY, user_id bigint REFERENCES users (id), title text);
CREATE VIEW people AS SELECT u.id, u.name AS called, u.owner FROM users u WHERE u.name <> 'x';
COMMENT ON VIEW people IS 'who is here';
GRANT SELECT, INSERT, UPDATE ON people TO PUBLIC;
CREATE VIEW some_people AS SELECT id, called FROM people WHERE id % 2 = 0;
CREATE VIEW authors AS SELECT u.id, u.name, count(*) AS posts FROM users u JOIN posts p ON p.user_id = u.id GROUP BY u.id;
CREATE MATERIALIZED VIEW totals AS SELECT owner, count(*) AS many FROM users GROUP BY owner;
CREATE UNIQUE INDEX totals_owner ON totals (owner);
GRANT SELECT ON totals TO PUBLIC;
CREATE VIEW few AS SELECT owner FROM totals WHERE many < 3;
CREATE FUNCTION greeting(name text) RETURNS text LANGUAGE sql AS $$ SELECT 'hi ' || name $$;
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2';
CREATE FUNCTION listed(above int) RETURNS TABLE (id bigint) LANGUAGE sql AS 'SELECT id FROM users WHERE id > above LIMIT 5';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.touched := 1; RETURN NEW; END $$;
CREATE FUNCTION touch_more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.touched := 2; RETURN NEW; END $$;
CREATE TRIGGER touched BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER asleep BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE users DISABLE TRIGGER asleep;
DO $$ BEGIN CREATE ROLE ms_app; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE FUNCTION thrice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 3';
REVOKE EXECUTE ON FUNCTION thrice(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION thrice(int) TO ms_app WITH GRANT OPTION;
CREATE TYPE unused AS ENUM ('a');
CREATE SEQUENCE tickets;
"""
ROWS = """
INSERT INTO users (owner, name, points) SELECT 0, 'user ' || n, n % 900 FROM generate_series(1, 500) n;
INSERT INTO posts (user_id, title) SELECT n, 'post ' || n FROM generate_series(1, 500) n;
REFRESH MATERIALIZED VIEW totals;
"""


def asks(sql: str, expected: Callable[[object], bool] = lambda _: True) -> Work:
    """A version of the app that writes a user, and asks a question to which it knows the answer."""

    def work(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
        name = f"name {rng.random()}"
        row = session.execute(
            "INSERT INTO users (owner, name, points) VALUES (%s, %s, 5) RETURNING id", (owner, name)
        ).fetchone()
        assert row is not None
        session.execute("UPDATE users SET name = name || '!' WHERE id = %s", (rng.randrange(1, 500),))
        text = sql.replace("ID", str(row[0])).replace("NAME", name)
        read = session.execute(text).fetchone()  # type: ignore[call-overload]  # a plain text on purpose
        assert read is not None and expected(read[0]), (text, read)

    return work


def shows(columns: str, view: str = "people") -> Work:
    """A version that reads these columns of the view, of the user it has written."""
    return asks(f"SELECT ({columns}) IS NOT NULL FROM {view} WHERE id = ID", lambda it: it is True)


def inserts(column: str) -> Work:
    """A version that writes through the view."""

    def work(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
        name = f"name {rng.random()}"
        told = f"INSERT INTO people ({column}, owner) VALUES (%s, %s) RETURNING {column}"
        row = session.execute(told, (name, owner)).fetchone()  # type: ignore[call-overload]  # a plain text on purpose
        assert row == (name,)

    return work


CASES = {
    "a view shows one column more": Case(
        migration="CREATE OR REPLACE VIEW people AS"
        " SELECT u.id, u.name AS called, u.owner, u.points FROM users u WHERE u.name <> 'x'",
        old=shows("id, called, owner"),
        new=shows("id, called, owner, points"),
    ),
    "a view shows other values": Case(
        migration="CREATE OR REPLACE VIEW people AS SELECT u.id, u.name AS called, u.owner FROM users u WHERE u.name <> 'y'",
        old=shows("id, called"),
        new=shows("id, called"),
        once="COMMENT ON VIEW people IS 'replaced by plan r1'",
    ),
    "a view shows a column in the place of another": Case(
        migration="DROP VIEW some_people; DROP VIEW people;"
        "CREATE VIEW people AS SELECT u.id, u.name AS called, u.points FROM users u WHERE u.name <> 'x';"
        "CREATE VIEW some_people AS SELECT id, called FROM people WHERE id % 2 = 0",
        old=shows("id, called, owner"),
        new=shows("id, called, points"),
        once="COMMENT ON VIEW people IS 'who is here'; GRANT SELECT, INSERT, UPDATE ON people TO PUBLIC",
    ),
    "a view shows fewer columns": Case(
        migration="DROP VIEW authors; CREATE VIEW authors AS SELECT u.id, u.name FROM users u",
        old=asks("SELECT count(posts) FROM authors"),
        new=asks("SELECT count(name) FROM authors"),
    ),
    "a column of a view is called something else": Case(
        migration="ALTER TABLE people RENAME COLUMN called TO full_name",
        old=inserts("called"),
        new=inserts("full_name"),
    ),
    "a view gets another name": Case(
        migration="ALTER VIEW people RENAME TO persons", old=inserts("called"), new=shows("id, called", "persons")
    ),
    "a view goes": Case(
        migration="DROP VIEW some_people", old=asks("SELECT count(*) FROM some_people"), new=shows("id, called")
    ),
    "a materialized view shows more": Case(
        migration="DROP VIEW few; DROP MATERIALIZED VIEW totals;"
        "CREATE MATERIALIZED VIEW totals AS SELECT owner, count(*) AS many, max(id) AS last FROM users GROUP BY owner;"
        "CREATE UNIQUE INDEX totals_owner ON totals (owner); CREATE INDEX totals_last ON totals (last);"
        "CREATE VIEW few AS SELECT owner FROM totals WHERE many < 3",
        once="GRANT SELECT ON totals TO PUBLIC",
        old=asks("SELECT count(many) + (SELECT count(*) FROM few) FROM totals"),
        new=asks("SELECT count(last) + (SELECT count(*) FROM few) FROM totals"),
    ),
    "a function does something else": Case(
        migration="CREATE OR REPLACE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n + n'",
        old=asks("SELECT twice(4)", lambda it: it == 8),
        new=asks("SELECT twice(4)", lambda it: it == 8),
    ),
    "a function takes one argument more": Case(
        migration="DROP FUNCTION greeting(text);"
        "CREATE FUNCTION greeting(word text, name text) RETURNS text LANGUAGE sql AS $$ SELECT word || name $$",
        old=asks("SELECT greeting('NAME')", lambda it: str(it).startswith("hi name")),
        new=asks("SELECT greeting('ho ', 'NAME')", lambda it: str(it).startswith("ho name")),
    ),
    "a function takes a wider type": Case(
        migration="DROP FUNCTION twice(int); CREATE FUNCTION twice(n bigint) RETURNS int LANGUAGE sql AS 'SELECT n::int * 2'",
        old=asks("SELECT twice(4)", lambda it: it == 8),
        new=asks("SELECT twice(4::bigint)", lambda it: it == 8),
        once="COMMENT ON FUNCTION twice(bigint) IS 'replaced by plan r1'",
    ),
    "a function that few may call takes a wider type": Case(
        migration="DROP FUNCTION thrice(int); CREATE FUNCTION thrice(n bigint) RETURNS int LANGUAGE sql AS 'SELECT n::int * 3'",
        old=asks("SELECT thrice(4)", lambda it: it == 12),
        new=asks("SELECT thrice(4::bigint)", lambda it: it == 12),
        once="COMMENT ON FUNCTION thrice(bigint) IS 'replaced by plan r1'; REVOKE EXECUTE ON FUNCTION thrice(bigint) FROM PUBLIC;"
        "GRANT EXECUTE ON FUNCTION thrice(bigint) TO ms_app WITH GRANT OPTION",
    ),
    "others may call a function": Case(
        migration="GRANT EXECUTE ON FUNCTION thrice(int) TO PUBLIC",
        old=asks("SELECT thrice(4)", lambda it: it == 12),
        new=asks("SELECT thrice(4)", lambda it: it == 12),
    ),
    "a trigger is switched on": Case(
        migration="ALTER TABLE users ENABLE TRIGGER asleep", old=asks("SELECT 1"), new=asks("SELECT 1")
    ),
    "a trigger is switched off": Case(
        migration="ALTER TABLE users DISABLE TRIGGER touched", old=asks("SELECT 1"), new=asks("SELECT 1")
    ),
    "a type and a sequence go": Case(
        migration="DROP TYPE unused; DROP SEQUENCE tickets",
        old=asks("SELECT 'a'::unused::text", lambda it: it == "a"),
        new=asks("SELECT 1"),
    ),
    "rows come with a migration": Case(
        migration="INSERT INTO users (id, owner, name, points) VALUES (-1, 0, 'admin', 3), (-2, 0, 'guest', NULL);"
        "INSERT INTO posts (user_id, title) SELECT id, 'welcome' FROM users WHERE id < 0",
        old=asks("SELECT 1"),
        new=asks(
            "SELECT count(*) FROM posts JOIN users u ON u.id = user_id WHERE title = 'welcome'", lambda it: it == 2
        ),
    ),
    "rows go with a migration": Case(
        migration="DELETE FROM posts AS p WHERE p.title LIKE 'post %' AND p.id % 2 = 0",
        old=asks("SELECT count(*) FROM posts", lambda it: it == 500),
        new=asks("SELECT 1"),
    ),
    "a function gives one column more": Case(
        migration="DROP FUNCTION listed(int); CREATE FUNCTION listed(above int) RETURNS TABLE (id bigint, name text)"
        " LANGUAGE sql AS 'SELECT id, name FROM users WHERE id > above LIMIT 5'",
        old=asks("SELECT count(id) FROM listed(3)", lambda it: it == 5),
        new=asks("SELECT count(name) FROM listed(3)", lambda it: it == 5),
        once="COMMENT ON FUNCTION listed(int) IS 'replaced by plan r1'",
    ),
    "a function is new": Case(
        migration="CREATE FUNCTION greeting(word text, name text) RETURNS text LANGUAGE sql AS $$ SELECT word || name $$",
        old=asks("SELECT greeting('NAME')", lambda it: str(it).startswith("hi name")),
        new=asks("SELECT greeting('ho ', 'NAME')", lambda it: str(it).startswith("ho name")),
    ),
    "a function goes": Case(
        migration="DROP FUNCTION greeting(text)", old=asks("SELECT greeting('NAME')"), new=asks("SELECT 1")
    ),
    "a trigger comes": Case(
        migration="CREATE TRIGGER also BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION touch()",
        old=asks("SELECT 1"),
        new=asks("SELECT touched FROM users WHERE id = ID", lambda it: it == 1),
    ),
    "a trigger goes": Case(
        migration="DROP TRIGGER touched ON users",
        old=asks("SELECT touched FROM users WHERE id = 1"),
        new=asks("SELECT 1"),
    ),
    "a trigger does something else": Case(
        migration="DROP TRIGGER touched ON users;"
        "CREATE TRIGGER touched BEFORE UPDATE OF name ON users FOR EACH ROW EXECUTE FUNCTION touch_more()",
        old=asks("SELECT 1"),
        new=asks("SELECT 1"),
        once="COMMENT ON TRIGGER touched ON users IS 'replaced by plan r1'",
    ),
    "a domain gets a constraint": Case(
        migration="ALTER DOMAIN score ADD CONSTRAINT score_positive CHECK (VALUE >= 0)",
        old=asks("SELECT points FROM users WHERE id = ID", lambda it: it == 5),
        new=asks("SELECT points FROM users WHERE id = ID", lambda it: it == 5),
    ),
    "a domain gets another constraint": Case(
        migration="ALTER DOMAIN score DROP CONSTRAINT score_small;"
        "ALTER DOMAIN score ADD CONSTRAINT score_small CHECK (VALUE < 5000)",
        old=asks("SELECT points FROM users WHERE id = ID"),
        new=asks("UPDATE users SET points = 3000 WHERE id = ID RETURNING points", lambda it: it == 3000),
        once="COMMENT ON CONSTRAINT score_small ON DOMAIN score IS 'replaced by plan r1'",
    ),
    "a domain loses a constraint": Case(
        migration="ALTER DOMAIN score DROP CONSTRAINT score_small",
        old=asks("SELECT points FROM users WHERE id = ID"),
        new=asks("SELECT points FROM users WHERE id = ID"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_nobody_notices(database: Database, tmp_path: Path, name: str) -> None:
    nobody_notices(database, tmp_path, SETUP, ROWS, CASES[name])


@pytest.mark.soak
@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("name", CASES)
def test_nobody_notices_anywhere(each_major: int, database: Database, tmp_path: Path, name: str) -> None:
    nobody_notices(database, tmp_path, SETUP, ROWS, CASES[name])
