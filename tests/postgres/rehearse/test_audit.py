"""The conversion of a plan on values of a live table: read without harm, counted, and shown only as somebody wants."""

from __future__ import annotations

import msgspec
import pytest

from migrasafe.errors import ServerError
from migrasafe.plan.read.hints import hints_of
from migrasafe.postgres.figures.sample import read_sample
from migrasafe.rehearse.both_sides.audit import Examples, Live
from migrasafe.report.proof import proof_text
from tests.postgres.rehearse.rehearsals import planned, rehearsed, told
from tests.postgres.servers import Database

SETUP = "CREATE TABLE people (id serial PRIMARY KEY, born text);"
LIVE = """
INSERT INTO people (born) SELECT 1900 + n % 100 FROM generate_series(1, 300) n;
INSERT INTO people (born) VALUES ('0001940'), ('soonish'), ('99999999999'), (NULL), (''), ('soonish');
"""
MIGRATION = "ALTER TABLE people ALTER COLUMN born TYPE int USING born::int"
READS = "CASE WHEN born ~ '^[0-9]{1,9}$' THEN born::int END"


def test_values_that_do_not_convert_are_counted_and_not_shown(database: Database) -> None:
    plan = planned(database, SETUP, MIGRATION, hints_of(up=READS, down="born::text"))
    database.execute(LIVE)
    evidence = rehearsed(database, SETUP, plan, live=Live(dsn=database.dsn))
    (audited,) = evidence.audits
    assert (audited.rows, audited.values) == (306, 105)
    assert (audited.refused, audited.nulled, audited.lost, audited.not_tried) == (0, 4, 1, 0)
    wrong = [one for one in told(evidence) if one.startswith("conversion ")]
    assert wrong[0].startswith(
        "conversion public.people: 4 of 306 rows drawn from public.people have a value, and none on"
    )
    assert "1 of 306 rows drawn from public.people have a value that does not come back" in wrong[1]
    assert "lost: '9999999' (7 characters)" in wrong[1]
    said = proof_text(evidence) + msgspec.json.encode(evidence).decode()
    assert not [value for value in ("soonish", "0001940", "99999999999") if value in said]
    assert "105 of 306 rows of public.people" in said


def test_what_the_server_refuses_is_said_by_its_code(database: Database) -> None:
    plan = planned(database, SETUP, MIGRATION, hints_of(up="born::int", down="born::text"))
    database.execute(LIVE)
    evidence = rehearsed(database, SETUP, plan, live=Live(dsn=database.dsn))
    assert evidence.audits[0].refused == 4
    assert "refused: 'aaaaaaa' (7 characters) (SQLSTATE 22P02)" in " ".join(evidence.audits[0].examples)
    assert "4 of 306 rows drawn from public.people have a value that the server does not take" in " ".join(
        told(evidence)
    )


def test_values_are_shown_to_who_asks_for_them(database: Database) -> None:
    plan = planned(database, SETUP, MIGRATION, hints_of(up=READS, down="born::text"))
    database.execute(LIVE)
    shown = rehearsed(database, SETUP, plan, live=Live(dsn=database.dsn, examples=Examples.VALUE)).audits[0].examples
    assert "nulled: 'soonish'" in shown and "lost: '0001940'" in shown
    assert (
        rehearsed(database, SETUP, plan, live=Live(dsn=database.dsn, examples=Examples.NONE)).audits[0].examples == ()
    )


def test_values_that_somebody_has_decided_to_let_go_are_no_failure(database: Database) -> None:
    plan = planned(database, SETUP, MIGRATION, hints_of(bad_rows=["unreadable=null", "lossy=null"]))
    database.execute(LIVE)
    evidence = rehearsed(database, SETUP, plan, live=Live(dsn=database.dsn))
    assert told(evidence) == []
    assert evidence.audits[0].nulled == 5


def test_a_large_table_is_read_in_part_and_the_same_seed_draws_the_same(database: Database) -> None:
    database.execute("CREATE TABLE big (a int, b text); INSERT INTO big SELECT n, n FROM generate_series(1, 60000) n")
    database.execute("ANALYZE big")
    one, same, other = (read_sample(database.dsn, "big", ["a", "b"], rows=100, seed=seed) for seed in (1, 1, 2))
    assert len(one.rows) == 100 and one.percent < 5
    assert one.rows == same.rows != other.rows


def test_a_partitioned_table_is_drawn_from_as_well(database: Database) -> None:
    database.execute("CREATE TABLE parts (a int) PARTITION BY RANGE (a)")
    database.execute("CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (9000)")
    database.execute("INSERT INTO parts SELECT generate_series(0, 8999); ANALYZE parts_1")
    assert len(read_sample(database.dsn, "parts", ["a"], rows=50, seed=1).rows) == 50


def test_the_sample_waits_for_nobody_and_changes_nothing(database: Database) -> None:
    database.execute("CREATE TABLE busy (a int); INSERT INTO busy VALUES (1)")
    with database.connect() as session:
        session.execute("BEGIN")
        session.execute("LOCK TABLE busy")
        with pytest.raises(ServerError, match=r"no sample of busy at .+: canceling statement due to lock timeout"):
            read_sample(database.dsn, "busy", ["a"], rows=5, seed=1)
        session.execute("ROLLBACK")
    database.execute(
        "CREATE FUNCTION writes() RETURNS text LANGUAGE sql AS 'INSERT INTO busy VALUES (2) RETURNING a::text'"
    )
    with pytest.raises(ServerError, match="cannot execute INSERT in a read-only transaction"):
        read_sample(database.dsn, "busy", ["writes()"], rows=5, seed=1)
    with pytest.raises(ServerError, match='column "nothing" does not exist'):
        read_sample(database.dsn, "busy", ["nothing"], rows=5, seed=1)
