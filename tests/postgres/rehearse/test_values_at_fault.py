"""What the table refuses with or without a plan is no plan's fault."""

from __future__ import annotations

from migrasafe.rehearse.made_up.app import uses
from migrasafe.rehearse.made_up.rows import Rows
from migrasafe.rehearse.traffic.race import Deed, Race, Repertoire
from tests.postgres.rehearse.rehearsals import planned, rehearsed, told
from tests.postgres.servers import Database

JOBS = """
CREATE TABLE jobs (id serial PRIMARY KEY, args varchar(9000) NOT NULL);
CREATE FUNCTION tell_workers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('jobs', to_jsonb(NEW)::text); RETURN NEW; END $$;
CREATE TRIGGER tell_workers AFTER INSERT OR UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION tell_workers();
"""
FOLLOWS = """
CREATE TABLE people (id int PRIMARY KEY);
CREATE TABLE follows (id serial PRIMARY KEY, who int NOT NULL REFERENCES people, whom int NOT NULL REFERENCES people,
  until date);
CREATE UNIQUE INDEX follows_now ON follows (who, whom) WHERE until IS NULL;
"""


def test_a_value_that_a_trigger_of_the_table_refuses(database: Database) -> None:
    plan = planned(database, JOBS, "ALTER TABLE jobs RENAME COLUMN args TO payload")
    assert told(rehearsed(database, JOBS, plan, rows=60)) == []


def test_a_row_that_another_instance_has_already(database: Database) -> None:
    database.execute(FOLLOWS)
    with database.connect() as session:
        Rows(40).fill(session)
        known = uses(session, [("public", "follows")])
    assert known[0].crowded == {"follows_now"}
    at_work = Race(database.dsn, rows=40, seed=1)
    deeds = Repertoire(uses=tuple(known), deeds=((known[0], Deed.INSERT_LEAST), (known[0], Deed.UPDATE)))
    with at_work.running("old", deeds) as wait:
        wait(60)
    assert at_work.errors == []


def test_a_unique_index_that_came_meanwhile_is_still_met(database: Database) -> None:
    database.execute(FOLLOWS)
    with database.connect() as session:
        Rows(40).fill(session)
        known = uses(session, [("public", "follows")])
    database.execute("CREATE UNIQUE INDEX only_one ON follows (whom)")
    at_work = Race(database.dsn, rows=40, seed=1)
    with at_work.running("old", Repertoire(uses=tuple(known), deeds=((known[0], Deed.INSERT_LEAST),))) as wait:
        wait(60)
    assert {one.sqlstate for one in at_work.errors} == {"23505"}
    assert all("only_one" in one.message for one in at_work.errors)
