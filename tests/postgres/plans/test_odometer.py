"""The odometer counts what writers of the old version write, nothing else, and its gate says when they have stopped."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from migrasafe.plan.model import PhaseName
from migrasafe.plan.read.hints import hints_of
from tests.postgres.plans.apps import Row, writes
from tests.postgres.plans.rollout import Rollout, carry_out, dump, one_shot, roll_out
from tests.postgres.servers import Database
from tests.postgres.whole_server import role_of_its_own

SETUP = """
CREATE TABLE people (id serial PRIMARY KEY, owner int, name text DEFAULT 'anon' NOT NULL, note text);
INSERT INTO people (owner, name) SELECT 0, 'n' || n FROM generate_series(1, 300) n;
"""
RENAME = "ALTER TABLE people RENAME COLUMN name TO called"


def word(rng: random.Random) -> Row:
    return (f"w{rng.random()}",)


@pytest.mark.majors(12, 18)
def test_nobody_notices_that_writes_are_counted(each_major: int, database: Database, tmp_path: Path) -> None:
    database.execute(SETUP)
    run = roll_out(database, RENAME, tmp_path, quiet_seconds=0)
    carry_out(run, writes("people", "name", word), writes("people", "called", word))
    assert dump(database.dsn) == one_shot(database, SETUP, RENAME)
    assert database.execute("SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('migrasafe')") == [(0,)]


def counted(run: Rollout) -> object:
    return run.database.execute("SELECT last_value + is_called::int FROM migrasafe.r1_old_writes")[0][0]


def gate(run: Rollout) -> str:
    (query,) = (
        one.query
        for phase in run.plan.phases
        if phase.name is PhaseName.CONTRACT
        for one in phase.gates
        if one.id == "old-version-silent"
    )
    assert query is not None
    return str(run.database.execute(query)[0][0])


RENAMED = (RENAME, hints_of(), "called = 'x'", "called")
REPLACED = (
    "-- migrasafe: replace people.name -> given, family\nALTER TABLE people ADD given text, ADD family text, DROP name",
    hints_of(up="given = name, family = ''", down="name = given"),
    "given = 'x'",
    "given",
)


@pytest.mark.parametrize("change", [RENAMED, REPLACED], ids=["renamed", "replaced"])
def test_only_writes_of_the_old_version_are_counted(database: Database, tmp_path: Path, change: tuple) -> None:
    migration, hints, new_value, new_column = change
    database.execute(SETUP)
    run = roll_out(database, migration, tmp_path, hints, quiet_seconds=3600)
    expand, dual, fill = run.plan.phases[:3]
    for phase in (expand, dual):
        run.check(run.files(phase)[0][0])
    run.backfill(fill)
    database.execute(f"UPDATE people SET {new_value} WHERE id < 50")
    database.execute(f"INSERT INTO people ({new_column}) VALUES ('y')")
    database.execute("INSERT INTO people (note) VALUES ('a default')")
    database.execute("UPDATE people SET note = 'z', name = name WHERE id < 100")
    database.execute("DELETE FROM people WHERE id = 1")
    assert counted(run) == 0
    with role_of_its_own(database) as writer:
        database.execute(
            f"GRANT SELECT, UPDATE, INSERT ON people TO {writer}; GRANT USAGE ON people_id_seq TO {writer}"
        )
        database.execute(f"SET ROLE {writer}; UPDATE people SET name = 'old' WHERE id BETWEEN 2 AND 4")
        database.execute(f"SET ROLE {writer}; INSERT INTO people (name) VALUES ('old')")
    assert counted(run) == 4
    database.execute("BEGIN; UPDATE people SET name = 'never' WHERE id = 2; ROLLBACK")
    assert counted(run) == 5, "what is rolled back was written by the old version all the same"


def test_the_gate_holds_when_nobody_has_written_for_long_enough(database: Database, tmp_path: Path) -> None:
    database.execute(SETUP)
    run = roll_out(database, RENAME, tmp_path, quiet_seconds=3600)
    for phase in run.plan.phases[:2]:
        run.check(run.files(phase)[0][0])
    assert gate(run).startswith("0 writes, the last at "), "silence is counted from when the counting began"
    database.execute("UPDATE people SET name = 'old' WHERE id = 2")
    assert gate(run).startswith("1 writes, the last at ")
    database.execute("SELECT setval('migrasafe.r1_last_old_write', extract(epoch FROM now())::bigint - 3601)")
    assert gate(run) == "silent"
    database.execute("UPDATE people SET name = 'older' WHERE id = 2")
    assert gate(run).startswith("2 writes, the last at ")


def test_writers_do_not_wait_for_each_other(database: Database, tmp_path: Path) -> None:
    database.execute(SETUP)
    run = roll_out(database, RENAME, tmp_path, quiet_seconds=3600)
    for phase in run.plan.phases[:2]:
        run.check(run.files(phase)[0][0])
    with database.connect() as first, database.connect() as second:
        first.execute("BEGIN")
        first.execute("UPDATE people SET name = 'a' WHERE id = 2")
        second.execute("SET lock_timeout = '50ms'")
        second.execute("UPDATE people SET name = 'b' WHERE id = 3")
        first.execute("COMMIT")
    assert counted(run) == 2
