"""What a way back takes away at last: no statement that has seen it fails, however often the phase comes and goes."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.postgres.plans import test_names_and_settings as names
from tests.postgres.plans import test_objects_under_traffic as objects
from tests.postgres.plans.rollout import Rollout, UnderTraffic, dump, roll_out
from tests.postgres.servers import Database
from tests.postgres.whole_server import role_of_its_own

ROUNDS = 25
PATIENCE_SECONDS = 60.0
CASES: dict[str, tuple[str, UnderTraffic, str]] = {
    "a domain moves": (
        names.SETUP + names.ROWS,
        names.CASES["a domain moves to another schema"],
        "to_regtype('zip__ms_dropped')",
    ),
    "functions get other names": (
        names.SETUP + names.ROWS,
        names.CASES["functions have other names"],
        "to_regproc('price__ms_dropped')",
    ),
    "a function gives more": (
        objects.SETUP + objects.ROWS,
        objects.CASES["a function gives one column more"],
        "to_regproc('listed__ms')",
    ),
}
"""What is in the database, what becomes of it, and what is put aside on the way back, null where it is not there."""


class Way:
    """The first phase of a case, ahead and back."""

    def __init__(self, database: Database, folder: Path, name: str) -> None:
        setup, self.case, self.aside = CASES[name]
        database.execute(setup)
        self.before = dump(database.dsn)
        self.run: Rollout = roll_out(database, self.case.migration, folder, self.case.hints)
        (self.ahead,), (self.back,), _ = self.run.files(self.run.plan.phases[0])

    def is_aside(self) -> bool:
        return self.run.database.execute(f"SELECT {self.aside} IS NOT NULL") == [(True,)]

    @contextmanager
    def half_way_back(self) -> Iterator[tuple[psycopg.Connection, subprocess.Popen[str]]]:
        """An open transaction of before, and psql, as far as it gets meanwhile on its way back."""
        with psycopg.connect(self.run.database.dsn) as slow:
            slow.execute("SELECT 1")
            psql = self.run.psql(self.back)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not self.is_aside():
                assert time.monotonic() < deadline
                time.sleep(0.02)
            yield slow, psql


@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("name", CASES)
def test_the_old_version_goes_on_while_it_comes_and_goes(
    each_major: int, database: Database, tmp_path: Path, name: str
) -> None:
    way = Way(database, tmp_path, name)
    with way.run.clients("old", way.case.old, range(1, 4)):
        for _ in range(ROUNDS):
            way.run.check(way.ahead)
            way.run.check(way.back)
    assert dump(database.dsn) == way.before


@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("name", CASES)
def test_it_is_there_until_the_last_transaction_that_may_have_seen_it_is_over(
    each_major: int, database: Database, tmp_path: Path, name: str
) -> None:
    way = Way(database, tmp_path, name)
    way.run.check(way.ahead)
    with way.half_way_back() as (slow, psql):
        assert psql.poll() is None
        slow.rollback()
        _, err = psql.communicate(timeout=PATIENCE_SECONDS)
    assert psql.returncode == 0, err
    assert dump(database.dsn) == way.before
    way.run.is_over(way.back)


@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("name", CASES)
def test_a_way_back_that_was_cut_off_is_cleared_away_by_the_next_way_ahead(
    each_major: int, database: Database, tmp_path: Path, name: str
) -> None:
    way = Way(database, tmp_path, name)
    way.run.check(way.ahead)
    wanted = dump(database.dsn)
    with way.half_way_back() as (_, psql):
        psql.kill()
        psql.communicate()
    way.run.check(way.ahead)
    assert dump(database.dsn) == wanted
    way.run.is_over(way.ahead)


@pytest.mark.majors(12, 15, 18)
def test_nobody_waits_for_the_copy_that_a_replica_takes(each_major: int, database: Database, tmp_path: Path) -> None:
    way = Way(database, tmp_path, "a domain moves")
    way.run.check(way.ahead)
    with psycopg.connect(f"{database.dsn} replication=database", autocommit=True) as copying:
        copying.execute("BEGIN READ ONLY ISOLATION LEVEL REPEATABLE READ")
        copying.execute("SELECT 1")
        held = "SELECT backend_type FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'virtualxid'"
        assert ("walsender",) in database.execute(held)
        way.run.check(way.back)
        copying.execute("COMMIT")
    assert dump(database.dsn) == way.before


@pytest.mark.majors(12, 15, 18)
def test_a_role_that_may_not_see_what_others_do_waits_for_them(
    each_major: int, database: Database, tmp_path: Path
) -> None:
    way = Way(database, tmp_path, "a domain moves")
    way.run.check(way.ahead)
    names_are_seen = next(step for step in way.run.plan.steps if step.undone_late).undo[0]
    with (
        role_of_its_own(database) as role,
        psycopg.connect(database.dsn) as slow,
        psycopg.connect(database.dsn, autocommit=True) as mover,
    ):
        slow.execute("SELECT 1")
        mover.execute(f"SET ROLE {role}; SET statement_timeout = '300ms'")  # type: ignore[call-overload]  # a plain text
        with pytest.raises(psycopg.errors.QueryCanceled):
            mover.execute(names_are_seen)
        slow.rollback()
        mover.execute("SET statement_timeout = 0")  # how long it takes is a matter of how busy the machine is
        mover.execute(names_are_seen)
