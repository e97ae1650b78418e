"""Changes that are over in an instant, and rows that a migration updates: there, back, there again, on servers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from migrasafe.plan.changes.model import NoPlanError
from tests.postgres.plans.rollout import dump, one_shot, roll_out
from tests.postgres.servers import Database

SETUP = """
CREATE TABLE users (
  id bigserial PRIMARY KEY, email varchar(80), state text, legacy text, seen timestamptz,
  CONSTRAINT users_email_key UNIQUE (email)
);
CREATE INDEX users_state ON users (state);
COMMENT ON COLUMN users.state IS 'it''s old';
ALTER TABLE users ADD CONSTRAINT has_state CHECK (state <> '') NOT VALID;
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
"""
ROWS = "INSERT INTO users (email, state) SELECT 'A' || n || '@X', CASE n % 3 WHEN 0 THEN 'new' END FROM generate_series(1, 900) n"
ON_EMAIL = """
CREATE TRIGGER of_email BEFORE UPDATE OF email ON users FOR EACH ROW EXECUTE FUNCTION noted();
CREATE TRIGGER on_email AFTER UPDATE ON users FOR EACH ROW WHEN (old.email IS DISTINCT FROM new.email) EXECUTE FUNCTION noted();
ALTER TABLE users DISABLE TRIGGER on_email;
COMMENT ON TRIGGER of_email ON users IS 'says';
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON users AS RESTRICTIVE FOR UPDATE TO PUBLIC USING (email <> '') WITH CHECK (length(email) > 3);
COMMENT ON POLICY mine ON users IS 'kept';
CREATE POLICY all_of_it ON users FOR INSERT WITH CHECK (email IS NOT NULL);
CREATE VIEW emails AS SELECT id, email FROM users;
"""


@dataclass(frozen=True)
class Case:
    statements: tuple[str, ...]

    @property
    def migration(self) -> str:
        return ";\n".join(self.statements)


CASES = {
    "comments": Case(("COMMENT ON COLUMN users.state IS 'it''s new'", "COMMENT ON TABLE users IS 'people'")),
    "other names": Case(
        (
            "ALTER INDEX users_state RENAME TO users_by_state",
            "ALTER TABLE users RENAME CONSTRAINT users_email_key TO one_email",
        )
    ),
    "old rows": Case(("ALTER TABLE users VALIDATE CONSTRAINT has_state",)),
    "rows in batches": Case(
        (
            "ALTER TABLE users ADD COLUMN city text",
            "UPDATE users AS u SET state = 'old', city = 'Paris' WHERE u.state IS NULL",
            "UPDATE users SET email = lower(email)",
        )
    ),
}
SMALL = tuple(one for name, case in CASES.items() if name != "rows in batches" for one in case.statements)


@pytest.mark.majors(12, 15, 18)
def test_what_takes_an_instant_is_done_undone_and_done_again(
    each_major: int, database: Database, tmp_path: Path
) -> None:
    database.execute(SETUP + ROWS)
    before = dump(database.dsn)
    run = roll_out(database, ";\n".join(SMALL), tmp_path)
    expand, verify = run.plan.phases
    for name in ("10_expand.sql", "undo_10_expand.sql"):
        run.check(name)
    assert [line for line in dump(database.dsn) if line not in before] == ["COMMENT ON TABLE public.users IS 'people';"]
    for phase in (expand, verify):
        run.gates(phase)
        for name in run.files(phase)[0]:
            run.check(name)
            run.is_over(name)
    assert dump(database.dsn) == one_shot(database, SETUP, *SMALL)


ASKS = "IF NOT EXISTS (SELECT FROM information_schema.columns WHERE table_name = 'users' AND column_name = '{}') THEN"
BLOCKS = (
    f"DO $$ BEGIN {ASKS.format('age')} ALTER TABLE users ADD COLUMN age int DEFAULT 3 CHECK (age > 0); END IF; END $$",
    f"DO $$ BEGIN {ASKS.format('state')} ALTER TABLE users ADD COLUMN state int; END IF; END $$",
    "DO $$ BEGIN CREATE TYPE mood AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    "ALTER TABLE users ADD COLUMN IF NOT EXISTS boss bigint UNIQUE REFERENCES users ON DELETE SET NULL,"
    " ADD COLUMN IF NOT EXISTS email text, ADD COLUMN code text UNIQUE",
    "CREATE STATISTICS both_of_them ON state, legacy FROM users",
    "CREATE MATERIALIZED VIEW states AS SELECT state, count(*) FROM users GROUP BY 1",
    "COMMENT ON CONSTRAINT users_pkey ON users IS 'key'",
    "COMMENT ON FUNCTION noted() IS 'function'",
    "CREATE EXTENSION IF NOT EXISTS plpgsql",
)


@pytest.mark.majors(12, 18)
def test_blocks_and_constraints_of_new_columns_lead_where_the_migration_does(
    each_major: int, database: Database, tmp_path: Path
) -> None:
    database.execute(SETUP + ROWS)
    before = dump(database.dsn)
    run = roll_out(database, ";\n".join(BLOCKS), tmp_path)
    for phase in run.plan.phases:
        run.gates(phase)
        ahead, back, _ = run.files(phase)
        for name in (*ahead, *back, *ahead):
            run.check(name)
            run.is_over(name)
    assert dump(database.dsn) != before
    assert dump(database.dsn) == one_shot(database, SETUP, *BLOCKS)


@pytest.mark.majors(12, 15, 18)
def test_a_type_changes_in_place_under_triggers_policies_and_views(
    each_major: int, database: Database, tmp_path: Path
) -> None:
    database.execute(SETUP + ROWS + ";" + ON_EMAIL)
    before = dump(database.dsn)
    run = roll_out(database, "ALTER TABLE users ALTER COLUMN email TYPE text", tmp_path)
    (phase,) = run.plan.phases
    assert not phase.steps[0].work
    run.check("10_expand.sql")
    run.is_over("10_expand.sql")
    now = dump(database.dsn)
    assert [
        line for line in before if line not in now and "(email)::text" not in line and ".email)::text" not in line
    ] == ["email character varying(80)"]
    kept = (
        "COMMENT ON POLICY mine",
        "COMMENT ON TRIGGER of_email",
        "ALTER TABLE public.users DISABLE TRIGGER on_email",
    )
    assert all(any(line.startswith(one) for line in now) for one in kept)
    assert any("AS RESTRICTIVE FOR UPDATE USING ((email <> ''::text))" in line for line in now)
    run.check("undo_10_expand.sql")
    assert dump(database.dsn) == before


def test_rows_that_a_migration_updates_are_changed_in_batches(database: Database, tmp_path: Path) -> None:
    database.execute(SETUP + ROWS)
    run = roll_out(database, CASES["rows in batches"].migration, tmp_path)
    for phase in run.plan.phases:
        for name in run.files(phase)[0]:
            run.check(name)
        if phase.backfills:
            run.backfill_for_real()
        run.gates(phase)
    assert database.execute("SELECT state, city, count(*) FROM users GROUP BY 1, 2 ORDER BY 1") == [
        ("new", None, 300),
        ("old", "Paris", 600),
    ]
    assert database.execute("SELECT count(*) FROM users WHERE email <> lower(email)") == [(0,)]
    with pytest.raises(psycopg.Error):  # what the UPDATE as a whole would have done is what the constraint forbids
        database.execute("UPDATE users SET state = ''")


def test_what_the_new_version_writes_into_a_new_column_stays(database: Database, tmp_path: Path) -> None:
    database.execute(SETUP + ROWS)
    migration = """
        ALTER TABLE users ADD COLUMN shown text, ADD COLUMN level int DEFAULT 1, ADD COLUMN code json DEFAULT '{}';
        UPDATE users SET shown = email, level = 2, code = '[]';
    """
    run = roll_out(database, migration, tmp_path)
    run.check("10_expand.sql")
    database.execute("INSERT INTO users (email, shown, level, code) VALUES ('x@y', 'me', 9, '7')")
    run.backfill_for_real()
    run.gates(run.plan.phases[-1])
    told = "SELECT shown = email, level, code::text, count(*) FROM users GROUP BY 1, 2, 3 ORDER BY 4"
    assert database.execute(told) == [(False, 9, "7", 1), (True, 2, "[]", 900)]


@pytest.mark.parametrize(
    ("type", "value"),
    [("text", "gen_random_uuid()::text"), ("uuid", "gen_random_uuid()"), ("varchar(9)", None), ("int", None)],
)
def test_rows_without_a_column_of_a_unique_key_are_not_alike(
    database: Database, tmp_path: Path, type: str, value: str | None
) -> None:
    database.execute(f"CREATE TABLE clients (id int PRIMARY KEY, code {type} NOT NULL UNIQUE)")
    if value is None:
        with pytest.raises(NoPlanError, match=r"each row of the new version needs a value of its own .* with --down"):
            roll_out(database, "ALTER TABLE clients DROP COLUMN code", tmp_path)
        return
    roll_out(database, "ALTER TABLE clients DROP COLUMN code", tmp_path).check("10_expand.sql")
    database.execute("INSERT INTO clients (id) VALUES (1), (2)")


@pytest.mark.parametrize(
    ("migration", "why"),
    [
        ("UPDATE users SET id = id + 1000", "run twice, it would change rows twice"),
        ("UPDATE users SET seen = clock_timestamp()", "gives another value each time"),
        ("UPDATE users SET state = o.state FROM users o WHERE o.state = users.email", "no key of o that is asked for"),
        ("UPDATE users SET (state, legacy) = ('a', 'b')", "say each column for itself"),
        ("UPDATE users SET nothing = 1", "has no column nothing"),
        ("ALTER TABLE users RENAME CONSTRAINT nothing TO x", "has no constraint nothing"),
        ("ALTER INDEX nothing RENAME TO x", "the schema has no index nothing"),
        ("ALTER TABLE users VALIDATE CONSTRAINT nothing", "has no constraint nothing"),
        ("SELECT 1;\nTRUNCATE users;\nALTER SCHEMA public RENAME TO x", r"(?s):2: .*:3: "),
    ],
)
def test_what_cannot_be_planned_says_why(database: Database, tmp_path: Path, migration: str, why: str) -> None:
    database.execute(SETUP)
    with pytest.raises(NoPlanError, match=why):
        roll_out(database, migration, tmp_path)
