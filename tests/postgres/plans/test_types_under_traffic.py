"""Types that say the same in another way, changed under the traffic of both versions: json, and times with their zone."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from migrasafe.plan.model import PhaseName
from migrasafe.plan.read.hints import Hints, hints_of
from tests.postgres.plans.apps import Row, writes
from tests.postgres.plans.rollout import Work, carry_out, dump, one_shot, roll_out
from tests.postgres.servers import Database

SETUP = """
CREATE TABLE events (
  id serial PRIMARY KEY, owner int, data json DEFAULT '{}', at timestamp DEFAULT now() NOT NULL,
  ends timestamp DEFAULT '2030-07-01 00:00:00' CHECK (isfinite(ends))
);
CREATE INDEX events_at ON events (at DESC, owner);
"""
ROWS = """
INSERT INTO events (owner, data, at, ends) SELECT 0, '{"b": 1, "a": 1, "b": 2}', '2024-07-01 12:00', '2024-01-01 12:00'
  FROM generate_series(1, 310) n;
INSERT INTO events (owner, at, ends) VALUES (0, 'infinity', '2024-01-01 12:00'), (0, '2024-03-31 02:30', NULL);
"""


def document(rng: random.Random) -> Row:
    return (rng.choice(['{"a": 1}', "[]", "null", '"x"']),)


def moment(rng: random.Random) -> Row:
    return (f"20{rng.randrange(10, 40)}-0{rng.randrange(1, 10)}-15 12:30:00",)


def times(column: str) -> Work:
    return writes("events", column, moment, read=f"{column}::timestamp::text")


@dataclass(frozen=True, kw_only=True)
class Case:
    migration: str
    once: str = ""
    """The migration as one statement of PostgreSQL says it."""
    hints: Hints = Hints()  # noqa: RUF009 – a frozen value
    work: Work
    zone: str = "UTC"
    """Of the sessions of both versions, as the plan asks for."""
    holds: str
    """What must be true of the rows that no client touched."""


CASES = {
    "json to jsonb": Case(
        migration="ALTER TABLE events ALTER COLUMN data TYPE jsonb",
        work=writes("events", "data", document, read="data::text"),
        holds="""data::text = '{"a": 1, "b": 2}' OR data::text = '{}'""",
    ),
    "timestamp to timestamptz": Case(
        migration="ALTER TABLE events ALTER COLUMN at TYPE timestamptz",
        hints=hints_of(time_zone="Europe/Berlin"),
        work=times("at"),
        zone="Europe/Berlin",
        holds="at IN ('2024-07-01 10:00+00', 'infinity', '2024-03-31 01:30+00')",
    ),
    "timestamp to timestamptz, by USING": Case(
        migration="ALTER TABLE events ALTER COLUMN ends TYPE timestamptz USING ends AT TIME ZONE 'Europe/Berlin'",
        once="ALTER TABLE events ALTER COLUMN ends TYPE timestamptz,"
        " ALTER ends SET DEFAULT ('2030-07-01 00:00:00'::timestamp AT TIME ZONE 'Europe/Berlin')",
        work=times("ends"),
        zone="Europe/Berlin",
        holds="ends IS NULL OR ends < '2024-01-01 12:00+00'",
    ),
}


@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("name", CASES)
def test_nobody_notices(each_major: int, database: Database, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    database.execute(SETUP + ROWS)
    in_zone(database, case.zone)
    run = roll_out(database, case.migration, tmp_path, case.hints)
    carry_out(run, case.work, case.work)
    assert database.execute(f"SELECT * FROM events WHERE id > 300 AND owner = 0 AND NOT ({case.holds})") == []
    assert dump(database.dsn) == one_shot(database, SETUP, *(case.once or case.migration).split(";"))


def in_zone(database: Database, zone: str) -> None:
    """New sessions of the database are in this zone."""
    ((name,),) = database.execute("SELECT current_database()")
    database.execute(f"ALTER DATABASE {name} SET timezone = '{zone}'")


def test_times_of_utc_change_in_place_whatever_zone_the_session_has(database: Database, tmp_path: Path) -> None:
    database.execute(SETUP + ROWS + "ALTER TABLE events ADD made timestamp DEFAULT '2024-07-01 12:00'")
    run = roll_out(database, "ALTER TABLE events ALTER made TYPE timestamptz", tmp_path, hints_of(time_zone="UTC"))
    assert [phase.name for phase in run.plan.phases] == [PhaseName.EXPAND]
    file = database.execute("SELECT pg_relation_filenode('events')")
    in_zone(database, "Asia/Tokyo")
    (name,) = run.files(run.plan.phases[0])[0]
    run.check(name)
    assert database.execute("SELECT pg_relation_filenode('events')") == file
    assert database.execute("SELECT count(*) FROM events WHERE made = '2024-07-01 12:00+00'") == [(312,)]
