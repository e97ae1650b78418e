"""What blocks, IF EXISTS and the constraints of new columns come to before they are planned."""

from __future__ import annotations

import pytest

from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.model import PhaseName, Plan
from tests.unit.plan.test_read_changes import planned


def steps(plan: Plan, phase: PhaseName) -> list[str]:
    return [one.title for found in plan.phases if found.name is phase for one in found.steps]


def statements(plan: Plan) -> list[str]:
    return [text for phase in plan.phases for step in phase.steps for text in step.statements]


GUARD = "IF {} EXISTS (SELECT FROM information_schema.columns WHERE table_name = 'users' AND column_name = '{}') THEN"


def test_a_block_that_asks_the_catalog_is_planned_as_what_it_comes_to() -> None:
    plan = planned(
        f"DO $$ BEGIN {GUARD.format('NOT', 'age')} ALTER TABLE users ADD COLUMN age int; END IF;"
        f" {GUARD.format('', 'nick')} ALTER TABLE users RENAME COLUMN nick TO handle; END IF; END $$"
    )
    assert plan.title == "add public.users.age"
    assert plan.assumed == (
        "the schema says that `ALTER TABLE users RENAME COLUMN nick TO handle` has nothing to do, so the plan leaves it out",
    )


def test_a_block_that_catches_what_is_there_already_is_planned_as_what_it_comes_to() -> None:
    plan = planned("DO $$ BEGIN CREATE TYPE mood AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    assert statements(plan) == ["CREATE TYPE mood AS ENUM ('a')"]


@pytest.mark.parametrize(
    "body",
    [
        "IF EXISTS (SELECT FROM users) THEN ALTER TABLE users ADD COLUMN age int; END IF;",
        f"{GUARD.format('', 'x')} ALTER TABLE users ADD COLUMN a int; ELSE ALTER TABLE users ADD COLUMN b int; END IF;",
        "FOR n IN 1 .. 2 LOOP EXECUTE 'ALTER TABLE users ADD COLUMN c' || n; END LOOP;",
        "UPDATE users SET name = 'x';",
    ],
)
def test_a_block_that_decides_when_it_runs_is_refused(body: str) -> None:
    with pytest.raises(NoPlanError, match="what a block does is decided when it runs"):
        planned(f"DO $$ BEGIN {body} END $$")


def test_a_constraint_of_a_new_column_is_planned_behind_it() -> None:
    plan = planned("ALTER TABLE users ADD COLUMN age int DEFAULT 1 CHECK (age > 0)")
    assert steps(plan, PhaseName.EXPAND) == ["Add the column age"]
    assert any("CONSTRAINT users_age_check CHECK (age > 0) NOT VALID" in one for one in statements(plan))
    assert plan.phases[-1].name is PhaseName.CONTRACT


def test_a_constraint_beside_a_new_column_may_be_over_it() -> None:
    plan = planned("ALTER TABLE users ADD CONSTRAINT one_tag UNIQUE (team_id, tag), ADD COLUMN tag text")
    assert steps(plan, PhaseName.EXPAND)[0] == "Add the column tag"
    assert any("one_tag" in one for one in statements(plan))


def test_not_null_beside_a_new_primary_key_is_what_the_key_brings() -> None:
    plan = planned(
        "ALTER TABLE users ALTER COLUMN team_id SET NOT NULL, DROP CONSTRAINT users_pkey, ADD PRIMARY KEY (id, team_id)"
    )
    assert plan.title == "replace users_pkey of public.users by PRIMARY KEY (id, team_id)"


def test_a_key_over_an_empty_new_column_needs_no_second_deployment() -> None:
    plan = planned("ALTER TABLE users ADD COLUMN boss bigint REFERENCES teams, ADD COLUMN code text UNIQUE")
    assert [phase.name for phase in plan.phases] == [PhaseName.EXPAND]
    assert "ALTER TABLE public.users VALIDATE CONSTRAINT users_boss_fkey" in statements(plan)
    assert any("CONCURRENTLY users_code_key" in one for one in statements(plan))


def test_a_key_over_a_new_column_that_gets_values_waits_for_the_old_version() -> None:
    plan = planned("ALTER TABLE users ADD COLUMN code text UNIQUE; UPDATE users SET code = name")
    assert plan.phases[-1].name is PhaseName.CONTRACT


def test_what_is_there_already_is_left_out_and_told() -> None:
    plan = planned("ALTER TABLE users ADD COLUMN IF NOT EXISTS name text, ADD COLUMN IF NOT EXISTS age int")
    assert plan.title == "add public.users.age"
    with pytest.raises(NoPlanError, match="the migration changes nothing"):
        planned("DROP TABLE IF EXISTS nothing_of_that_name")


@pytest.mark.parametrize(
    ("migration", "done"),
    [
        ("CREATE EXTENSION pg_trgm", "pg_extension WHERE extname = 'pg_trgm'"),
        ("CREATE STATISTICS pair ON name, email FROM users", "s.stxname = 'pair'"),
        ("CREATE MATERIALIZED VIEW counts AS SELECT count(*) FROM users", "to_regclass('public.counts') IS NOT NULL"),
        ("COMMENT ON FUNCTION f(int, text[]) IS 'x'", "to_regprocedure('f(integer, text[])')"),
        ("COMMENT ON FUNCTION f IS 'x'", "to_regproc('f')"),
        ("COMMENT ON CONSTRAINT users_pkey ON users IS 'x'", "conname = 'users_pkey'"),
    ],
)
def test_what_is_in_nobodys_way_is_one_step_that_knows_when_it_is_done(migration: str, done: str) -> None:
    plan = planned(migration)
    assert statements(plan) == [migration]
    assert done in plan.phases[0].steps[0].done


@pytest.mark.parametrize(
    ("migration", "said"),
    [
        ("CREATE TABLE old AS SELECT * FROM users", "what is written meanwhile would be missing"),
        (
            "CREATE TABLE u2 (id int); INSERT INTO u2 SELECT id FROM users",
            "copies rows of public.users, which is in use",
        ),
        (
            "ALTER TABLE users DROP CONSTRAINT users_email_key;CREATE INDEX users_email_key ON users (name)",
            "the name users_email_key belongs to the constraint users_email_key of public.users until",
        ),
        (
            "CREATE VIEW v AS SELECT id FROM users; CREATE TABLE u2 (id int); INSERT INTO u2 SELECT id FROM v",
            "copies rows of public.v, which is in use",
        ),
        (
            "ALTER TABLE users DROP CONSTRAINT users_email_key; ALTER TABLE users RENAME email TO mail;"
            "ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (mail)",
            "two changes of the migration are about public.users.",
        ),
        ("SELECT id FROM users", "a query changes nothing, and what a program does with its answer"),
        ("REINDEX TABLE users", "run REINDEX TABLE CONCURRENTLY users by itself"),
        ('ALTER TABLE "Users" ADD COLUMN a int', "the schema has no table Users, but public.users"),
    ],
)
def test_a_refusal_says_what_a_person_can_do(migration: str, said: str) -> None:
    with pytest.raises(NoPlanError, match=said):
        planned(migration)


def test_a_column_of_a_published_table_is_added_on_subscribers_first() -> None:
    plan = planned("CREATE PUBLICATION feed FOR TABLE users; ALTER TABLE users ADD COLUMN age int")
    (phase,) = plan.phases
    elsewhere = [(step.database, text) for step in phase.steps if step.database for text in step.statements]
    assert elsewhere == [("subscriber", "ALTER TABLE public.users ADD COLUMN age integer")]
    assert phase.steps[0].database, "it comes before the publisher's own steps"
    assert [gate.id for gate in phase.gates] == ["subscribers-are-ready"]
    assert (
        "feed publishes public.users: add age on every subscriber before the expand phase, or replication stops at the first row"
    ) in plan.by_hand


@pytest.mark.parametrize(
    "drop",
    [
        "DROP TRIGGER IF EXISTS noted ON users",
        "DROP TRIGGER IF EXISTS noted ON people",
        "DROP TYPE IF EXISTS mood",
        "DROP FUNCTION IF EXISTS noted(), noted(int)",
    ],
)
def test_what_is_not_there_and_need_not_be_is_left_out(drop: str) -> None:
    plan = planned(f"{drop}; ALTER TABLE users ADD COLUMN age int")
    assert plan.title == "add public.users.age"
    assert plan.assumed == (f"the schema says that `{drop}` has nothing to do, so the plan leaves it out",)
