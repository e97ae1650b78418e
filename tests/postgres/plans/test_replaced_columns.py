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


ON_COLUMNS = """
CREATE INDEX people_price ON people (owner, price DESC) INCLUDE (street) WHERE price < 1000;
COMMENT ON INDEX people_price IS 'cheap first';
COMMENT ON CONSTRAINT people_price_check ON people IS 'no gifts';
ALTER TABLE people ADD CONSTRAINT one_price UNIQUE (id, price);
CREATE POLICY cheap ON people USING (price < 10000) WITH CHECK (people.price < 20000);
GRANT SELECT (price), UPDATE (price) ON people TO PUBLIC;
CREATE INDEX people_place ON people (street, lower(owner::text), town);
CREATE INDEX people_full ON people (name text_pattern_ops);
CREATE INDEX people_names ON people (name COLLATE "C", owner);
"""
GAVE = "((price_cents / 100.0)::numeric(10, 2))"
CENTS = f"""
CREATE INDEX people_price ON people (owner, price_cents DESC) INCLUDE (street) WHERE {GAVE} < 1000;
COMMENT ON INDEX people_price IS 'cheap first';
ALTER TABLE people DROP CONSTRAINT people_price_check, DROP CONSTRAINT one_price;
ALTER TABLE people ADD CONSTRAINT people_price_check CHECK ({GAVE} >= 0);
COMMENT ON CONSTRAINT people_price_check ON people IS 'no gifts';
ALTER TABLE people ADD CONSTRAINT one_price UNIQUE (id, price_cents);
ALTER POLICY cheap ON people USING ({GAVE} < 10000) WITH CHECK ({GAVE} < 20000);
GRANT SELECT (price_cents), UPDATE (price_cents) ON people TO PUBLIC
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


WITH_ALL = {
    "a price is in cents, with all that stands on it": Case(
        migration="""
            -- migrasafe: replace people.price -> price_cents
            ALTER TABLE people ADD COLUMN price_cents bigint;
            ALTER TABLE people DROP COLUMN price
        """,
        hints=hints_of(up="(price * 100)::bigint", down="price_cents / 100.0"),
        before="DROP INDEX people_price;" + CENTS,
        old=writes("people", "price", euros),
        new=writes("people", "price_cents", cents),
    ),
    "a name is split, with its indexes": Case(
        migration="""
            -- migrasafe: replace people.name -> first_name, last_name
            ALTER TABLE people ADD COLUMN first_name text NOT NULL DEFAULT '', ADD COLUMN last_name text;
            UPDATE people SET first_name = split_part(name, ' ', 1), last_name = substr(name, strpos(name || ' ', ' ') + 1);
            ALTER TABLE people DROP COLUMN name
        """,
        hints=CASES["a name is split"].hints,
        before=NAMES
        + f"; DROP INDEX people_name; CREATE INDEX people_name ON people (lower({NAME})); DROP INDEX people_names;"
        "CREATE INDEX people_names ON people (first_name, last_name, owner)",
        old=writes("people", "name", full),
        new=writes("people", "first_name, last_name", in_parts),
    ),
    "an address is merged, with its index": Case(
        migration=CASES["an address is merged"].migration.replace(
            "ADD address text, DROP street", "ADD address text;\n            ALTER TABLE people DROP street"
        ),
        hints=CASES["an address is merged"].hints,
        before="DROP INDEX people_place; DROP INDEX people_price;"
        "CREATE INDEX people_place ON people (address, lower(owner::text));"
        "CREATE INDEX people_price ON people (owner, price DESC) INCLUDE (address) WHERE price < 1000;"
        "COMMENT ON INDEX people_price IS 'cheap first'",
        old=writes("people", "street, town", street_and_town),
        new=writes("people", "address", address),
    ),
}


@pytest.mark.majors(15)
@pytest.mark.parametrize("name", WITH_ALL)
def test_what_stands_on_old_columns_is_made_for_new_ones(
    each_major: int, database: Database, tmp_path: Path, name: str
) -> None:
    nobody_notices_all(database, tmp_path, WITH_ALL[name], killed=random.Random(each_major))


@pytest.mark.soak
@pytest.mark.majors(12, 18)
@pytest.mark.parametrize("name", WITH_ALL)
def test_what_stands_on_old_columns_is_made_for_new_ones_elsewhere(
    each_major: int, database: Database, tmp_path: Path, name: str
) -> None:
    nobody_notices_all(database, tmp_path, WITH_ALL[name], killed=random.Random(each_major))


def nobody_notices_all(database: Database, folder: Path, case: Case, *, killed: random.Random) -> None:
    database.execute(SETUP + ON_COLUMNS + ROWS)
    run = roll_out(database, case.migration, folder, case.hints)
    carry_out(run, case.old, case.new, killed=killed)
    *first, last = case.migration.split(";")
    once = one_shot(database, SETUP + ON_COLUMNS, *first, *case.before.split(";"), last)
    assert dump(database.dsn) == once


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
