"""Types, functions, sequences, attributes, owners and settings changed on a server while both versions of the app are at work."""

from __future__ import annotations

import random
from pathlib import Path

import psycopg
import pytest

from tests.postgres.plans.rollout import Work, nobody_notices, roll_out
from tests.postgres.plans.test_plans_under_traffic import Case
from tests.postgres.servers import Database
from tests.postgres.whole_server import make_fast_tablespace

SETUP = """
DO $$ BEGIN CREATE ROLE ms_first; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE ms_second; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
GRANT USAGE ON SCHEMA public TO ms_first, ms_second;
CREATE SCHEMA elsewhere;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad');
CREATE TYPE place AS (street text, city text);
CREATE TYPE size AS (width int, height int);
CREATE DOMAIN zip AS text CONSTRAINT some_zip CHECK (VALUE <> '') DEFAULT '0';
CREATE DOMAIN grade AS int;
CREATE DOMAIN score AS int NOT NULL DEFAULT 0;
CREATE SEQUENCE tickets;
CREATE FUNCTION price(amount int, VARIADIC more int[] DEFAULT '{}') RETURNS int LANGUAGE sql STABLE AS 'SELECT amount * 2';
CREATE FUNCTION parts(amount int, OUT half int, OUT rest int) LANGUAGE sql AS 'SELECT amount / 2, amount - amount / 2';
CREATE FUNCTION rows_of(amount int) RETURNS TABLE (n int, of int) LANGUAGE sql
  AS 'SELECT n, amount FROM generate_series(1, amount) n';
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
REVOKE EXECUTE ON FUNCTION price(int, int[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION price(int, int[]) TO ms_first;
CREATE TABLE users (
  id bigserial PRIMARY KEY, owner int NOT NULL, mood mood, place place, size size, zip zip, grade grade, body text, score score,
  ticket bigint DEFAULT nextval('tickets'), cost int GENERATED ALWAYS AS (owner * 2) STORED
);
CREATE TABLE pets (id bigserial PRIMARY KEY, user_id bigint REFERENCES users, name text);
ALTER TABLE pets OWNER TO ms_first;
CREATE INDEX users_body ON users (body);
CREATE VIEW glad AS SELECT id, mood, (place).city, price(owner) AS cost FROM users WHERE mood = 'glad';
CREATE TRIGGER noted BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION noted();
CREATE POLICY everybody ON users USING (true);
CREATE STATISTICS mood_and_zip ON mood, zip FROM users;
"""
ROWS = """
INSERT INTO users (owner, mood, place, size, zip, grade, body)
SELECT 0, 'ok', ROW('street ' || n, 'city')::place, ROW(n, 1)::size, n, n, 'body' FROM generate_series(1, 300) n;
"""


