"""Each change carried out on a real server, under the traffic of both versions: nobody gets an error, nothing is lost,
every phase can be taken back, and the end is that of the migration as it was written."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from migrasafe.plan.read.changes import Hints
from migrasafe.sql.deparse import parse_expression
from tests.postgres.plans.rollout import Work, carry_out, dump, one_shot, roll_out
from tests.postgres.servers import Database

SETUP = """
CREATE TABLE orders (id serial PRIMARY KEY, owner int, above int REFERENCES orders (id) ON DELETE SET NULL);
CREATE TABLE items (
  id serial PRIMARY KEY,
  order_id int NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  amount int DEFAULT 1
);
CREATE INDEX items_order ON items (order_id, amount);
CREATE TABLE "Odd Things" (id bigserial PRIMARY KEY, owner int NOT NULL, "First.Name's" text DEFAULT 'it''s' NOT NULL);
CREATE INDEX "Odd Index" ON "Odd Things" (lower("First.Name's"));
CREATE TYPE mood AS ENUM ('fine');
CREATE TABLE teams (id bigserial PRIMARY KEY, title text);
CREATE TABLE users (
  id bigserial PRIMARY KEY,
  owner int NOT NULL,
  name varchar(50) DEFAULT 'anon' NOT NULL CHECK (name <> ''),
  boss bigint REFERENCES users (id),
  team_id bigint,
  age int DEFAULT 7 NOT NULL,
  born text,
  data json,
  mood mood DEFAULT 'fine',
  note varchar(20)
);
CREATE INDEX users_lower_name ON users (lower(name) varchar_pattern_ops DESC, owner) INCLUDE (boss) WHERE name <> 'x';
CREATE INDEX users_age ON users (age DESC) WHERE age > 3;
COMMENT ON COLUMN users.name IS 'what people are called, isn''t it';
ALTER TABLE users ALTER COLUMN name SET STATISTICS 500, ALTER COLUMN name SET STORAGE external,
  ALTER COLUMN name SET (n_distinct = -0.5);
GRANT SELECT (name), UPDATE (name) ON users TO PUBLIC;
COMMENT ON COLUMN users.age IS 'in years';
CREATE VIEW named AS SELECT u.id, u.name FROM users u WHERE name <> 'x';
CREATE FUNCTION no_boss() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.boss := NULL; RETURN NEW; END $$;
CREATE TRIGGER no_boss BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION no_boss();
"""
ROWS = """
INSERT INTO "Odd Things" (owner, "First.Name's") SELECT 0, n FROM generate_series(1, 1500) n;
INSERT INTO orders (owner) SELECT 0 FROM generate_series(1, 1000);
INSERT INTO items (order_id) SELECT n FROM generate_series(1, 1000) n;
INSERT INTO teams (title) SELECT 'team ' || n FROM generate_series(1, 50) n;
INSERT INTO users (owner, name, team_id, born, data)
  SELECT 0, 'user ' || n, 1 + n % 50, ' 0' || n || ' ', '{"b": 1, "a": 1}' FROM generate_series(1, 1500) n;
