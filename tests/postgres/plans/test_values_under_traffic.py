"""What a column holds, and which rows exclude each other, changed under the traffic of both versions."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from migrasafe.plan.model import PhaseName
from migrasafe.plan.read.hints import Hints
from tests.postgres.plans.apps import Row, writes
from tests.postgres.plans.rollout import Work, carry_out, dump, one_shot, roll_out
from tests.postgres.servers import Database

SETUP = """
CREATE TABLE shops (id serial PRIMARY KEY, owner int);
CREATE TABLE goods (
  id serial PRIMARY KEY, owner int, shop_id int CONSTRAINT in_shop REFERENCES shops, net int DEFAULT 1 NOT NULL,
  tax int DEFAULT 1 NOT NULL, gross int, code varchar(40) DEFAULT 'c' NOT NULL, weight numeric(12, 4), number bigint,
  label text, during int4range, twice int GENERATED ALWAYS AS (net * 2) STORED
);
CREATE INDEX goods_label ON goods (label, id);
CREATE INDEX goods_code ON goods (code);
CREATE VIEW labels AS SELECT id, label FROM goods WHERE label <> '';
"""
ROWS = """
INSERT INTO shops (owner) SELECT 0 FROM generate_series(1, 20);
INSERT INTO goods (owner, net, tax, gross, code, weight, number, label, during)
  SELECT 0, n, 1, CASE WHEN n % 2 = 0 THEN n + 1 END, 'c' || n,
  nullif(n, 300) / 8.0, nullif(n, 300), 'l' || n, int4range(n * 10, n * 10 + 5)
  FROM generate_series(1, 300) n;
