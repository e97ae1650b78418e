"""More plans with something wrong in them: what people get wrong in triggers, backfills, gates, undo and indexes by hand."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from migrasafe.plan.model import Phase, PhaseName, Plan, Step
from migrasafe.plan.output.write_sql import sql_files
from migrasafe.plan.read.hints import hints_of
from tests.postgres.rehearse.rehearsals import planned, rehearsed, told, with_steps
from tests.postgres.servers import Database

pytestmark = pytest.mark.soak  # the classes of defects are in test_planted_defects, which runs each time

SHOP = """
CREATE TABLE users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner int DEFAULT 3, name text DEFAULT 'anon', price numeric(8, 2)
);
COMMENT ON TABLE users IS 'people';
GRANT SELECT ON users TO PUBLIC;
CREATE TABLE mails (address text PRIMARY KEY, sent int);
"""
RENAME = "ALTER TABLE users RENAME COLUMN name TO full_name"
INDEX = "CREATE INDEX mails_sent ON mails (sent)"


def said_of(database: Database, plan: Plan) -> str:
    evidence = rehearsed(database, SHOP, plan)
    assert not evidence.holds
    return " | ".join(told(evidence))


def with_sql(plan: Plan, name: PhaseName, change: Callable[[str], str]) -> Plan:
    """The plan with other statements in a phase."""

    def changed(step: Step) -> Step:
        return replace(step, statements=tuple(map(change, step.statements)))

    wrong = with_steps(plan, name, lambda steps: tuple(map(changed, steps)))
    assert wrong != plan
    return wrong


def with_phase(plan: Plan, name: PhaseName, change: Callable[[Phase], Phase]) -> Plan:
    return replace(plan, phases=tuple(change(one) if one.name is name else one for one in plan.phases))


def test_a_trigger_that_calls_itself(database: Database) -> None:
    body = re.compile(r"\$migrasafe\$.*\$migrasafe\$", re.DOTALL)
    loop = "$$ BEGIN UPDATE public.users SET owner = owner WHERE id = NEW.id; RETURN NEW; END $$"

    def looping(sql: str) -> str:
        begins = "CREATE OR REPLACE FUNCTION migrasafe.r1_last()" in sql
        return body.sub(loop, sql) if begins else sql

    said = said_of(database, with_sql(planned(database, SHOP, RENAME), PhaseName.DUAL_WRITE, looping))
    assert re.search("stack depth limit exceeded|was already modified by an operation triggered", said)


def test_a_trigger_that_only_sees_inserts(database: Database) -> None:
    plan = planned(database, SHOP, RENAME)
    wrong = with_sql(plan, PhaseName.DUAL_WRITE, lambda sql: sql.replace("BEFORE INSERT OR UPDATE", "BEFORE INSERT"))
    said = said_of(database, wrong)  # which of the two comes first depends on when the old version writes
    assert "rows still to change after" in said or "gate verify: Do name and full_name say the same" in said


def test_a_backfill_that_leaves_out_what_is_null_and_a_gate_that_is_always_true(database: Database) -> None:
    plan = planned(database, SHOP, RENAME)

    def skipping(phase: Phase) -> Phase:
        jobs = tuple(replace(job, where="full_name <> name") for job in phase.backfills)
        return replace(phase, backfills=jobs)

    wrong = with_phase(plan, PhaseName.BACKFILL, skipping)
    assert "gate verify: " in said_of(database, wrong)
    blind = with_phase(
        wrong,
        PhaseName.VERIFY,
        lambda phase: replace(phase, gates=tuple(replace(one, query="SELECT 0") for one in phase.gates)),
    )
    said = said_of(database, blind)
    assert "backfill public.users: when it is over, full_name is null in" in said
    assert "rows of public.users in which name has a value" in said


def test_a_way_back_of_values_that_is_wrong(database: Database) -> None:
    hints = hints_of(up="(price * 100)::bigint", down="price_cents / 10.0")
    migration = """-- migrasafe: replace users.price -> price_cents
        ALTER TABLE users DROP COLUMN price, ADD COLUMN price_cents bigint"""
    said = said_of(database, planned(database, SHOP, migration, hints))
    assert "the old version writes" in said and "and the old side does not follow: it holds" in said


@pytest.mark.parametrize(
    ("undo", "message"),
    [
        ("COMMENT ON TABLE users IS NULL", "people"),
        ("REVOKE SELECT ON users FROM PUBLIC", "public.users"),
        ("ALTER TABLE users ALTER owner DROP DEFAULT", "- column public.users.owner"),
    ],
)
def test_a_way_back_that_takes_more_with_it(database: Database, undo: str, message: str) -> None:
    def more(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple(replace(one, undo=(*one.undo, undo)) for one in steps)

    said = said_of(database, with_steps(planned(database, SHOP, RENAME), PhaseName.EXPAND, more))
    assert "the schema is not as it was before the phase: " in said and message in said


def test_a_trigger_that_misses_updates_of_the_new_side(database: Database) -> None:
    plan = planned(database, SHOP, RENAME)
    wrong = with_sql(plan, PhaseName.DUAL_WRITE, lambda sql: sql.replace("OR UPDATE ON", "OR UPDATE OF name ON"))
    assert "and the old side does not follow: it holds" in said_of(database, wrong)


def test_a_trigger_that_is_off_behind_the_gate(database: Database) -> None:
    def off(phase: Phase) -> Phase:
        step = Step(
            title="Off", statements=('ALTER TABLE users DISABLE TRIGGER "~migrasafe_r1"',), done="false", past="false"
        )
        return replace(phase, steps=(*phase.steps, step))

    said = said_of(database, with_phase(planned(database, SHOP, RENAME), PhaseName.VERIFY, off))
    assert "and the new side (full_name) does not follow: it holds null" in said


def test_a_backfill_the_wrong_way(database: Database) -> None:
    def other_way(phase: Phase) -> Phase:
        return replace(
            phase, backfills=tuple(replace(job, assignments=("name = full_name",)) for job in phase.backfills)
        )

    said = said_of(database, with_phase(planned(database, SHOP, RENAME), PhaseName.BACKFILL, other_way))
    assert "rows users.name: rows that nobody wrote hold another value before the switch" in said
    assert "end end: users.full_name holds other values than after the one-shot migration" in said


def test_a_default_that_is_forgotten(database: Database) -> None:
    plan = planned(database, SHOP, RENAME)

    def forgotten(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        *rest, last = steps
        return (*rest, replace(last, statements=(*last.statements, "ALTER TABLE users ALTER full_name DROP DEFAULT")))

    said = said_of(database, with_steps(plan, PhaseName.CONTRACT, forgotten))
    assert "the schema is not that of the one-shot migration: - column public.users.full_name" in said


def test_a_concurrent_build_whose_invalid_index_counts_as_done(database: Database) -> None:
    def credulous(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        exists = "to_regclass('public.mails_sent') IS NOT NULL"
        return tuple(replace(one, done=exists, leftover=None, clear=()) for one in steps)

    said = said_of(database, with_steps(planned(database, SHOP, INDEX), PhaseName.EXPAND, credulous))
    assert "kill end: killed and run again, the plan ends with another schema: " in said and "mails_sent" in said


def test_a_file_without_the_timeout_of_its_step(database: Database) -> None:
    plan = planned(database, SHOP, RENAME)
    files = sql_files(plan)
    files["10_expand.sql"] = files["10_expand.sql"].replace("SET LOCAL lock_timeout = '200ms';", "")
    said = " | ".join(told(rehearsed(database, SHOP, plan, files=files)))
    assert "where the steps of the plan say `SET LOCAL lock_timeout = '200ms';`" in said


def test_a_sequence_that_stays_behind(database: Database) -> None:
    setup = SHOP + "CREATE TABLE notes (id serial PRIMARY KEY, text text);"
    plan = planned(database, setup, "ALTER TABLE notes ALTER COLUMN id TYPE bigint")

    def after_the_swap(sql: str) -> Callable[[tuple[Step, ...]], tuple[Step, ...]]:
        return lambda steps: tuple(replace(one, statements=(*one.statements, sql)) for one in steps)

    behind = with_steps(plan, PhaseName.SWITCH, after_the_swap("SELECT setval('notes_id_seq', 1)"))
    said = " | ".join(told(rehearsed(database, setup, behind)))
    assert 'duplicate key value violates unique constraint "notes_pkey"' in said


def test_a_sequence_that_the_app_may_not_use_any_more(database: Database) -> None:
    database.execute(
        "DO $$ BEGIN CREATE ROLE shop_app; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    setup = SHOP + (
        "CREATE TABLE notes (id serial PRIMARY KEY, text text);"
        "GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO shop_app; GRANT USAGE ON SEQUENCE notes_id_seq TO shop_app;"
    )
    plan = planned(database, setup, "ALTER TABLE notes ALTER COLUMN id TYPE bigint")

    def revoked(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        sql = "REVOKE USAGE ON SEQUENCE notes_id_seq FROM shop_app"
        return tuple(replace(one, statements=(*one.statements, sql)) for one in steps)

    said = " | ".join(told(rehearsed(database, setup, with_steps(plan, PhaseName.SWITCH, revoked))))
    assert "permission denied for sequence notes_id_seq" in said
