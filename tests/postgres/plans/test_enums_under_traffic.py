"""Values that are named in types, or hidden in them, changed under the traffic of both versions."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from migrasafe.plan.hints import Hints
from tests.postgres.plans.apps import Row, writes
from tests.postgres.plans.rollout import Work, carry_out, dump, one_shot, roll_out
from tests.postgres.servers import Database

SETUP = """
CREATE TYPE mood AS ENUM ('sad', 'ok', 'great');
CREATE TABLE people (
  id serial PRIMARY KEY, owner int, mood mood DEFAULT 'ok' NOT NULL, active boolean DEFAULT true NOT NULL,
  CONSTRAINT glad CHECK (mood <> 'sad' OR id < 1000)
);
CREATE TABLE pets (id serial PRIMARY KEY, owner int, mood mood);
CREATE INDEX people_ok ON people (id) WHERE mood = 'ok';
CREATE VIEW fine_people AS SELECT id FROM people WHERE mood = 'ok';
"""
ROWS = """
INSERT INTO people (owner, mood) SELECT 0, CASE WHEN n % 3 = 0 THEN 'great' ELSE 'ok' END::mood FROM generate_series(1, 300) n;
INSERT INTO pets (owner, mood) SELECT 0, CASE n % 3 WHEN 0 THEN 'sad' WHEN 1 THEN 'ok' END::mood FROM generate_series(1, 300) n;
"""


def moods(*values: str) -> Work:
    def one_of(rng: random.Random) -> Row:
        return (rng.choice(values),)

    return (
        writes("people", "mood", one_of, read="CASE mood::text WHEN 'ok' THEN 'fine' ELSE mood::text END")
        if ("fine" in values)
        else writes("people", "mood", one_of)
    )


@dataclass(frozen=True, kw_only=True)
class Case:
    migration: str
    once: str = ""
    """What the plan leaves beside, and says so."""
    hints: Hints = Hints()  # noqa: RUF009 – a frozen value
    old: Work
    new: Work
    holds: str
    """What must be true of the rows that no client touched."""


CASES = {
    "a value has another name": Case(
        migration="ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'",
        once="ALTER TYPE mood ADD VALUE 'ok' AFTER 'fine';"
        "ALTER TABLE people ADD CONSTRAINT people_mood_not_ok CHECK (mood <> 'ok');"
        "ALTER TABLE pets ADD CONSTRAINT pets_mood_not_ok CHECK (mood <> 'ok')",
        old=moods("ok", "great"),
        new=moods("fine", "great"),
        holds="(SELECT count(*) FROM people WHERE mood::text = 'ok') + (SELECT count(*) FROM pets WHERE mood::text = 'ok') = 0"
        " AND (SELECT count(*) FROM pets WHERE mood::text = 'fine') = 100",
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
    assert database.execute(f"SELECT {case.holds}") == [(True,)]
    once = [one for one in f"{case.migration};{case.once}".split(";") if one.strip()]
    assert dump(database.dsn) == one_shot(database, SETUP, *once)