"""
Value = Callable[[random.Random], object]


def app(column: str, value: Value, *, table: str = "users", default: object = None) -> Work:
    """A version of the app that writes `value`s into a column and reads what it wrote."""

    def work(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
        def ask(sql: str, *given: object) -> tuple[object, ...]:
            row = session.execute(sql, given).fetchone()  # type: ignore[call-overload]  # a plain text on purpose
            assert row is not None, sql
            return tuple(row)

        first, second = value(rng), value(rng)
        put = f"INSERT INTO {table} (owner, {column}) VALUES (%s, %s) RETURNING id, {column}"
        id, got = ask(put, owner, first)
        assert got == first, (got, first)
        session.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", (second, id))
        (read,) = ask(f"SELECT {column} FROM {table} WHERE id = %s", id)
        assert read == second, (read, second)
        third = value(rng)
        # Rows that both versions write, in turns.
        (read,) = ask(
            f"UPDATE {table} SET {column} = %s WHERE id = %s RETURNING {column}", third, rng.randrange(1, 1500)
        )
        assert read == third, (read, third)
        ask(f"UPDATE {table} SET owner = owner WHERE id = %s RETURNING owner", rng.randrange(1, 1500))
        if default is not None:
            assert ask(f"INSERT INTO {table} (owner) VALUES (%s) RETURNING {column}", owner) == (default,)

    return work


def nothing_but_rows(table: str = "users") -> Work:
    """A version of the app that does not know the column."""

    def work(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
        name = f"name {rng.random()}"
        session.execute(f"INSERT INTO {table} (owner, name) VALUES (%s, %s)", (owner, name))
        session.execute(f"UPDATE {table} SET name = %s WHERE id = %s", (name, rng.randrange(1, 1500)))

    return work


def shop(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    """A version of the app that orders things, and takes some orders back."""
    row = session.execute("INSERT INTO orders (owner, above) VALUES (%s, 1) RETURNING id, above", (owner,)).fetchone()
    assert row is not None and row[1] == 1
    session.execute("INSERT INTO items (order_id, amount) VALUES (%s, 2), (%s, 3)", (row[0], row[0]))
    read = session.execute("SELECT sum(amount) FROM items JOIN orders o ON o.id = order_id WHERE o.id = %s", (row[0],))
    assert read.fetchone() == (5,)
    session.execute("UPDATE items SET order_id = %s WHERE id = %s", (row[0], rng.randrange(1, 900)))
    session.execute("DELETE FROM orders WHERE id = %s", (row[0] - 40,))
    left = session.execute("SELECT count(*) FROM items WHERE order_id = %s", (row[0] - 40,)).fetchone()
    assert left == (0,), left


def words(rng: random.Random) -> object:
    return f"word {rng.random()}"


def small(rng: random.Random) -> object:
    return rng.randrange(4, 1000)


def big(rng: random.Random) -> object:
    return rng.choice([rng.randrange(4, 1000), rng.randrange(2**31, 2**40)])


def team(rng: random.Random) -> object:
    return rng.randrange(1, 51)


@dataclass(frozen=True, kw_only=True)
class Case:
    migration: str
    old: Work
    new: Work
    hints: Hints = Hints()  # noqa: RUF009 – a frozen value
    once: str = ""
    """What the plan does beyond the migration, and says so."""


CASES = {
    "rename a column, triggers": Case(
        migration="ALTER TABLE users RENAME COLUMN name TO full_name",
        old=app("name", words, default="anon"),
        new=app("full_name", words, default="anon"),
    ),
    "rename a column, view": Case(
        migration="ALTER TABLE users RENAME COLUMN name TO full_name",
        hints=Hints(way="view"),
        old=app("name", words, default="anon"),
        new=app("full_name", words, default="anon"),
    ),
    "rename a column with an odd name": Case(
        migration="""ALTER TABLE "Odd Things" RENAME COLUMN "First.Name's" TO "user" """,
        old=app('"First.Name\'s"', words, table='"Odd Things"', default="it's"),
        new=app('"user"', words, table='"Odd Things"', default="it's"),
    ),
    "rename a table": Case(
        migration="ALTER TABLE users RENAME TO people",
        old=app("name", words, default="anon"),
        new=app("name", words, table="people", default="anon"),
    ),
    "widen a number": Case(
        migration="ALTER TABLE users ALTER COLUMN age TYPE bigint",
        old=app("age", small, default=7),
        new=app("age", big, default=7),
    ),
    "a key with its sequence and references": Case(
        migration="ALTER TABLE orders ALTER COLUMN id TYPE bigint",
        once="ALTER TABLE items ALTER COLUMN order_id TYPE bigint; ALTER TABLE orders ALTER COLUMN above TYPE bigint;"
        "ALTER SEQUENCE orders_id_seq AS bigint",
        old=shop,
        new=shop,
    ),
    "a key and all that refers to it, said one by one": Case(
        migration="ALTER TABLE items ALTER COLUMN order_id TYPE bigint USING order_id::bigint;"
        "ALTER TABLE orders ALTER COLUMN id TYPE bigint, ALTER COLUMN above TYPE bigint;",
        once="ALTER SEQUENCE orders_id_seq AS bigint",
        old=shop,
        new=shop,
    ),
    "text to a number": Case(
        migration="ALTER TABLE users ALTER COLUMN born TYPE int USING born::int",
        hints=Hints(
            up=parse_expression("CASE WHEN born ~ '^ *[0-9]{1,9} *$' THEN born::int END"),
            down=parse_expression("born::text"),
        ),
        old=nothing_but_rows(),
        new=app("born", small),
    ),
    "json to jsonb": Case(
        migration="ALTER TABLE users ALTER COLUMN data TYPE jsonb",
        old=nothing_but_rows(),
        new=nothing_but_rows(),
    ),
    "a longer text": Case(
        migration="ALTER TABLE users ALTER COLUMN note TYPE varchar(60)",
        old=app("note", lambda rng: f"n{rng.randrange(10**6)}"),
        new=app("note", words),
    ),
    "a column that may not be null, filled in": Case(
        migration="ALTER TABLE users ADD COLUMN rank int NOT NULL",
        hints=Hints(up=parse_expression("age * 2")),
        old=nothing_but_rows(),
        new=app("rank", small),
    ),
    "a column with a volatile default": Case(
        migration="ALTER TABLE users ADD COLUMN luck double precision DEFAULT random() NOT NULL",
        old=nothing_but_rows(),
        new=nothing_but_rows(),
    ),
    "a column with a constant default": Case(
        migration="ALTER TABLE users ADD COLUMN state text DEFAULT 'new' NOT NULL",
        old=nothing_but_rows(),
        new=app("state", words, default="new"),
    ),
    "not null, filled in": Case(
        migration="ALTER TABLE users ALTER COLUMN note SET NOT NULL",
        hints=Hints(up=parse_expression("'none'")),
        old=nothing_but_rows(),
        new=app("note", lambda rng: f"n{rng.randrange(10**6)}"),
    ),
    "not null, given by the new version": Case(
        migration="ALTER TABLE users ALTER COLUMN team_id SET NOT NULL",
        old=app("team_id", team),
        new=app("team_id", team),
    ),
    "may be null": Case(
        migration="ALTER TABLE users ALTER COLUMN age DROP NOT NULL",
        old=app("age", small, default=7),
        new=app("age", small, default=7),
    ),
    "another default": Case(
        migration="ALTER TABLE users ALTER COLUMN age SET DEFAULT 9", old=app("age", small), new=app("age", small)
    ),
    "no default": Case(
        migration="ALTER TABLE users ALTER COLUMN age DROP DEFAULT", old=app("age", small), new=app("age", small)
    ),
    "a foreign key": Case(
        migration="ALTER TABLE users ADD FOREIGN KEY (team_id) REFERENCES teams ON DELETE CASCADE",
        once="CREATE INDEX users_team_id_idx ON public.users USING btree (team_id);",
        old=app("team_id", team),
        new=app("team_id", team),
    ),
    "a check": Case(
        migration="ALTER TABLE users ADD CONSTRAINT grown CHECK (age > 3)", old=app("age", small), new=app("age", small)
    ),
    "a unique constraint": Case(
        migration="ALTER TABLE users ADD UNIQUE (note)",
        old=app("note", lambda rng: f"n{rng.random()}"[:20]),
        new=app("note", lambda rng: f"n{rng.random()}"[:20]),
    ),
    "no check": Case(
        migration="ALTER TABLE users DROP CONSTRAINT users_name_check", old=app("name", words), new=app("name", words)
    ),
    "no foreign key": Case(
        migration="ALTER TABLE items DROP CONSTRAINT items_order_id_fkey", old=shop, new=nothing_but_rows()
    ),
    "an index": Case(
        migration="CREATE INDEX users_note ON users (note, lower(name))", old=nothing_but_rows(), new=nothing_but_rows()
    ),
    "no index": Case(migration="DROP INDEX users_age", old=app("age", small), new=app("age", small)),
    "no column": Case(migration="ALTER TABLE users DROP COLUMN age", old=app("age", small), new=nothing_but_rows()),
    "no table": Case(migration="DROP TABLE teams", old=nothing_but_rows(), new=nothing_but_rows()),
    "another value of an enum": Case(
        migration="ALTER TYPE mood ADD VALUE 'sad'", old=nothing_but_rows(), new=app("mood", lambda _: "sad")
    ),
    "several changes": Case(
        migration="CREATE TABLE logs (id int); ALTER TABLE users RENAME COLUMN note TO remark;"
        " ALTER TABLE users ADD CONSTRAINT grown CHECK (age > 3); CREATE INDEX users_born ON users (born);",
        old=app("note", lambda rng: f"n{rng.randrange(10**6)}"),
        new=app("remark", lambda rng: f"n{rng.randrange(10**6)}"),
    ),
}


@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("name", CASES)
def test_nobody_notices(each_major: int, database: Database, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    database.execute(SETUP + ROWS)
    run = roll_out(database, case.migration, tmp_path, case.hints)
    carry_out(run, case.old, case.new)
    statements = [one for one in f"{case.migration};{case.once}".split(";") if one.strip()]
    assert dump(database.dsn) == one_shot(database, SETUP, *statements)


@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("name", ["rename a column, triggers", "widen a number", "rename a table"])
def test_nobody_notices_when_it_is_killed(each_major: int, database: Database, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    database.execute(SETUP + ROWS)
    run = roll_out(database, case.migration, tmp_path, case.hints)
    carry_out(run, case.old, case.new, killed=random.Random(each_major))
    assert dump(database.dsn) == one_shot(database, SETUP, case.migration)
