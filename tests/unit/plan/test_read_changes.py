"""What a migration, or words, ask for; and what is said of what has no plan."""

from __future__ import annotations

import pytest

from migrasafe.errors import InputError
from migrasafe.plan.changes.add_column import AddColumn
from migrasafe.plan.changes.drop_column import DropColumn
from migrasafe.plan.changes.model import Change, Ground, NoPlanError
from migrasafe.plan.changes.remove_enum_value import RemoveEnumValue
from migrasafe.plan.changes.rename_column import RenameColumn
from migrasafe.plan.merge import draft_of
from migrasafe.plan.model import PhaseName, Plan
from migrasafe.plan.output.write_sql import sql_files
from migrasafe.plan.put_together import put_together
from migrasafe.plan.read.changes import Hints, read_changes
from migrasafe.plan.read.hints import hints_of
from migrasafe.plan.read.renames import Ask
from migrasafe.plan.words.words import plan_id, sql_of
from migrasafe.schema.load import schema_from_script
from migrasafe.schema.model import Schema
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.sql.statements import Name
from migrasafe.target import Target

SETUP = """
CREATE TABLE teams (id bigserial PRIMARY KEY, title text);
CREATE TABLE users (id bigserial PRIMARY KEY, name text NOT NULL, email text UNIQUE, team_id bigint, "Odd Name" text);
CREATE VIEW mails AS SELECT email FROM users;
"""


def planned(migration: str, hints: Hints | None = None) -> Plan:
    schema = schema_from_script(read_script(Source(path="", text=SETUP)))
    ground = Ground(schema=schema, target=Target(pg_version=15, pg_version_assumed=False), id="r1")
    script = read_script(Source(path="0042.sql", text=migration))
    return put_together(draft_of(read_changes(script, schema, hints or Hints()), ground), ground)


