"""Constraints and indexes that give way to others, carried out under the traffic of both versions."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from migrasafe.plan.read.hints import Hints
from tests.postgres.plans.apps import Row, writes
from tests.postgres.plans.rollout import Work, carry_out, dump, one_shot, roll_out
from tests.postgres.servers import Database

SETUP = """
CREATE TABLE shops (id serial PRIMARY KEY, owner int, code text DEFAULT md5(random()::text) NOT NULL);
CREATE TABLE things (
  id serial PRIMARY KEY, owner int, shop_id int REFERENCES shops, size int DEFAULT 5 NOT NULL CHECK (size > 3),
  code text, CONSTRAINT things_code_key UNIQUE (code),
  CONSTRAINT things_in_shop UNIQUE (shop_id, code),
  during int4range, CONSTRAINT things_apart EXCLUDE USING gist (during WITH &&),
  place int, CONSTRAINT things_place UNIQUE (place) DEFERRABLE
);
CREATE INDEX things_size ON things (size);
CREATE UNIQUE INDEX things_owner ON things (id, owner);
CREATE TABLE tags (id bigserial PRIMARY KEY, owner int, thing int, word text, UNIQUE (thing, word));
ALTER TABLE things REPLICA IDENTITY DEFAULT;
COMMENT ON CONSTRAINT things_shop_id_fkey ON things IS 'in a shop';
"""
ROWS = """
INSERT INTO shops (owner) SELECT 0 FROM generate_series(1, 200);
INSERT INTO things (owner, shop_id, size, code) SELECT 0, 1 + n % 100, 10, 'c' || n FROM generate_series(1, 300) n;
"""


def sizes(low: int, high: int) -> Work:
    def size(rng: random.Random) -> Row:
        return (rng.randrange(low, high),)

    return writes("things", "size", size)


def code(rng: random.Random) -> Row:
    return (f"{rng.random()}",)


def upserts(target: str) -> Work:
    """A version that says ON CONFLICT over the key that it knows, with rows of its own."""

    def work(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
        mine = f"{owner}-{rng.randrange(20)}"
        text = f"INSERT INTO things (owner, code) VALUES (%s, %s) ON CONFLICT ({target}) DO UPDATE SET size = 7"
        asked = sql.SQL(f"{text} RETURNING code")
        row = session.execute(asked, (owner, mine)).fetchone()
        assert row == (mine,)

    return work


def sells(*, cascades: bool) -> Work:
    """A version that closes shops: by itself, or with all things in them."""

    def work(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
        row = session.execute("INSERT INTO shops (owner) VALUES (%s) RETURNING id", (owner,)).fetchone()
        assert row is not None
        session.execute("INSERT INTO things (owner, shop_id) VALUES (%s, %s)", (owner, row[0]))
        if not cascades:
            session.execute("DELETE FROM things WHERE shop_id = %s", row)
        session.execute("DELETE FROM shops WHERE id = %s", row)
        left = session.execute("SELECT count(*) FROM things WHERE shop_id = %s", row).fetchone()
        assert left == (0,)

    return work


def tags(read: str) -> Work:
    """A version that puts words on things, and reads these columns of them."""

    def work(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
        mine = (owner, rng.randrange(10**9), f"{rng.random()}")
        session.execute("INSERT INTO tags (owner, thing, word) VALUES (%s, %s, %s)", mine)
        asked = sql.SQL(f"SELECT {read} FROM tags WHERE thing = %s AND owner = %s")
        row = session.execute(asked, (mine[1], owner)).fetchone()
        assert row is not None and row[-1] == mine[2]

    return work


@dataclass(frozen=True, kw_only=True)
class Case:
    migration: str
    hints: Hints = Hints()  # noqa: RUF009 – a frozen value
    once: str = ""
    old: Work
    new: Work


def book(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    """A version that books what nobody else has booked."""
    start = owner * 10_000_000 + rng.randrange(1_000_000) * 5
    put = "INSERT INTO things (owner, during) VALUES (%s, int4range(%s, %s)) RETURNING id"
    row = session.execute(put, (owner, start, start + 1)).fetchone()
    session.execute("DELETE FROM things WHERE id = %s", row)


def swaps_places(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    """A version that lets two rows be alike for a moment."""
    at = owner * 10_000_000 + rng.randrange(100_000) * 2
    with session.transaction():
        session.execute("SET CONSTRAINTS things_place DEFERRED")
        session.execute("DELETE FROM things WHERE owner = %s", (owner,))
        session.execute("INSERT INTO things (owner, place) VALUES (%s, %s), (%s, %s)", (owner, at, owner, at + 1))
        session.execute("UPDATE things SET place = place + 1 WHERE owner = %s AND place = %s", (owner, at))
        session.execute(
            "UPDATE things SET place = %s WHERE id = (SELECT min(id) FROM things WHERE owner = %s)", (at, owner)
        )


def places(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    """A version that relies on neither key of places."""
    at = owner * 10_000_000 + rng.randrange(100_000) * 2
    with session.transaction():
        session.execute("DELETE FROM things WHERE owner = %s", (owner,))
        session.execute("INSERT INTO things (owner, place) VALUES (%s, %s)", (owner, at))


COMMENT = "'replaced by plan r1'"
CASES = {
    "a foreign key that cascades from now on": Case(
        migration="ALTER TABLE things DROP CONSTRAINT things_shop_id_fkey, ADD CONSTRAINT things_shop_id_fkey"
        " FOREIGN KEY (shop_id) REFERENCES shops ON DELETE CASCADE",
        old=sells(cascades=False),
        new=sells(cascades=True),
    ),
    "a check that neither includes the old one nor is included": Case(
        migration="ALTER TABLE things DROP CONSTRAINT things_size_check;"
        "ALTER TABLE things ADD CONSTRAINT things_size_check CHECK (size < 20)",
        once=f"COMMENT ON CONSTRAINT things_size_check ON things IS {COMMENT}",
        old=sizes(4, 20),
        new=sizes(-5, 20),
    ),
    "an index": Case(
        migration="DROP INDEX things_size; CREATE INDEX things_size ON things (abs(size) DESC) INCLUDE (owner)",
        once=f"COMMENT ON INDEX things_size IS {COMMENT}",
        old=sizes(4, 20),
        new=sizes(4, 20),
    ),
    "a unique constraint over one more column": Case(
        migration="ALTER TABLE things DROP CONSTRAINT things_code_key, ADD CONSTRAINT things_code_key UNIQUE (owner, code)",
        old=upserts("code"),
        new=upserts("owner, code"),
    ),
    "a primary key that foreign keys refer to, and go on referring to": Case(
        migration="ALTER TABLE things DROP CONSTRAINT things_shop_id_fkey;"
        "ALTER TABLE shops DROP CONSTRAINT shops_pkey, ADD PRIMARY KEY (code), ADD UNIQUE (id);"
        "ALTER TABLE things ADD CONSTRAINT things_shop_id_fkey FOREIGN KEY (shop_id) REFERENCES shops (id)",
        once="COMMENT ON CONSTRAINT things_shop_id_fkey ON things IS 'in a shop'",
        old=sells(cascades=False),
        new=sells(cascades=False),
    ),
    "a unique constraint becomes a partial index": Case(
        migration="ALTER TABLE things DROP CONSTRAINT things_code_key;"
        "CREATE UNIQUE INDEX things_code_key ON things (code) WHERE size > 5",
        old=upserts("code"),
        new=upserts("code) WHERE (size > 5"),
    ),
    "a unique constraint over another column": Case(
        migration="ALTER TABLE things DROP CONSTRAINT things_in_shop, ADD CONSTRAINT things_in_shop UNIQUE (code, size)",
        old=writes("things", "code", code),
        new=writes("things", "code", code),
    ),
    "a primary key goes with its column": Case(
        migration="ALTER TABLE tags DROP CONSTRAINT tags_pkey; ALTER TABLE tags DROP COLUMN id",
        old=tags("id, word"),
        new=tags("word"),
    ),
    "a primary key over one more column": Case(
        migration="ALTER TABLE things DROP CONSTRAINT things_pkey, ADD PRIMARY KEY (owner, id)",
        old=writes("things", "code", code),
        new=writes("things", "code", code),
    ),
    "rows exclude each other in another way": Case(
        migration="ALTER TABLE things DROP CONSTRAINT things_apart, ADD CONSTRAINT things_apart"
        " EXCLUDE USING gist (during WITH &&) WHERE (size > 0)",
        once=f"COMMENT ON CONSTRAINT things_apart ON things IS {COMMENT}",
        old=book,
        new=book,
    ),
    "a unique constraint is checked at the end": Case(
        migration="ALTER TABLE things DROP CONSTRAINT things_code_key,"
        " ADD CONSTRAINT things_code_key UNIQUE (code) DEFERRABLE INITIALLY DEFERRED",
        old=upserts("code"),
        new=writes("things", "code", code),
    ),
    "a unique constraint is checked at once": Case(
        migration="ALTER TABLE things DROP CONSTRAINT things_place, ADD CONSTRAINT things_place UNIQUE (place)",
        old=swaps_places,
        new=places,
    ),
    "a primary key is checked at the end": Case(
        migration="ALTER TABLE things DROP CONSTRAINT things_pkey, ADD CONSTRAINT things_pkey PRIMARY KEY (id) DEFERRABLE",
        old=writes("things", "code", code),
        new=writes("things", "code", code),
    ),
    "a unique constraint that another one implies": Case(
        migration="ALTER TABLE things ADD CONSTRAINT things_owned UNIQUE (code, owner) INCLUDE (size)",
        old=upserts("code"),
        new=upserts("code, owner"),
    ),
    "a unique index": Case(
        migration="CREATE UNIQUE INDEX tags_word ON tags (owner, word) INCLUDE (thing)",
        old=tags("id, word"),
        new=tags("id, word"),
    ),
    "a primary key over more columns, one of which may be null": Case(
        migration="ALTER TABLE things DROP CONSTRAINT things_pkey, ADD PRIMARY KEY (code, id)",
        old=writes("things", "code", code),
        new=writes("things", "code", code),
    ),
}


@pytest.mark.in_turn
@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("name", CASES)
def test_nobody_notices(each_major: int, database: Database, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    database.execute(SETUP + ROWS)
    run = roll_out(database, case.migration, tmp_path, case.hints)
    carry_out(run, case.old, case.new, killed=random.Random(each_major) if each_major == 15 else None)
    once = [one for one in f"{case.migration};{case.once}".split(";") if one.strip()]
    assert dump(database.dsn) == one_shot(database, SETUP, *once)


@pytest.mark.majors(15, 18)
@pytest.mark.parametrize(
    "migration",
    [
        "ALTER TABLE tags ADD CONSTRAINT tags_word UNIQUE NULLS NOT DISTINCT (owner, word) INCLUDE (thing)",
        "ALTER TABLE things DROP CONSTRAINT things_code_key,"
        " ADD CONSTRAINT things_code_key UNIQUE NULLS NOT DISTINCT (code, owner)",
        "ALTER TABLE things ADD UNIQUE NULLS NOT DISTINCT (place, id)",
    ],
)
def test_nulls_that_are_alike_stay_alike(each_major: int, database: Database, tmp_path: Path, migration: str) -> None:
    database.execute(SETUP + ROWS)
    run = roll_out(database, migration, tmp_path, Hints())
    carry_out(run, tags("id, word"), tags("id, word"))
    assert dump(database.dsn) == one_shot(database, SETUP, migration)
