"""Policies that look things up in another table, while that table, its column, or its name goes: the plan can be carried out to its
end and back, or says in a sentence why there is none."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.read.hints import Hints, hints_of
from tests.postgres.plans.rollout import dump, one_shot, roll_out
from tests.postgres.servers import Database

SETUP = """
DO $$ BEGIN CREATE ROLE ms_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE TABLE members (id serial PRIMARY KEY, doc int NOT NULL, login text NOT NULL, level int DEFAULT 1, extra text);
CREATE TABLE docs (id serial PRIMARY KEY, body text);
INSERT INTO docs (body) SELECT n FROM generate_series(1, 10) n;
INSERT INTO members (doc, login) SELECT n, 'ms_reader' FROM generate_series(1, 3) n;
ALTER TABLE docs ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO ms_reader;
CREATE POLICY of_member ON docs
  USING (EXISTS (SELECT FROM members m WHERE m.doc = docs.id AND m.login = current_user AND m.level > 0))
  WITH CHECK ((SELECT count(*) FROM members WHERE level > 5) = 0);
"""
FOLLOWED = {
    "a column is renamed": "ALTER TABLE members RENAME login TO name",
    "a table is renamed": "ALTER TABLE members RENAME TO memberships",
    "a table moves": "CREATE SCHEMA app; ALTER TABLE members SET SCHEMA app",
    "the table itself is renamed": "ALTER TABLE docs RENAME TO papers",
    "its own column is renamed": "ALTER TABLE docs RENAME id TO doc_id",
    "a table is written anew": "ALTER TABLE members SET UNLOGGED",
    "another column is renamed that a new policy says": """ALTER TABLE members RENAME extra TO more;
        CREATE POLICY two ON docs USING (EXISTS (SELECT FROM members WHERE more = 'x'))""",
    "a new policy says the new name": """ALTER TABLE members RENAME TO memberships;
        CREATE POLICY two ON docs USING (EXISTS (SELECT FROM memberships WHERE login = 'x'))""",
    "policy and table go": "DROP POLICY of_member ON docs; DROP TABLE members",
    "policy and column go": "DROP POLICY of_member ON docs; ALTER TABLE members DROP level",
    "another column of a renamed table, first": "ALTER TABLE members ADD more int; ALTER TABLE members RENAME login TO name",
}
REFUSED = {
    "a column goes": ("ALTER TABLE members DROP level", r"the policy of_member of public\.docs looks it up"),
    "a column goes with what is on it": ("ALTER TABLE members DROP level CASCADE", r"of public\.docs looks it up"),
    "a table goes": ("DROP TABLE members", "the policy of_member of docs depends on it"),
    "a column gets another type": ("ALTER TABLE members ALTER level TYPE bigint", r"of public\.docs looks it up"),
    "a column is replaced": (
        "-- migrasafe: replace members.login -> name\nALTER TABLE members ADD name text, DROP login",
        r"the policy of_member of public\.docs looks it up: change the policy in a migration before this one",
    ),
    "a policy says the renamed column": (
        "ALTER TABLE members RENAME login TO name;"
        "ALTER POLICY of_member ON docs USING (EXISTS (SELECT FROM members WHERE name = ''))",
        "plan them one after the other, from two migrations",
    ),
    "a policy says the old name": (
        "ALTER POLICY of_member ON docs USING (EXISTS (SELECT FROM members)); ALTER TABLE members RENAME TO memberships",
        "is about it meanwhile, too",
    ),
    "a restrictive policy says the old name": (
        "CREATE POLICY two ON docs AS RESTRICTIVE USING (EXISTS (SELECT FROM members)); ALTER TABLE members RENAME TO memberships",
        "is about it meanwhile, too",
    ),
    "a policy says the new schema": (
        "CREATE SCHEMA app; ALTER TABLE members SET SCHEMA app;"
        "ALTER POLICY of_member ON docs USING (EXISTS (SELECT FROM app.members))",
        "is about it meanwhile, too",
    ),
}
BY_VIEW = "ALTER TABLE members RENAME id TO number;"
SAID_MEANWHILE = (
    "CREATE VIEW numbered AS SELECT number FROM members",
    "CREATE MATERIALIZED VIEW numbered AS SELECT number FROM members",
    "CREATE TABLE more (member int REFERENCES members)",
    "CREATE TABLE more (LIKE members)",
    "CREATE POLICY two ON docs USING (EXISTS (SELECT FROM members WHERE number = 1))",
    "CREATE POLICY two ON members USING (doc > 1)",
    "CREATE INDEX ON members (doc)",
    "ALTER TABLE members ADD more int",
    "COMMENT ON TABLE members IS 'x'",
    "GRANT UPDATE ON members TO ms_reader",
    "UPDATE members SET extra = 'x' WHERE extra IS NULL",
    "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(number) FROM members; END",
)


def hints(migration: str) -> Hints:
    if "migrasafe: replace" in migration:
        return hints_of(up="login", down="name")
    return hints_of(way="beside") if "UNLOGGED" in migration else Hints()


@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("name", FOLLOWED)
def test_a_policy_follows_there_and_back(each_major: int, database: Database, tmp_path: Path, name: str) -> None:
    database.execute(SETUP)
    run = roll_out(database, FOLLOWED[name], tmp_path, hints(FOLLOWED[name]))
    before: list[str] = []
    for phase in run.plan.phases:
        run.backfill(phase)
        ahead, back, for_good = run.files(phase)
        for file in (*ahead, *back, *before, *ahead, *for_good):
            run.check(file)
        before = ahead
        # Before 15 a view shows what its owner may see, as the plan says.
        if "POLICY" not in FOLLOWED[name] and (each_major >= 15 or "members" in FOLLOWED[name]):
            with psycopg.connect(database.dsn) as reader:
                reader.execute("SET ROLE ms_reader")
                named = "papers" if "papers" in FOLLOWED[name] else "docs"
                assert reader.execute(f"SELECT count(*) FROM {named}").fetchone() == (3,)
    assert dump(database.dsn) == one_shot(database, SETUP, FOLLOWED[name])


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_policy_stands_on_does_not_go(database: Database, tmp_path: Path, name: str) -> None:
    migration, why = REFUSED[name]
    database.execute(SETUP)
    with pytest.raises(NoPlanError, match=why):
        roll_out(database, migration, tmp_path, hints(migration))


@pytest.mark.parametrize("other", SAID_MEANWHILE)
def test_no_other_change_is_about_a_table_while_a_view_stands_for_it(
    database: Database, tmp_path: Path, other: str
) -> None:
    database.execute(SETUP)
    with pytest.raises(NoPlanError, match=r"lets a view stand for public\.members until the old version is gone"):
        roll_out(database, BY_VIEW + other, tmp_path)