def says(*statements: str) -> Work:
    """A version of the app that says these, each of which gives true; ID is a row that it has just written itself."""

    def work(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
        made = session.execute(
            "INSERT INTO users (owner, zip, grade) VALUES (%s, '1', 1) RETURNING id", (owner,)
        ).fetchone()
        assert made is not None
        for statement in statements:
            found = session.execute(statement.replace("ID", str(made[0]))).fetchone()  # type: ignore[arg-type]  # a plain text
            assert found == (True,), (statement, found)

    return work


NOTHING = says("SELECT true")
BY_NAME = """UPDATE users SET place = jsonb_populate_record(NULL::place, '{"street": "s", "city": "c", "town": "c", "zip": "z"}')
 WHERE id = ID RETURNING (place).street = 's'"""
EITHER_NAME = "SELECT coalesce(to_jsonb(place) ->> 'town', to_jsonb(place) ->> 'city') = 'c' FROM users WHERE id = ID"

CASES = {
    "an enum has another name": Case(
        migration="ALTER TYPE mood RENAME TO feeling",
        old=says("UPDATE users SET mood = 'glad'::mood WHERE id = ID AND mood IS NULL RETURNING mood = 'glad'::mood"),
        new=says(
            "UPDATE users SET mood = 'glad' WHERE id = ID RETURNING mood = 'glad'", "SELECT count(*) > 0 FROM glad"
        ),
    ),
    "a composite type has another name": Case(
        migration="ALTER TYPE place RENAME TO address",
        old=says("UPDATE users SET place = ROW('s', 'c')::place WHERE id = ID RETURNING place = ROW('s', 'c')::place"),
        new=says("UPDATE users SET place = ROW('s', 'c')::address WHERE id = ID RETURNING (place).city = 'c'"),
    ),
    "a domain moves to another schema": Case(
        migration="ALTER DOMAIN zip SET SCHEMA elsewhere",
        old=says("UPDATE users SET zip = '7'::zip WHERE id = ID RETURNING zip = '7'::public.zip"),
        new=says("UPDATE users SET zip = '7'::elsewhere.zip WHERE id = ID RETURNING zip = '7'::elsewhere.zip"),
    ),
    "functions have other names": Case(
        migration="ALTER FUNCTION price(int, int[]) RENAME TO cost; ALTER FUNCTION parts(int) SET SCHEMA elsewhere;"
        "ALTER FUNCTION rows_of(int) RENAME TO lines; ALTER FUNCTION noted() RENAME TO remarked",
        old=says(
            "SELECT price(4) = 8 AND price(4, 1, 2) = 8",
            "SELECT rest = 3 FROM parts(5)",
            "SELECT n = 1 FROM rows_of(3)",
        ),
        new=says("SELECT cost(4) = 8", "SELECT rest = 3 FROM elsewhere.parts(5)", "SELECT count(of) = 3 FROM lines(3)"),
    ),
    "sequences have other names": Case(
        migration="ALTER SEQUENCE tickets RENAME TO numbers; ALTER SEQUENCE users_id_seq RENAME TO user_numbers",
        old=says("SELECT nextval('tickets') > 0", "SELECT nextval('users_id_seq') > 0"),
        new=says(
            "SELECT nextval(coalesce(to_regclass('public.numbers'), to_regclass('public.tickets'))) > 0",
            "SELECT nextval(pg_get_serial_sequence('public.users', 'id')) > 0",
        ),
    ),
    "an attribute comes": Case(
        migration="ALTER TYPE place ADD ATTRIBUTE zip text",
        old=says("UPDATE users SET place = ROW('s', 'c') WHERE id = ID RETURNING place::text = '(s,c)'"),
        new=says(BY_NAME, "SELECT (place).city = 'c' FROM users WHERE id = ID"),
    ),
    "an attribute has another name": Case(
        migration="ALTER TYPE place RENAME ATTRIBUTE city TO town",
        old=says("UPDATE users SET place = ROW('s', 'c') WHERE id = ID RETURNING (place).city = 'c'"),
        new=says(BY_NAME, EITHER_NAME),
    ),
    "an attribute goes": Case(
        migration="ALTER TYPE size DROP ATTRIBUTE height",
        old=says("UPDATE users SET size = ROW(1, 2) WHERE id = ID RETURNING (size).height = 2"),
        new=says("UPDATE users SET size.width = 3 WHERE id = ID RETURNING (size).width = 3"),
    ),
    "a domain is never null": Case(
        migration="ALTER DOMAIN grade SET NOT NULL; ALTER DOMAIN grade SET DEFAULT 4; ALTER DOMAIN zip DROP DEFAULT",
        old=says("UPDATE users SET grade = 3 WHERE id = ID RETURNING grade = 3"),
        new=says("UPDATE users SET grade = 3 WHERE id = ID RETURNING grade = 3"),
    ),
    "a domain may be null": Case(
        migration="ALTER DOMAIN score DROP NOT NULL",
        old=says("UPDATE users SET score = 7 WHERE id = ID RETURNING score = 7"),
        new=says("SELECT score IS NULL OR score = 0 FROM users WHERE id = ID"),
    ),
    "a table belongs to another role": Case(
        migration="ALTER TABLE pets OWNER TO ms_second",
        old=says(
            "SELECT set_config('role', 'ms_first', false) <> ''",
            "INSERT INTO pets (name) VALUES ('a') RETURNING true",
            "SELECT set_config('role', 'none', false) <> ''",
        ),
        new=says(
            "SELECT set_config('role', 'ms_second', false) <> ''",
            "INSERT INTO pets (name) VALUES ('a') RETURNING true",
            "SELECT set_config('role', 'none', false) <> ''",
        ),
    ),
    "new tables come with privileges": Case(
        migration="ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT ON TABLES TO ms_first;"
        "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
        old=NOTHING,
        new=NOTHING,
    ),
    "columns are kept and known otherwise": Case(
        migration="ALTER TABLE users ALTER body SET STORAGE EXTERNAL, ALTER body SET STATISTICS 400,"
        " ALTER zip SET (n_distinct = -0.5, n_distinct_inherited = 7)",
        old=NOTHING,
        new=NOTHING,
    ),
    "parts have other names": Case(
        migration="ALTER TRIGGER noted ON users RENAME TO remarked; ALTER POLICY everybody ON users RENAME TO all_of_them;"
        "ALTER STATISTICS mood_and_zip RENAME TO mood_zip; ALTER DOMAIN zip RENAME CONSTRAINT some_zip TO not_empty",
        old=NOTHING,
        new=NOTHING,
    ),
    "an index moves": Case(migration="ALTER INDEX users_body SET TABLESPACE ms_fast", old=NOTHING, new=NOTHING),
    "types are new": Case(
        migration="CREATE DOMAIN code AS text CHECK (VALUE <> ''); CREATE TYPE span AS RANGE (SUBTYPE = int)",
        old=NOTHING,
        new=NOTHING,
    ),
}


NEEDS_TABLESPACE = ("an index moves",)
"""What a server has to be made ready for: no rehearsal does that."""


@pytest.mark.in_turn
@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("name", [one for one in CASES if one not in NEEDS_TABLESPACE])
def test_nobody_notices(each_major: int, database: Database, tmp_path: Path, name: str) -> None:
    nobody_notices(database, tmp_path, SETUP, ROWS, CASES[name])


@pytest.mark.majors(15, 18)
def test_an_index_moves_to_another_tablespace(each_major: int, database: Database, tmp_path: Path) -> None:
    make_fast_tablespace(database)
    nobody_notices(database, tmp_path, SETUP, ROWS, CASES["an index moves"])
    moved = "SELECT spcname FROM pg_class c JOIN pg_tablespace t ON t.oid = reltablespace WHERE c.oid = 'users_body'::regclass"
    assert database.execute(moved) == [("ms_fast",)]


def test_a_new_owner_without_usage_of_the_schema_is_stopped_by_a_gate(database: Database, tmp_path: Path) -> None:
    database.execute(SETUP + "REVOKE USAGE ON SCHEMA public FROM ms_second, PUBLIC")
    run = roll_out(database, "ALTER TABLE pets OWNER TO ms_second", tmp_path)
    with pytest.raises(AssertionError, match="may use the schema public"):
        run.gates(run.plan.phases[0])