@pytest.mark.parametrize(
    ("words", "sql"),
    [
        ("rename users.name full_name", "ALTER TABLE users RENAME COLUMN name TO full_name"),
        ('rename "Users"."Odd Name" user', 'ALTER TABLE "Users" RENAME COLUMN "Odd Name" TO "user"'),
        ("rename app.users people", "ALTER TABLE app RENAME COLUMN users TO people"),
        ("rename app.users.name x", "ALTER TABLE app.users RENAME COLUMN name TO x"),
        ("type orders.id bigint", "ALTER TABLE orders ALTER COLUMN id TYPE bigint"),
        ("unique users.a,b", "ALTER TABLE users ADD UNIQUE (a, b)"),
        ("foreign-key users.team_id teams.id", "ALTER TABLE users ADD FOREIGN KEY (team_id) REFERENCES teams (id)"),
        ("enum-value mood it's", "ALTER TYPE mood ADD VALUE 'it''s'"),
    ],
)
def test_words_are_the_migration_that_somebody_would_have_written(words: str, sql: str) -> None:
    said = [word.replace("Odd_Name", "Odd Name") for word in words.replace("Odd Name", "Odd_Name").split()]
    assert sql_of(said, Schema()) == sql


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("renam users.name x", "renam is neither a file nor a change; did you mean rename?"),
        ("rename users.name", "`rename` is said so: migrasafe plan rename TABLE[.COLUMN] NEW_NAME"),
        ("type users bigint", "users is not a column: say TABLE.COLUMN"),
        ("rename a.b.c.d x", "a.b.c.d is not a column"),
        ("drop 1+1", "1+1 is not a name"),
    ],
)
def test_words_that_ask_for_nothing_get_one_sentence(words: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        sql_of(words.split(), Schema())
    assert said in str(refused.value)


def test_an_id_fits_into_the_names_of_triggers() -> None:
    assert plan_id(["rename", "app.Users.name", "x"]) == "rename_app_users_name"
    assert len(plan_id(["rename", "a" * 90])) <= 40


@pytest.mark.parametrize(
    ("migration", "said"),
    [
        ("ALTER TABLE userz RENAME COLUMN a TO b", "the schema has no table userz"),
        ("ALTER TABLE users RENAME COLUMN nme TO b", "public.users has no column nme: it has id, name, email"),
        ("ALTER TABLE users RENAME COLUMN name TO email", "public.users has a column email already"),
        ("\n\nVACUUM FULL", "0042.sql:3: which table is written anew?"),
        ("ALTER TABLE users SET WITHOUT CLUSTER", "has no plan yet"),
        ("ALTER TABLE users DROP COLUMN email", "cannot go yet: the view public.mails reads it"),
        ("DROP TABLE users", "cannot go yet: the view public.mails reads it"),
        ("ALTER TABLE users ADD COLUMN a int NOT NULL", "say with --up what the rows of the old version have in it"),
        ("ALTER TABLE users ALTER COLUMN name TYPE date", "how text becomes date and back is for you to say"),
        ("ALTER TABLE users ADD CONSTRAINT users_email_key CHECK (id > 0)", "users_email_key already"),
        ("ALTER TABLE users ADD PRIMARY KEY (name)", "has a primary key already, users_pkey"),
        ("DROP INDEX users_pkey", "belongs to the constraint users_pkey: drop that instead"),
        ("SET lock_timeout = '1s'", "the migration changes nothing"),
        ("INSERT INTO users DEFAULT VALUES", "nothing that its rows could be known by"),
        ("INSERT INTO users (name) VALUES (random()::text)", "nothing in the rows"),
        ("INSERT INTO users (name, id) VALUES ('x', DEFAULT), ('y', 2)", "DEFAULT in id"),
        ("INSERT INTO users (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = 'x'", "is two changes"),
        ("DELETE FROM users", "without WHERE deletes all rows"),
        ("DELETE FROM users USING teams WHERE name = 'x'", "WHERE EXISTS"),
        ("DELETE FROM users WHERE random() < 0.5", "says another thing each time"),
        ("ALTER TABLE users DISABLE TRIGGER ALL", "triggers that it does not name"),
        ("ALTER TABLE users ENABLE TRIGGER nobody", "has no trigger nobody"),
        ("CREATE TYPE kind AS ENUM ('a'); ALTER TABLE users ADD COLUMN kind kind; DROP TYPE kind", "users.kind uses"),
        ("DROP SEQUENCE nothing", "has no sequence nothing"),
        (
            "ALTER TABLE users DROP COLUMN name, ADD COLUMN full_name text",
            "is name dropped, or does full_name take its place?",
        ),
        ("-- migrasafe: rename users.name -> full_name\nSELECT 1", "belongs to no ALTER TABLE that drops the one"),
        ("-- migrasafe: rename users -> people\nSELECT 1", "is said so: migrasafe: rename TABLE.COLUMN -> NEW_NAME"),
        (
            "ALTER TABLE users ADD full_name text; UPDATE users SET full_name = name; ALTER TABLE users DROP COLUMN name",
            "0042.sql:1: is name dropped, or does full_name take its place?",
        ),
        (
            "ALTER TABLE users ALTER COLUMN team_id TYPE numeric; CREATE INDEX i ON users (team_id)",
            "two changes of the migration are about public.users.team_id",
        ),
        ("ALTER TABLE teams RENAME TO t; DROP TABLE t", "two changes of the migration are about"),
    ],
)
def test_what_has_no_plan_says_why_and_what_to_do(migration: str, said: str) -> None:
    with pytest.raises(NoPlanError) as refused:
        planned(migration)
    assert said in str(refused.value)


DROPPED_AND_ADDED = [
    "ALTER TABLE users DROP COLUMN name, ADD COLUMN full_name text;",
    "ALTER TABLE users ADD COLUMN full_name text; UPDATE users SET full_name = name; ALTER TABLE users DROP COLUMN name;",
]


def changes(migration: str, ask: Ask | None = None) -> list[Change]:
    schema = schema_from_script(read_script(Source(path="", text=SETUP)))
    script = read_script(Source(path="x.sql", text=migration))
    return [one.change for one in read_changes(script, schema, Hints(), ask)]


@pytest.mark.parametrize("migration", DROPPED_AND_ADDED)
def test_a_comment_says_that_a_drop_and_an_add_are_a_rename(migration: str) -> None:
    (wanted,) = changes(f"-- migrasafe: rename users.name -> full_name\n{migration}")
    assert isinstance(wanted, RenameColumn)
    assert (wanted.column, wanted.new_name) == ("name", "full_name")


def test_a_comment_says_that_they_are_none() -> None:
    added, dropped = changes("-- migrasafe: drop users.name\nALTER TABLE users ADD full_name text, DROP COLUMN name;")
    assert isinstance(added, AddColumn)
    assert isinstance(dropped, DropColumn)


@pytest.mark.parametrize("migration", DROPPED_AND_ADDED)
def test_a_person_is_asked_whether_they_are_one(migration: str) -> None:
    asked: list[str] = []

    def yes(question: str) -> bool:
        asked.append(question)
        return True

    (wanted,) = changes(migration, yes)
    assert isinstance(wanted, RenameColumn)
    assert asked == ["users: is name renamed to full_name? (no: it is dropped, with all that is in it)"]
    dropped, added = changes(DROPPED_AND_ADDED[0], lambda _: False)
    assert isinstance(dropped, DropColumn)
    assert isinstance(added, AddColumn)


def test_a_column_of_another_type_is_no_rename() -> None:
    dropped, added = changes("ALTER TABLE users DROP COLUMN name, ADD COLUMN full_name int;")
    assert isinstance(dropped, DropColumn)
    assert isinstance(added, AddColumn)


def test_a_unique_column_is_shown_under_both_names_by_a_view_and_says_why() -> None:
    plan = planned("ALTER TABLE users RENAME COLUMN email TO mail")
    assert [phase.name for phase in plan.phases] == [PhaseName.EXPAND, PhaseName.SWITCH, PhaseName.CONTRACT]
    assert any("ON CONFLICT (email)" in reason for reason in plan.why)


def test_triggers_are_refused_where_they_would_break_an_upsert() -> None:
    with pytest.raises(NoPlanError, match="cannot be kept twice: it is in UNIQUE users_email_key"):
        planned("ALTER TABLE users RENAME COLUMN email TO mail", Hints(way="triggers"))


def test_several_changes_are_one_plan_whose_phases_come_in_order() -> None:
    plan = planned(
        "CREATE TABLE logs (id int); ALTER TABLE users RENAME COLUMN name TO full_name;"
        " ALTER TABLE users ALTER COLUMN team_id SET NOT NULL;"
    )
    order = [phase.name for phase in plan.phases]
    assert order == sorted(order, key=list(PhaseName).index)
    contract = plan.phases[-1]
    assert [gate.id for gate in contract.gates] == ["old-version-gone", "no-null-left"]
    assert [bool(step.loses) for step in contract.steps] == sorted(bool(step.loses) for step in contract.steps)


def test_a_new_table_may_refer_to_an_old_one() -> None:
    (step,) = planned("CREATE TABLE badges (id bigint PRIMARY KEY, user_id bigint REFERENCES users)").steps
    assert [(lock.table, lock.mode) for lock in step.locks] == [("public.users", "SHARE ROW EXCLUSIVE")]
    assert step.work == ()


def test_a_step_says_its_lock_and_its_work() -> None:
    plan = planned("CREATE INDEX users_name ON users (name)")
    (step,) = plan.steps
    assert [(lock.table, lock.mode) for lock in step.locks] == [("public.users", "SHARE UPDATE EXCLUSIVE")]
    assert step.work == ("index build of public.users",)


@pytest.mark.parametrize(
    "migration",
    [
        "ALTER TYPE mood RENAME TO old; CREATE TYPE mood AS ENUM ('a', 'b'); {} TYPE mood USING m::text::mood; DROP TYPE old",
        "CREATE TYPE new AS ENUM ('a', 'b'); {} TYPE new USING m::text::new; ALTER TYPE mood RENAME TO old;"
        " ALTER TYPE new RENAME TO mood; DROP TYPE old",
        "CREATE TYPE new AS ENUM ('a', 'b'); {} TYPE new USING m::text::new; DROP TYPE mood; ALTER TYPE new RENAME TO mood",
    ],
)
def test_a_type_that_is_made_anew_without_a_value_is_one_change(migration: str) -> None:
    setup = "CREATE TYPE mood AS ENUM ('a', 'b', 'c'); CREATE TABLE t (id int PRIMARY KEY, m mood DEFAULT 'a');"
    schema = schema_from_script(read_script(Source(path="", text=setup)))
    text = migration.format("ALTER TABLE t ALTER m DROP DEFAULT, ALTER m") + "; ALTER TABLE t ALTER m SET DEFAULT 'a'"
    (wanted,) = read_changes(read_script(Source(path="x.sql", text=text)), schema, Hints())
    assert wanted.change == RemoveEnumValue(type=Name(None, "mood"), values=("c",))


def planned_on(setup: str, migration: str, hints: Hints | None = None) -> Plan:
    schema = schema_from_script(read_script(Source(path="", text=setup)))
    ground = Ground(schema=schema, target=Target(pg_version=15, pg_version_assumed=False), id="r1")
    script = read_script(Source(path="0042.sql", text=migration))
    return put_together(draft_of(read_changes(script, schema, hints or Hints()), ground), ground)


def test_what_no_catalog_tells_of_is_left_to_a_person() -> None:
    plan = planned("ANALYZE users; REINDEX TABLE users; ALTER TABLE users ADD COLUMN age int")
    assert [one.split(" yourself")[0] for one in plan.by_hand] == [
        "run ANALYZE users",
        "run REINDEX TABLE CONCURRENTLY users",
    ]
    with pytest.raises(NoPlanError, match="run ANALYZE users by itself, outside a transaction"):
        planned("ANALYZE users")


def test_an_index_over_the_new_name_of_a_column_is_built_on_the_column_that_will_have_it() -> None:
    plan = planned("ALTER TABLE users RENAME COLUMN name TO full_name; CREATE INDEX named ON users (full_name)")
    assert plan.phases[0].steps[0].title == "Add the column full_name"
    assert "(full_name)" in plan.phases[0].steps[1].statements[0]
    with pytest.raises(NoPlanError, match="two changes of the migration are about"):
        planned("ALTER TABLE users RENAME COLUMN email TO mail; CREATE INDEX mailed ON users (mail)")


def test_a_column_that_is_made_anew_through_a_passing_one_is_a_change_of_its_type() -> None:
    setup = "CREATE TABLE prompts (id int PRIMARY KEY, prompt text NOT NULL);"
    migration = (
        "ALTER TABLE prompts ADD COLUMN j jsonb; UPDATE prompts SET j = to_jsonb(prompt); ALTER TABLE prompts DROP prompt;"
        " ALTER TABLE prompts RENAME j TO prompt; ALTER TABLE prompts ALTER prompt SET NOT NULL"
    )
    plan = planned_on(setup, migration, hints_of(down="prompt #>> '{}'"))
    assert plan.title == "change public.prompts.prompt to jsonb"
    with pytest.raises(NoPlanError, match="is for you to say beside `to_jsonb"):
        planned_on(setup, migration)


def test_a_default_around_a_change_of_type_is_part_of_it() -> None:
    setup = "CREATE TABLE jobs (id int PRIMARY KEY, number int DEFAULT 1, name varchar(9) DEFAULT 'a');"
    plan = planned_on(
        setup,
        "ALTER TABLE jobs ALTER number DROP DEFAULT, ALTER number TYPE bigint; ALTER TABLE jobs ALTER number SET DEFAULT 7;"
        " ALTER TABLE jobs ALTER name TYPE text, ALTER name SET DEFAULT 'b'",
    )
    assert plan.title == "change public.jobs.number to bigint; change public.jobs.name to text"
    texts = [text for step in plan.steps for text in step.statements]
    assert any("SET DEFAULT 7" in one for one in texts)
    assert "ALTER TABLE public.jobs ALTER COLUMN name SET DEFAULT 'b'" in texts
    with pytest.raises(NoPlanError, match=r"are about public\.jobs\.number, and"):
        planned_on(setup, "ALTER TABLE jobs ALTER number DROP DEFAULT, ALTER number TYPE bigint")


def test_a_function_that_writes_a_new_value_of_an_enum_comes_behind_the_value() -> None:
    setup = "CREATE TYPE mood AS ENUM ('a'); CREATE FUNCTION f() RETURNS mood LANGUAGE sql AS $$SELECT 'a'::mood$$;"
    plan = planned_on(
        setup,
        "ALTER TYPE mood ADD VALUE 'b'; CREATE OR REPLACE FUNCTION f() RETURNS mood LANGUAGE sql AS $$SELECT 'b'::mood$$",
    )
    first, second = plan.steps
    assert "ADD VALUE 'b'" in first.statements[0]
    assert "FUNCTION" in second.statements[0]


def test_the_body_of_a_function_stands_in_the_file_as_it_was_written() -> None:
    body = "\nBEGIN\n  RETURN 'one\ntwo';\nEND\n"
    plan = planned(f"CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$\n{body}$$")
    assert body in sql_files(plan)["10_expand.sql"]


@pytest.mark.parametrize(
    "migration",
    [
        "ALTER TABLE a ALTER id TYPE bigint; ALTER TABLE b ALTER a_id TYPE bigint; ALTER TABLE a ALTER above TYPE bigint;",
        "ALTER TABLE b ALTER a_id TYPE bigint USING a_id::bigint; ALTER TABLE a ALTER above TYPE bigint, ALTER id TYPE bigint;",
    ],
)
def test_a_key_and_what_refers_to_it_are_widened_by_one_change(migration: str) -> None:
    tables = "CREATE TABLE a (id int PRIMARY KEY, above int REFERENCES a); CREATE TABLE b (a_id int REFERENCES a);"
    schema = schema_from_script(read_script(Source(path="", text=tables)))
    (one,) = read_changes(read_script(Source(path="0042.sql", text=migration)), schema, Hints())
    title = draft_of((one,), Ground(schema=schema, target=Target(), id="r1")).title
    assert title == "change public.a.id, public.a.above, public.b.a_id to bigint"
