"""Plans with something wrong in them: a rehearsal finds each, and says where."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from migrasafe.plan.changes import rename_column
from migrasafe.plan.changes.model import Ground, column_of, table_of
from migrasafe.plan.model import Phase, PhaseName, Plan, Step
from migrasafe.plan.output.write_sql import sql_files
from migrasafe.plan.read.hints import Hints
from migrasafe.plan.steps import add_not_valid
from migrasafe.rehearse.traffic import storm
from migrasafe.schema.model import Constraint, Ref
from migrasafe.sql.deparse import parse_expression
from migrasafe.sql.statements import ConstraintKind, Name
from tests.postgres.rehearse.rehearsals import planned, rehearsed, told, with_steps
from tests.postgres.servers import Database

SHOP = """
CREATE ROLE shop_app;
CREATE TABLE users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner int, name text NOT NULL CHECK (name <> ''), price numeric(8, 2)
);
CREATE TABLE mails (address text PRIMARY KEY, sent int);
GRANT SELECT, INSERT, UPDATE, DELETE ON users, mails TO shop_app;
"""
RENAME = "ALTER TABLE users RENAME COLUMN name TO full_name"


@pytest.fixture
def shop(database: Database) -> str:
    """The schema; its role is the server's, and goes when the test's databases go."""
    return SHOP.replace("CREATE ROLE shop_app;", "")


@pytest.fixture(autouse=True)
def role(database: Database) -> None:
    database.execute(
        "DO $$ BEGIN CREATE ROLE shop_app; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )


def defect(database: Database, shop: str, plan: Plan) -> str:
    """What the rehearsal says first of a plan that does not hold."""
    evidence = rehearsed(database, shop, plan)
    assert not evidence.holds
    return " | ".join(told(evidence))


def test_the_plan_without_a_defect_holds(database: Database, shop: str) -> None:
    evidence = rehearsed(database, shop, planned(database, shop, RENAME))
    assert told(evidence) == []
    assert evidence.race["old"] > 0 and evidence.race["new"] > 0
    assert evidence.round_trips > 100 and evidence.kills > 0


@pytest.mark.parametrize(("function", "side"), [("r1_first", "old"), ("r1_last", "new")])
def test_a_trigger_that_misses_one_direction(database: Database, shop: str, function: str, side: str) -> None:
    def lame(step: Step) -> Step:
        begin = f"CREATE OR REPLACE FUNCTION migrasafe.{function}()"
        body = re.compile(r"\$migrasafe\$.*\$migrasafe\$", re.DOTALL)
        return replace(
            step,
            statements=tuple(
                body.sub("$$ BEGIN RETURN NEW; END $$", one) if begin in one else one for one in step.statements
            ),
        )

    plan = planned(database, shop, RENAME)
    wrong = with_steps(plan, PhaseName.DUAL_WRITE, lambda steps: tuple(map(lame, steps)))
    assert wrong != plan
    assert f"the {side} side" in defect(database, shop, wrong)


def test_a_lossy_conversion(database: Database, shop: str) -> None:
    hints = Hints(up=parse_expression("round(price)::int"), down=parse_expression("price::numeric(8, 2)"))
    migration = "ALTER TABLE users ALTER COLUMN price TYPE int USING round(price)"
    said = defect(database, shop, planned(database, shop, migration, hints))
    assert "the conversion loses something: the old version writes '1.5'::numeric(8,2)" in said


def test_a_check_before_the_trigger(database: Database, shop: str) -> None:
    users = Ref("public", "users")
    check = Constraint(
        kind=ConstraintKind.CHECK,
        name="early",
        columns=("full_name",),
        expression=parse_expression("full_name IS NOT NULL"),
    )
    early = replace(add_not_valid(users, check), id="expand-2")
    plan = planned(database, shop, RENAME)
    said = defect(database, shop, with_steps(plan, PhaseName.EXPAND, lambda steps: (*steps, early)))
    assert 'violates check constraint "early"' in said
    assert "query expand" in said


def test_a_missing_grant(database: Database, shop: str) -> None:
    def without(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple(
            replace(one, statements=tuple(sql for sql in one.statements if not sql.startswith("GRANT")))
            for one in steps
        )

    plan = planned(database, shop, RENAME, Hints(way="view"))
    wrong = with_steps(plan, PhaseName.EXPAND, without)
    assert wrong != plan
    assert "permission denied" in defect(database, shop, wrong)


def test_a_role_that_never_came_to_the_tables_is_no_app(database: Database, shop: str) -> None:
    setup = "CREATE SCHEMA inner_shop; SET search_path = inner_shop;" + shop
    plan = planned(database, setup, "ALTER TABLE inner_shop.mails ADD UNIQUE (sent)")
    evidence = rehearsed(database, setup, plan)
    assert told(evidence) == []
    assert "not tried: shop_app as the app, for it has no USAGE on the schema of the tables" in evidence.notes
    assert evidence.race["old"] > 0


def test_a_grant_on_the_schema_that_a_plan_takes_away(database: Database, shop: str) -> None:
    setup = (
        "CREATE SCHEMA inner_shop; SET search_path = inner_shop;"
        + shop
        + "GRANT USAGE ON SCHEMA inner_shop TO shop_app;"
    )
    plan = planned(database, setup, "ALTER TABLE inner_shop.mails ADD UNIQUE (sent)")
    revoke = Step(
        id="switch-9",
        title="Revoke",
        statements=("REVOKE USAGE ON SCHEMA inner_shop FROM shop_app",),
        done="NOT has_schema_privilege('shop_app', 'inner_shop', 'USAGE')",
    )
    said = defect(database, setup, with_steps(plan, plan.phases[0].name, lambda steps: (*steps, revoke)))
    assert "permission denied for schema inner_shop" in said


class KeptTwice(rename_column.RenameColumn, frozen=True, kw_only=True):
    """A rename by triggers where our own planner would not do it."""

    def plan(self, ground: Ground) -> rename_column.Draft:
        table = table_of(ground, self.table)
        shadow = rename_column._shadow(self, ground, table, column_of(table, self.column))
        return rename_column._by_triggers(ground, shadow)


def test_a_second_unique_index_under_upserts(database: Database, shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Two upserts have to begin within some microseconds: one storm in six meets nothing where a single core is busy.
    monkeypatch.setattr(storm, "GOES", 200)
    setup = shop.replace("address text PRIMARY KEY", "id serial PRIMARY KEY, address text UNIQUE")
    setup += "GRANT USAGE ON SEQUENCE mails_id_seq TO shop_app;"
    migration = "ALTER TABLE mails RENAME COLUMN address TO email"
    change = KeptTwice(table=Name(None, "mails"), column="address", new_name="email")
    said = defect(database, setup, planned(database, setup, migration, change=change))
    assert "duplicate key value violates unique constraint" in said


def test_a_step_with_a_stronger_lock_than_claimed(database: Database, shop: str) -> None:
    def lock(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        first = "LOCK TABLE users IN ACCESS EXCLUSIVE MODE"
        return tuple(replace(one, statements=(first, *one.statements)) for one in steps)

    plan = planned(database, shop, RENAME)
    said = defect(database, shop, with_steps(plan, PhaseName.DUAL_WRITE, lock))
    assert "takes SHARE ROW EXCLUSIVE on public.users, and it took ACCESS EXCLUSIVE" in said


def test_a_query_that_one_phase_breaks(database: Database, shop: str) -> None:
    def rename(there: str, back: str, id: str) -> Step:
        return Step(
            id=id,
            title="Rename something",
            statements=(f"ALTER TABLE users RENAME COLUMN {there} TO {back}",),
            done=f"NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = '{there}')",
            undo=(f"ALTER TABLE users RENAME COLUMN {back} TO {there}",),
        )

    plan = planned(database, shop, RENAME)
    plan = with_steps(plan, PhaseName.VERIFY, lambda steps: (*steps, rename("owner", "owner_2", "verify-9")))
    plan = with_steps(plan, PhaseName.SWITCH, lambda steps: (*steps, rename("owner_2", "owner", "switch-9")))
    said = defect(database, shop, plan)
    assert "query verify: the old version meets" in said
    assert 'column "owner" does not exist' in said
    assert "query switch" not in said and "query backfill" not in said


@pytest.mark.parametrize(
    ("of_trigger", "of_job", "value"),
    [
        ("coalesce(NEW.title, '')", "coalesce(title, '')", "NULL::text"),
        ("btrim(NEW.title)", "btrim(title)", "' 17 '::text"),
        ("left(NEW.title, 40)", "left(title, 40)", f"'{'x' * 300}'::text"),
    ],
)
def test_a_trigger_and_a_job_that_are_wrong_alike(
    database: Database, shop: str, of_trigger: str, of_job: str, value: str
) -> None:
    setup = shop + "ALTER TABLE mails ADD COLUMN title text;"
    plan = planned(database, setup, "ALTER TABLE mails RENAME COLUMN title TO subject", Hints(way="trigger"))

    def wrong(step: Step) -> Step:
        statements = tuple(one.replace("(new.title)::text", of_trigger) for one in step.statements)
        return replace(step, statements=statements)

    def wrong_too(phase: Phase) -> Phase:
        job = {"assignments": (f"subject = {of_job}",), "where": f"subject IS DISTINCT FROM {of_job}"}
        return replace(
            phase,
            backfills=tuple(replace(one, **job) for one in phase.backfills),
            gates=tuple(replace(one, query="SELECT 0") if one.query else one for one in phase.gates),
        )

    planted = with_steps(plan, PhaseName.DUAL_WRITE, lambda steps: tuple(map(wrong, steps)))
    assert planted != plan
    planted = replace(planted, phases=tuple(map(wrong_too, planted.phases)))
    said = defect(database, setup, planted)
    assert f"the old version writes {value}, and the new side (subject) holds " in said
    assert "of which the one-shot migration makes " in said
    assert "mails.subject holds other values than after the one-shot migration" in said


@pytest.mark.parametrize(
    ("undo", "message"),
    [
        ("ALTER TABLE users ALTER COLUMN full_name DROP DEFAULT", "still counts as something to take back"),
        (
            "ALTER TABLE users DROP COLUMN full_name, ADD COLUMN left_over int",
            "the schema is not as it was before the phase: + column public.users.left_over",
        ),
        ("ALTER TABLE users DROP COLUMN no_such", 'column "no_such" of relation "users" does not exist'),
    ],
)
def test_an_undo_that_does_not_take_back(database: Database, shop: str, undo: str, message: str) -> None:
    plan = planned(database, shop, RENAME)
    wrong = with_steps(plan, PhaseName.EXPAND, lambda steps: tuple(replace(one, undo=(undo,)) for one in steps))
    assert message in defect(database, shop, wrong)


def test_the_app_is_in_the_time_zone_that_the_plan_takes_it_to_be_in(database: Database, shop: str) -> None:
    setup = shop + "ALTER TABLE users ADD COLUMN seen timestamp;"
    migration = "ALTER TABLE users ALTER COLUMN seen TYPE timestamptz"
    plan = planned(database, setup, migration, Hints(time_zone="Europe/Berlin"))
    assert told(rehearsed(database, setup, plan)) == []


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("ADD COLUMN full_name text", "ADD COLUMN full_name varchar", "the files leave another schema than the steps"),
        ("ADD COLUMN full_name text", "ADD COLUM full_name text", "10_expand.sql: psql says: psql:10_expand.sql:"),
        ("nothing to do';\n    RETURN;", "nothing to do';", "says `END IF;` where the steps of the plan say `RETURN;`"),
    ],
)
def test_a_file_that_does_something_else_than_its_steps(
    database: Database, shop: str, before: str, after: str, message: str
) -> None:
    plan = planned(database, shop, RENAME)
    files = sql_files(plan)
    assert before in files["10_expand.sql"]
    files["10_expand.sql"] = files["10_expand.sql"].replace(before, after, 1)
    assert message in " | ".join(told(rehearsed(database, shop, plan, files=files)))


@pytest.mark.parametrize(
    ("sql", "done", "message"),
    [
        ("REVOKE SELECT ON callers FROM shop_app", "SELECT", "permission denied for view callers"),
        ("REVOKE UPDATE ON callers FROM shop_app", "UPDATE", "in `UPDATE public.callers SET"),
    ],
)
def test_a_view_that_the_app_may_not_use_any_more(
    database: Database, shop: str, sql: str, done: str, message: str
) -> None:
    setup = shop + (
        "CREATE VIEW callers AS SELECT address, sent FROM mails WHERE sent > 0;"
        "GRANT SELECT, INSERT, UPDATE, DELETE ON callers TO shop_app;"
    )
    plan = planned(database, setup, "ALTER TABLE mails ADD UNIQUE (sent)")
    revoke = Step(
        id="switch-9",
        title="Revoke",
        statements=(sql,),
        done=f"NOT has_table_privilege('shop_app', 'callers', '{done}')",
    )
    said = defect(database, setup, with_steps(plan, plan.phases[0].name, lambda steps: (*steps, revoke)))
    assert message in said and "race switch" in said
