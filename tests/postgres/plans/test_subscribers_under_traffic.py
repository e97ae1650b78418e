"""A published table changes while it is written: publisher and subscriber run their files in the order that the plan says, and
replication loses nothing, there, back, and there again."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from migrasafe.cli.plan.session import plan_of
from migrasafe.plan.model import PhaseName
from migrasafe.plan.output.write_sql import files_of
from tests.in_process import migrasafe
from tests.postgres.plans.two_databases import PATIENCE_SECONDS, Journey, execute, pairs_of_majors, two_servers

pytestmark = pytest.mark.postgres

SETUP = """
CREATE TABLE users (id bigserial PRIMARY KEY, name text NOT NULL, age int NOT NULL, note text);
CREATE TABLE teams (id bigint PRIMARY KEY, title text NOT NULL);
"""
ROWS = """
INSERT INTO users (name, age) SELECT 'user ' || n, n % 90 FROM generate_series(1, 500) n;
INSERT INTO teams VALUES (1, 'one'), (2, 'two');
"""
PUBLICATION = "CREATE PUBLICATION feed FOR TABLE users"
SLOT = "SELECT pg_create_logical_replication_slot('feed', 'pgoutput')"
CAUGHT_UP = "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'feed' AND confirmed_flush_lsn >= '{}'"
AS_LONG_AS_STALLED_SECONDS = 2.5


@dataclass(frozen=True, kw_only=True)
class Change:
    words: tuple[str, ...]
    writes: tuple[str, ...]
    """What the app does, until the contract phase."""
    compared: str
    """What both say alike in the end."""
    options: tuple[str, ...] = ()


INSERT = "INSERT INTO users (name, age) VALUES (md5(random()::text), (random() * 90)::int)"
CHANGES = {
    "a column comes": Change(
        words=("add", "users.email", "text"),
        writes=(INSERT, "UPDATE users SET note = md5(random()::text) WHERE id = %s"),
        compared="SELECT id, name, age, note, email FROM users ORDER BY id",
    ),
    "a column gets another type": Change(
        words=("type", "users.age", "bigint"),
        writes=(INSERT, "UPDATE users SET age = (random() * 90)::int WHERE id = %s"),
        compared="SELECT id, name, age, note FROM users ORDER BY id",
    ),
    "a column gets another name": Change(
        words=("rename", "users.name", "full_name"),
        writes=(INSERT, "UPDATE users SET name = md5(random()::text) WHERE id = %s"),
        compared="SELECT id, full_name, age, note FROM users ORDER BY id",
    ),
    "a column goes": Change(
        words=("drop", "users.age"),
        writes=(
            "INSERT INTO users (name, age) VALUES (md5(random()::text), 7)",
            "UPDATE users SET name = md5(random()::text) WHERE id = %s",
        ),
        compared="SELECT id, name, note FROM users ORDER BY id",
        options=("--down", "0"),
    ),
    "the table gets another name": Change(
        words=("rename", "users", "people"),
        writes=(INSERT, "UPDATE users SET note = md5(random()::text) WHERE id = %s"),
        compared="SELECT id, name, age, note FROM people ORDER BY id",
    ),
    "another table is published": Change(
        words=("publish", "feed", "teams"),
        writes=(INSERT, "UPDATE teams SET title = md5(random()::text)"),
        compared="SELECT id, title FROM teams ORDER BY id",
    ),
}


def caught_up(old: str, within_seconds: float) -> bool:
    """Whether all that is written until now arrives in time."""
    ((lsn,),) = execute(old, "SELECT pg_current_wal_lsn()")
    give_up_at = time.monotonic() + within_seconds
    while execute(old, CAUGHT_UP.format(lsn)) != [(1,)]:
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.05)
    return True


class App:
    """Writes the published table until it is told to stop."""

    def __init__(self, dsn: str, change: Change) -> None:
        self._dsn, self._change = dsn, change
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.errors: list[str] = []

    def _work(self) -> None:
        rng = random.Random(1)
        try:
            with psycopg.connect(self._dsn, autocommit=True, prepare_threshold=None) as session:
                while not self._stop.is_set():
                    write = rng.choice(self._change.writes)
                    session.execute(write, (rng.randint(1, 500),) if "%s" in write else None)
                    time.sleep(0.01)
        except Exception as error:  # any error is what the test is about
            self.errors.append(f"{type(error).__name__}: {error}")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()


def carried_out(old: str, new: str, folder: Path, change: Change) -> None:
    execute(old, SETUP + ROWS)
    execute(old, PUBLICATION)
    execute(old, SLOT)
    has_teams = "teams" not in change.words
    execute(new, SETUP if has_teams else SETUP.partition("CREATE TABLE teams")[0])
    reach = make_conninfo(old).replace("'", "''")
    execute(
        new,
        f"CREATE SUBSCRIPTION feed CONNECTION '{reach}' PUBLICATION feed WITH (create_slot = false, slot_name = feed)",
    )
    done = migrasafe(folder, "plan", *change.words, "--schema", old, "--out", str(folder / "plan"), *change.options)
    assert done.returncode == 0, done
    trip = Journey(old=old, new=new, plan=plan_of(folder / "plan"), folder=folder / "plan")
    assert any("_on_subscriber" in path.name for path in trip.folder.iterdir())
    app = App(old, change)
    app.start()
    try:
        for phase in trip.plan.phases:
            if phase.name is PhaseName.CONTRACT:
                app.stop()
            for job in phase.backfills:
                execute(old, f"UPDATE {job.table} SET {', '.join(job.assignments)} WHERE {job.where}")
            ahead, back, for_good = files_of(phase, [one.name for one in trip.folder.iterdir()], elsewhere=True)
            for file in (*ahead, *ahead, *back, *back, *ahead, *for_good):
                # All that is on its way arrives, or waits for what this file brings.
                caught_up(old, AS_LONG_AS_STALLED_SECONDS)
                trip.run(file)
            assert caught_up(old, PATIENCE_SECONDS), f"replication stands still after {phase.name.value}"
    finally:
        app.stop()
    assert app.errors == []
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while execute(new, change.compared) != (wanted := execute(old, change.compared)):
        assert time.monotonic() < give_up_at, "the subscriber has other rows"
        time.sleep(0.1)
    assert len(wanted) > 1
    execute(new, "ALTER SUBSCRIPTION feed DISABLE")
    execute(new, "ALTER SUBSCRIPTION feed SET (slot_name = NONE)")


@pytest.mark.parametrize("name", ["a column gets another type"])
@pytest.mark.parametrize("majors", pairs_of_majors((15, 15)), ids=str)
def test_a_subscriber_goes_along(tmp_path: Path, name: str, majors: tuple[int, int]) -> None:
    with two_servers(*majors) as (old, new):
        carried_out(old, new, tmp_path, CHANGES[name])


@pytest.mark.soak
@pytest.mark.parametrize("majors", pairs_of_majors((12, 12), (15, 15), (18, 18), (12, 18)), ids=str)
@pytest.mark.parametrize("name", CHANGES)
def test_every_subscriber_goes_along(tmp_path: Path, name: str, majors: tuple[int, int]) -> None:
    with two_servers(*majors) as (old, new):
        carried_out(old, new, tmp_path, CHANGES[name])
