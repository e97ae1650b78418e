"""Values that do not convert: nulled, replaced, rejected into a table, or in the way, as somebody has decided."""

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

SETUP = "CREATE TABLE people (id serial PRIMARY KEY, owner int, born text);"
ROWS = """
INSERT INTO people (owner, born) SELECT 0, n FROM generate_series(1, 300) n;
INSERT INTO people (owner, born) VALUES (-1, 'soon'), (-1, '007'), (-1, NULL), (-1, '99999999999'), (-1, '1999');
"""
MIGRATION = "ALTER TABLE people ALTER COLUMN born TYPE int USING born::int"


def year(rng: random.Random) -> Row:
    return (str(rng.randrange(1000, 3000)),)


def born(database: Database) -> list[object]:
    return [row[0] for row in database.execute("SELECT born FROM people WHERE owner = -1 ORDER BY id")]


@pytest.mark.majors(12, 15, 18)
def test_nobody_notices_while_bad_values_are_rejected(each_major: int, database: Database, tmp_path: Path) -> None:
    database.execute(SETUP + ROWS)
    run = roll_out(database, MIGRATION, tmp_path, hints_of(bad_rows=["unreadable=reject", "lossy=default:-1"]))
    work = writes("people", "born", year, read="born::text")
    settle = "UPDATE people SET born = 10 WHERE born = 'soon'; UPDATE migrasafe.r1_rejects SET settled = true"
    carry_out(run, work, work, by_hand={PhaseName.SWITCH: settle}, killed=random.Random(each_major))
    assert born(database) == [10, -1, None, None, 1999]
    assert database.execute("SELECT row_key ->> 'id', value FROM migrasafe.r1_rejects") == [("304", "99999999999")]
    assert dump(database.dsn) == one_shot(database, SETUP, MIGRATION)


def until(run: Rollout, last: PhaseName) -> None:
    """Carry out the phases before `last`."""
    for phase in run.plan.phases:
        if phase.name is last:
            return
        run.backfill(phase)
        for name in run.files(phase)[0]:
            run.check(name)


def gate(run: Rollout, phase: PhaseName, id: str) -> object:
    (asked,) = (one for one in run.plan.phases if one.name is phase)
    (query,) = (one.query for one in asked.gates if one.id == id)
    assert query is not None
    return run.database.execute(query)[0][0]


def test_rejects_follow_what_is_written_until_the_switch(database: Database, tmp_path: Path) -> None:
    database.execute(SETUP + ROWS)
    run = roll_out(database, MIGRATION, tmp_path, hints_of(bad_rows=["unreadable=reject", "lossy=reject"]))
    until(run, PhaseName.SWITCH)
    kept = "SELECT value FROM migrasafe.r1_rejects ORDER BY value"
    assert database.execute(kept) == [("007",), ("99999999999",), ("soon",)]
    assert gate(run, PhaseName.SWITCH, "rejects-decided") == 3
    # Somebody without any privilege on the table of rejects writes a bad value, changes one, mends one, deletes one.
    with role_of_its_own(database) as app:
        database.execute(f"GRANT ALL ON people, people_id_seq TO {app}")
        database.execute(
            f"SET ROLE {app}; INSERT INTO people (born) VALUES ('later'); UPDATE people SET born = 'now' WHERE born = '007';"
            "UPDATE people SET born = '8' WHERE born = 'soon'; DELETE FROM people WHERE born = '99999999999'"
        )
    assert database.execute(kept) == [("later",), ("now",)]
    assert gate(run, PhaseName.SWITCH, "rejects-decided") == 2
    assert database.execute("SELECT count(*) FROM people WHERE born IN ('later', 'now') AND born__ms_new IS NULL") == [
        (2,)
    ]