"""


def amounts(rng: random.Random) -> Row:
    net = rng.randrange(1000)
    return (net, 2, net + 2)


def net(rng: random.Random) -> Row:
    return (rng.randrange(1000),)


def twice(rng: random.Random) -> Row:
    number = rng.randrange(1000)
    return (number, number * 2)


def own(rng: random.Random) -> Row:
    # One that is there already would not be written, as the database sees it, and be worked out: that is for the old version.
    return (rng.randrange(1000), rng.randrange(1000, 2**31))


def short(rng: random.Random) -> Row:
    return (f"s{rng.randrange(1000)}", Decimal(rng.randrange(1000)) / 4, rng.randrange(2**30))


def long(rng: random.Random) -> Row:
    return (f"a longer code {rng.randrange(1000)}", Decimal(rng.randrange(10000)) / 16, rng.randrange(2**40))


def label(rng: random.Random) -> Row:
    return (rng.choice(["a", "B", "ä", "Z", "z"]),)


def book(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    """A version that books what nobody else has booked."""
    start = owner * 10_000_000 + rng.randrange(1_000_000) * 5
    session.execute("INSERT INTO goods (owner, during) VALUES (%s, int4range(%s, %s))", (owner, start, start + 1))
    session.execute("DELETE FROM goods WHERE owner = %s AND during = int4range(%s, %s)", (owner, start, start + 1))


def sell(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    row = session.execute("INSERT INTO shops (owner) VALUES (%s) RETURNING id", (owner,)).fetchone()
    assert row is not None
    session.execute("INSERT INTO goods (owner, shop_id) VALUES (%s, %s)", (owner, row[0]))
    session.execute("UPDATE goods SET shop_id = %s WHERE id = %s", (rng.randrange(1, 20), rng.randrange(1, 300)))


@dataclass(frozen=True, kw_only=True)
class Case:
    migration: str
    once: str = ""
    """The migration as PostgreSQL takes it, where the plan ends otherwise, and says so."""
    hints: Hints = Hints()  # noqa: RUF009 – a frozen value
    old: Work
    new: Work
    by_hand: str = ""
    """What people do before the last phase."""
    holds: str = "true"
    since: int = 12


GROSS = "ALTER TABLE goods DROP COLUMN gross, ADD COLUMN gross int GENERATED ALWAYS AS (net + tax) STORED"
CASES = {
    "a plain column is generated": Case(
        migration=GROSS,
        old=writes("goods", "net, tax, gross", amounts),
        new=writes("goods", "net", net),
        holds="(SELECT count(*) FROM goods WHERE gross IS DISTINCT FROM net + tax) = 0",
    ),
    "a generated column is plain": Case(
        migration="ALTER TABLE goods ALTER twice DROP EXPRESSION",
        old=writes("goods", "net", net),
        new=writes("goods", "net, twice", own),
        holds="(SELECT count(*) FROM goods WHERE owner = 1 AND twice IS DISTINCT FROM net * 2) = 0",
        since=13,
    ),
    "a generated column says something else": Case(
        migration="ALTER TABLE goods ALTER twice SET EXPRESSION AS (net + net)",
        once="ALTER TABLE goods ALTER twice SET EXPRESSION AS (net + net);"
        "COMMENT ON COLUMN goods.twice IS 'worked out anew by plan r1'",
        old=writes("goods", "net", net),
        new=writes("goods", "net", net),
        since=17,
    ),
    "texts get shorter": Case(
        migration="ALTER TABLE goods ALTER code TYPE varchar(10)",
        old=writes("goods", "code, weight, number", long),
        new=writes("goods", "code, weight, number", short),
        by_hand="UPDATE goods SET code = left(code, 10) WHERE length(code) > 10",
    ),
    "numbers have fewer digits": Case(
        migration="ALTER TABLE goods ALTER weight TYPE numeric(8, 2)",
        old=writes("goods", "code, weight, number", long),
        new=writes("goods", "code, weight, number", short),
        by_hand="UPDATE goods SET weight = round(weight, 2)",
        holds="(SELECT weight IS NULL FROM goods WHERE id = 300)",
    ),
    "numbers get smaller": Case(
        migration="ALTER TABLE goods ALTER number TYPE int",
        old=writes("goods", "code, weight, number", long),
        new=writes("goods", "code, weight, number", short),
        by_hand="UPDATE goods SET number = 7 WHERE number > 2147483647",
        holds="(SELECT number IS NULL FROM goods WHERE id = 300)",
    ),
    "a text is sorted otherwise": Case(
        migration='ALTER TABLE goods ALTER label TYPE text COLLATE "C"',
        once='DROP VIEW labels; ALTER TABLE goods ALTER label TYPE text COLLATE "C";'
        "CREATE VIEW labels AS SELECT id, label FROM goods WHERE label <> ''",
        old=writes("goods", "label", label),
        new=writes("goods", "label", label),
    ),
    "rows exclude each other": Case(
        migration="ALTER TABLE goods ADD CONSTRAINT booked EXCLUDE USING gist (during WITH &&) WHERE (during IS NOT NULL)",
        old=book,
        new=book,
    ),
    "a foreign key is checked at the end": Case(
        migration="ALTER TABLE goods ALTER CONSTRAINT in_shop DEFERRABLE INITIALLY DEFERRED", old=sell, new=sell
    ),
}


@pytest.mark.in_turn
@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("name", CASES)
def test_nobody_notices(each_major: int, database: Database, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    if each_major < case.since:
        return  # the statement is not there, and there is a test that says so
    database.execute(SETUP + ROWS)
    run = roll_out(database, case.migration, tmp_path, case.hints)
    killed = random.Random(each_major) if each_major == 15 else None
    carry_out(
        run, case.old, case.new, killed=killed, by_hand={PhaseName.CONTRACT: case.by_hand} if case.by_hand else None
    )
    assert database.execute(f"SELECT {case.holds}") == [(True,)]
    once = [one for one in (case.once or case.migration).split(";") if one.strip()]
    told, wanted = dump(database.dsn), one_shot(database, SETUP, *once)
    assert [one for one in told if one not in wanted] == []
    assert told == wanted
