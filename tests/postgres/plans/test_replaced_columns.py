"""Columns that others take the place of, carried out under the traffic of both versions: split, merged, in other units."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from migrasafe.plan.read.hints import Hints, hints_of
from tests.postgres.plans.apps import Row, writes
from tests.postgres.plans.rollout import Work, carry_out, dump, one_shot, roll_out
from tests.postgres.servers import Database

SETUP = """
CREATE TABLE people (
  id serial PRIMARY KEY, owner int, name text DEFAULT 'Ada L' NOT NULL, street text, town text,
  price numeric(10, 2) CHECK (price >= 0)
);
CREATE INDEX people_name ON people (lower(name));
CREATE VIEW named AS SELECT p.id, upper(p.name) AS loud, name FROM people p WHERE p.name <> 'x';
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER of_name AFTER UPDATE OF owner, name ON people FOR EACH ROW WHEN (NEW.owner > 0) EXECUTE FUNCTION nothing();
"""
ROWS = """
INSERT INTO people (owner, name, street, town, price)
  SELECT 0, CASE n % 5 WHEN 0 THEN '' WHEN 1 THEN 'Cher' WHEN 2 THEN ' Ada  L ' ELSE 'Ada L' || n END,
    CASE WHEN n % 3 > 0 THEN 'Street ' || n END, CASE WHEN n % 4 > 0 THEN 'Town' END, n / 100.0
  FROM generate_series(1, 300) n;
"""


def full(rng: random.Random) -> Row:
    return (rng.choice(["Ada Lovelace", "Cher", "", " Ada  L "]),)


def in_parts(rng: random.Random) -> Row:
    return (rng.choice(["Ada", "Grace"]), rng.choice(["Lovelace", "Hopper", "van der Berg"]))


def street_and_town(rng: random.Random) -> Row:
    return (rng.choice(["Elm 1", "Oak 2"]), rng.choice(["Rome", "Oslo", None]))


def address(rng: random.Random) -> Row:
    return (rng.choice(["Elm 1; Rome", "Oak 2; Oslo"]),)


def euros(rng: random.Random) -> Row:
    return (Decimal(rng.randrange(1000)) / 100,)


def cents(rng: random.Random) -> Row:
    return (rng.randrange(1000),)


NAME = "(first_name || CASE WHEN last_name <> '' THEN ' ' || last_name ELSE '' END)::text"
NAMES = f"""
CREATE OR REPLACE VIEW named AS SELECT id, upper({NAME}) AS loud, {NAME} AS name FROM people p WHERE {NAME} <> 'x';
DROP TRIGGER of_name ON people;
CREATE TRIGGER of_name AFTER UPDATE OF owner, first_name, last_name ON people FOR EACH ROW WHEN (NEW.owner > 0)
  EXECUTE FUNCTION nothing()
"""


@dataclass(frozen=True, kw_only=True)
class Case:
    migration: str
    hints: Hints
    before: str = ""
    """What the plan does to what stands on the columns."""
    old: Work
    new: Work


CASES = {
    "a name is split": Case(
        migration="""
            -- migrasafe: replace people.name -> first_name, last_name
            ALTER TABLE people ADD COLUMN first_name text NOT NULL DEFAULT '', ADD COLUMN last_name text;
            UPDATE people SET first_name = split_part(name, ' ', 1), last_name = substr(name, strpos(name || ' ', ' ') + 1);
            CREATE INDEX people_last_name ON people (lower(last_name));
            ALTER TABLE people DROP COLUMN name
        """,
        hints=hints_of(down="name = first_name || CASE WHEN last_name <> '' THEN ' ' || last_name ELSE '' END"),
        before=NAMES,
        old=writes("people", "name", full),
        new=writes("people", "first_name, last_name", in_parts),
    ),
    "an address is merged": Case(
        migration="""
            -- migrasafe: replace people.street, town -> address
            ALTER TABLE people ADD address text, DROP street, DROP town
        """,
        hints=hints_of(
            up="concat_ws('; ', street, coalesce(town, '?'))",
            down="street = split_part(address, '; ', 1), town = nullif(split_part(address, '; ', 2), '?')",
        ),
        old=writes("people", "street, town", street_and_town),
        new=writes("people", "address", address),
    ),
    "a price is in cents": Case(
        migration="""
            -- migrasafe: replace people.price -> price_cents
            ALTER TABLE people DROP COLUMN price, ADD COLUMN price_cents bigint;
            ALTER TABLE people ADD CONSTRAINT not_negative CHECK (price_cents >= 0)
        """,
        hints=hints_of(up="(price * 100)::bigint", down="price_cents / 100.0"),
        old=writes("people", "price", euros),
        new=writes("people", "price_cents", cents),
    ),
}


@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("name", CASES)
def test_nobody_notices(each_major: int, database: Database, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    database.execute(SETUP + ROWS)
    run = roll_out(database, case.migration, tmp_path, case.hints)
    killed = random.Random(each_major) if each_major == 15 else None
    carry_out(run, case.old, case.new, killed=killed)
    *first, last = case.migration.split(";")
    if not case.before:
        first, last = [*first, last], ""
    once = one_shot(database, SETUP, *first, *case.before.split(";"), last)
    assert dump(database.dsn) == once