def test_bad_rows_that_nothing_was_decided_of_are_in_the_way(database: Database, tmp_path: Path) -> None:
    database.execute(SETUP + ROWS)
    run = roll_out(database, MIGRATION, tmp_path, hints_of(bad_rows=["lossy=stop"]))
    until(run, PhaseName.VERIFY)
    assert gate(run, PhaseName.VERIFY, "nothing-lost") == 2
    assert gate(run, PhaseName.VERIFY, "nothing-changed") == 1
    database.execute("UPDATE people SET born = '7' WHERE born IN ('soon', '007', '99999999999')")
    assert gate(run, PhaseName.VERIFY, "nothing-lost") == 0
    assert gate(run, PhaseName.VERIFY, "nothing-changed") == 0


SHORTER = {
    "a text": ("varchar(50)", "varchar(10)", "'short'", "'far too long for ten'"),
    "digits": ("numeric(12, 4)", "numeric(6, 2)", "12.5000", "123456.0000"),
    "a whole number": ("integer", "smallint", "7", "70000"),
}
NARROWER = {
    "a number in decimals": ("integer", "numeric(5, 2)", "7", "70000"),
    "decimals": ("numeric(12, 4)", "smallint", "12.0000", "99999999.0000"),
}


@pytest.mark.parametrize("kind", NARROWER)
def test_what_has_no_place_in_the_new_type_stops_the_plan_and_no_writer(
    database: Database, tmp_path: Path, kind: str
) -> None:
    """As one statement it would fail; so nothing may be cut off, rounded away, or refused to the version that still runs."""
    old, new, fits, does_not = NARROWER[kind]
    database.execute(f"CREATE TABLE things (id int PRIMARY KEY, a {old}); INSERT INTO things VALUES (1, {does_not})")
    run = roll_out(database, f"ALTER TABLE things ALTER a TYPE {new}", tmp_path)
    for name in ("10_expand.sql", "20_dual-write.sql"):
        run.check(name)
    database.execute(f"INSERT INTO things VALUES (2, {fits}), (3, {does_not})")
    run.backfill(run.plan.phases[2])
    same, nothing_lost = run.plan.phases[3].gates
    assert (same.query is not None, nothing_lost.id) == (True, "nothing-lost")
    assert database.execute(str(nothing_lost.query)) == [(2,)]
    assert database.execute(f"SELECT id FROM things WHERE a <> {does_not} OR a__ms_new IS NOT NULL") == [(2,)]
    database.execute("DELETE FROM things WHERE id <> 2")
    run.gates(run.plan.phases[3])
    run.check("50_switch.sql")
    assert database.execute(f"SELECT a = {fits} FROM things") == [(True,)]
    run.check("undo_50_switch.sql")
    assert database.execute(f"SELECT a = {fits} FROM things") == [(True,)]


@pytest.mark.parametrize("kind", SHORTER)
def test_what_does_not_fit_stops_the_last_phase_and_no_writer(database: Database, tmp_path: Path, kind: str) -> None:
    """The old version writes what it likes until it has ended; then nothing is cut off before somebody has decided."""
    old, new, fits, does_not = SHORTER[kind]
    database.execute(f"CREATE TABLE things (id int PRIMARY KEY, a {old}); INSERT INTO things VALUES (1, {does_not})")
    run = roll_out(database, f"ALTER TABLE things ALTER a TYPE {new}", tmp_path)
    for name in ("10_expand.sql", "20_dual-write.sql"):
        run.check(name)
    database.execute(f"INSERT INTO things VALUES (2, {fits}), (3, {does_not})")
    run.backfill(run.plan.phases[2])
    run.gates(run.plan.phases[3])
    stops = sum(gate(run, PhaseName.CONTRACT, one) for one in ("nothing-lost", "nothing-changed"))
    assert stops == 2, "the rows 1 and 3"
    assert database.execute(f"SELECT id FROM things WHERE a = {does_not} ORDER BY id") == [(1,), (3,)]
    database.execute("DELETE FROM things WHERE id <> 2")
    run.check("60_contract.sql")
    assert database.execute(f"SELECT id FROM things WHERE a = {fits}") == [(2,)]
