"""Values that are named in types, or hidden in them, changed under the traffic of both versions."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from migrasafe.plan.read.hints import Hints
from tests.postgres.plans.apps import Row, writes
from tests.postgres.plans.rollout import Work, carry_out, dump, one_shot, roll_out
from tests.postgres.servers import Database

SETUP = """
CREATE TYPE mood AS ENUM ('sad', 'ok', 'great');
CREATE TABLE people (
  id serial PRIMARY KEY, owner int, mood mood DEFAULT 'ok' NOT NULL, active boolean DEFAULT true NOT NULL,
  CONSTRAINT glad CHECK (mood <> 'sad' OR id < 1000)
);
CREATE TABLE places (
  id serial PRIMARY KEY, owner int, mood text DEFAULT 'ok' CONSTRAINT known CHECK (mood IN ('sad', 'ok', 'great'))
);
CREATE TABLE pets (id serial PRIMARY KEY, owner int, mood mood);
CREATE INDEX people_ok ON people (id) WHERE mood = 'ok';
CREATE VIEW fine_people AS SELECT id FROM people WHERE mood = 'ok';
"""
ROWS = """
INSERT INTO people (owner, mood) SELECT 0, CASE WHEN n % 3 = 0 THEN 'great' ELSE 'ok' END::mood FROM generate_series(1, 300) n;
INSERT INTO places (owner, mood) SELECT 0, CASE WHEN n % 3 = 0 THEN 'great' ELSE 'ok' END FROM generate_series(1, 300) n;
INSERT INTO pets (owner, mood) SELECT 0, CASE n % 3 WHEN 0 THEN 'sad' WHEN 1 THEN 'ok' END::mood FROM generate_series(1, 300) n;
"""


def moods(*values: str, table: str = "people", read: str = "") -> Work:
    def one_of(rng: random.Random) -> Row:
        return (rng.choice(values),)

    return writes(table, "mood", one_of, read=read)


FINE = "CASE mood::text WHEN 'ok' THEN 'fine' ELSE mood::text END"


def choice(table: str, column: str, *values: object) -> Work:
    def one_of(rng: random.Random) -> Row:
        return (rng.choice(values),)

    return writes(table, column, one_of)


@dataclass(frozen=True, kw_only=True)
class Case:
    migration: str
    once: str = ""
    """What the plan leaves beside, and says so …"""
    instead_of_it: bool = False
    """… or has in the place of the migration, which PostgreSQL would refuse as it stands."""
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
        new=moods("fine", "great", read=FINE),
        holds="(SELECT count(*) FROM people WHERE mood::text = 'ok') + (SELECT count(*) FROM pets WHERE mood::text = 'ok') = 0"
        " AND (SELECT count(*) FROM pets WHERE mood::text = 'fine') = 100",
    ),
    "a value goes, and rows have another one": Case(
        migration="""
            UPDATE pets SET mood = 'ok' WHERE mood = 'sad';
            ALTER TYPE mood RENAME TO mood_old;
            CREATE TYPE mood AS ENUM ('ok', 'great');
            ALTER TABLE people ALTER mood DROP DEFAULT, ALTER mood TYPE mood USING mood::text::mood, ALTER mood SET DEFAULT 'ok';
            ALTER TABLE pets ALTER mood TYPE mood USING mood::text::mood;
            DROP TYPE mood_old
        """,
        once="ALTER TABLE people ADD CONSTRAINT people_mood_not_sad CHECK (mood <> 'sad');"
        "ALTER TABLE pets ADD CONSTRAINT pets_mood_not_sad CHECK (mood <> 'sad')",
        instead_of_it=True,
        old=moods("ok", "great", "sad", table="pets"),
        new=moods("ok", "great", table="pets"),
        holds="(SELECT count(*) FROM pets WHERE mood = 'sad') = 0",
    ),
    "an enum becomes a text with a check": Case(
        migration="ALTER TABLE people ALTER mood TYPE text, ADD CONSTRAINT known CHECK (mood IN ('sad', 'ok', 'great', 'new'))",
        once="DROP VIEW fine_people; DROP INDEX people_ok; ALTER TABLE people DROP CONSTRAINT glad, ALTER mood DROP DEFAULT,"
        " ALTER mood TYPE text, ALTER mood SET DEFAULT 'ok', ADD CONSTRAINT glad CHECK (mood <> 'sad' OR id < 1000),"
        " ADD CONSTRAINT known CHECK (mood IN ('sad', 'ok', 'great', 'new'));"
        "CREATE INDEX people_ok ON people (id) WHERE mood = 'ok'; CREATE VIEW fine_people AS SELECT id FROM people WHERE mood = 'ok'",
        instead_of_it=True,
        old=moods("ok", "great"),
        new=moods("ok", "great", "new"),
        holds="(SELECT count(*) FROM people WHERE owner = 0 AND mood = 'great') > 0",
    ),
    "a text becomes an enum": Case(
        migration="ALTER TABLE places ALTER mood TYPE mood USING mood::mood",
        once="ALTER TABLE places DROP CONSTRAINT known, ALTER mood DROP DEFAULT, ALTER mood TYPE mood USING mood::mood,"
        " ALTER mood SET DEFAULT 'ok'",
        instead_of_it=True,
        old=moods("ok", "great", table="places"),
        new=moods("ok", "great", table="places"),
        holds="(SELECT count(*) FROM places WHERE owner = 0 AND mood = 'great') > 0",
    ),
    "an enum becomes a table": Case(
        migration="""
            CREATE TABLE moods (id int PRIMARY KEY, name text NOT NULL UNIQUE);
            INSERT INTO moods (id, name) VALUES (1, 'sad'), (2, 'ok'), (3, 'great');
            -- migrasafe: replace pets.mood -> mood_id
            ALTER TABLE pets ADD COLUMN mood_id int;
            UPDATE pets SET mood_id = (SELECT id FROM moods WHERE name = mood::text);
            ALTER TABLE pets DROP COLUMN mood;
            ALTER TABLE pets ADD FOREIGN KEY (mood_id) REFERENCES moods (id)
        """,
        once="CREATE INDEX pets_mood_id_idx ON pets (mood_id)",
        old=moods("ok", "great", "sad", table="pets"),
        new=choice("pets", "mood_id", 1, 2, 3, None),
        holds="(SELECT count(*) FROM pets WHERE owner = 0) >= 0 AND (SELECT count(*) FROM moods) = 3",
    ),
    "a boolean becomes a status": Case(
        migration="""
            -- migrasafe: replace people.active -> status
            ALTER TABLE people ADD COLUMN status text NOT NULL DEFAULT 'on';
            UPDATE people SET status = CASE WHEN active THEN 'on' ELSE 'off' END;
            ALTER TABLE people DROP COLUMN active
        """,
        old=choice("people", "active", True, False),
        new=choice("people", "status", "on", "off", "late"),
        holds="(SELECT count(*) FROM people WHERE status IS NULL) = 0",
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
    once = case.once if case.instead_of_it else f"{case.migration};{case.once}"
    once = [one for one in once.split(";") if one.strip()]
    told, wanted = dump(database.dsn), one_shot(database, SETUP, *once)
    assert [one for one in told if one not in wanted] == []
    assert told == wanted
