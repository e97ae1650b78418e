"""Row security, privileges, schemas, publications and storage changed on a real server while both versions are at work."""

from __future__ import annotations

import random
from pathlib import Path

import psycopg
import pytest

from tests.postgres.plans.rollout import Work, nobody_notices
from tests.postgres.plans.test_plans_under_traffic import Case
from tests.postgres.servers import Database

SETUP = """
DO $$ BEGIN CREATE ROLE ms_app; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE SCHEMA shop;
GRANT USAGE ON SCHEMA shop TO ms_app;
CREATE TABLE notes (id bigserial PRIMARY KEY, owner int NOT NULL, words text);
CREATE TABLE logs (id bigserial PRIMARY KEY, owner int NOT NULL, words text);
CREATE UNIQUE INDEX logs_owner_id ON logs (owner, id);
CREATE INDEX notes_owner ON notes (owner);
ALTER TABLE logs ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON logs USING (owner = current_setting('app.owner')::int);
CREATE POLICY few ON logs AS RESTRICTIVE FOR SELECT USING (owner < 900);
GRANT SELECT, INSERT, UPDATE ON notes, logs TO ms_app;
GRANT USAGE ON SEQUENCE notes_id_seq, logs_id_seq TO ms_app;
CREATE TABLE drafts (id bigserial PRIMARY KEY, owner int NOT NULL, words text);
ALTER TABLE drafts ENABLE ROW LEVEL SECURITY;
CREATE POLICY owned ON drafts USING (owner >= 0);
GRANT SELECT, INSERT, UPDATE ON drafts TO ms_app;
GRANT USAGE ON SEQUENCE drafts_id_seq TO ms_app;
CREATE PUBLICATION everything FOR TABLE notes;
"""
ROWS = """
INSERT INTO notes (owner, words) SELECT n % 5, 'note ' || n FROM generate_series(1, 300) n;
INSERT INTO logs (owner, words) SELECT n % 5, 'log ' || n FROM generate_series(1, 300) n;
"""


def notes(table: str = "notes", *, says_who: bool = True) -> Work:
    """A version that writes a row, changes it, and reads it, as a role that is not the owner of the table."""

    def work(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
        session.execute("SET ROLE ms_app")
        if says_who:
            session.execute("SELECT set_config('app.owner', %s, false)", (str(owner),))

        def ask(sql: str, *given: object) -> tuple[object, ...]:
            row = session.execute(sql, given).fetchone()  # type: ignore[call-overload]  # a plain text on purpose
            assert row is not None, sql
            return tuple(row)

        words = f"words {rng.random()}"
        (id,) = ask(f"INSERT INTO {table} (owner, words) VALUES (%s, %s) RETURNING id", owner, words)
        assert ask(f"SELECT words FROM {table} WHERE id = %s", id) == (words,)
        assert ask(f"UPDATE {table} SET words = words || '!' WHERE id = %s RETURNING words", id) == (f"{words}!",)
        if not says_who:  # it sees what others have written
            assert ask(f"SELECT count(DISTINCT owner) > 1 FROM {table}") == (True,)

    return work


CASES = {
    "row security comes": Case(
        migration="ALTER TABLE notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
        "CREATE POLICY own ON notes USING (owner = current_setting('app.owner')::int);"
        "CREATE POLICY short ON notes AS RESTRICTIVE FOR INSERT WITH CHECK (length(words) < 100)",
        old=notes(says_who=False),
        new=notes(),
    ),
    "row security goes": Case(
        migration="ALTER TABLE drafts DISABLE ROW LEVEL SECURITY", old=notes("drafts"), new=notes("drafts")
    ),
    "a policy lets more through": Case(
        migration="CREATE POLICY all_of_it ON logs FOR SELECT USING (true)", old=notes("logs"), new=notes("logs")
    ),
    "a policy takes something away": Case(
        migration="CREATE POLICY long ON logs AS RESTRICTIVE FOR INSERT WITH CHECK (words <> '')",
        old=notes("logs"),
        new=notes("logs"),
    ),
    "a policy goes": Case(migration="DROP POLICY few ON logs", old=notes("logs"), new=notes("logs")),
    "a policy says something else": Case(
        migration="ALTER POLICY own ON logs USING (owner = current_setting('app.owner', true)::int AND id > 0)",
        old=notes("logs"),
        new=notes("logs"),
        once="COMMENT ON POLICY own ON logs IS 'replaced by plan r1'",
    ),
    "a privilege comes": Case(
        migration="GRANT DELETE, REFERENCES (words) ON notes TO ms_app",
        old=notes(),
        new=notes(),
    ),
    "a privilege goes": Case(
        migration="REVOKE INSERT, UPDATE ON logs FROM ms_app",
        old=notes("logs"),
        new=notes("notes"),
    ),
    "a table moves to another schema": Case(
        migration="ALTER TABLE notes SET SCHEMA shop", old=notes(), new=notes("shop.notes")
    ),
    "a table is published": Case(
        migration="ALTER PUBLICATION everything ADD TABLE logs", old=notes("logs"), new=notes("logs")
    ),
    "a table is published no more": Case(
        migration="ALTER PUBLICATION everything DROP TABLE notes", old=notes(), new=notes()
    ),
    "a publication comes": Case(
        migration="CREATE PUBLICATION of_logs FOR TABLE logs", old=notes("logs"), new=notes("logs")
    ),
    "another replica identity": Case(
        migration="ALTER TABLE logs REPLICA IDENTITY USING INDEX logs_owner_id", old=notes("logs"), new=notes("logs")
    ),
    "a table is written in the order of an index": Case(
        migration="CLUSTER logs USING logs_owner_id", old=notes("logs"), new=notes("logs")
    ),
    "a table is not logged any more": Case(
        migration="ALTER TABLE drafts SET UNLOGGED", old=notes("drafts"), new=notes("drafts")
    ),
    "storage parameters": Case(
        migration="ALTER TABLE notes SET (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_enabled = false)",
        old=notes(),
        new=notes(),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_nobody_notices(database: Database, tmp_path: Path, name: str) -> None:
    nobody_notices(database, tmp_path, SETUP, ROWS, CASES[name])


@pytest.mark.soak
@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("name", CASES)
def test_nobody_notices_anywhere(each_major: int, database: Database, tmp_path: Path, name: str) -> None:
    nobody_notices(database, tmp_path, SETUP, ROWS, CASES[name])
