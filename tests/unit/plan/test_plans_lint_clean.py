"""Every SQL file of every plan is silent: what it does in use, it says why."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import pytest

from migrasafe.findings import Finding
from migrasafe.lint import LintOptions, lint
from migrasafe.migrations.model import History, Migration, Part, TransactionMode
from migrasafe.plan.changes.model import Ground
from migrasafe.plan.merge import draft_of
from migrasafe.plan.model import Plan
from migrasafe.plan.output.write_plan import plan_files
from migrasafe.plan.output.write_sql import database_of
from migrasafe.plan.put_together import put_together
from migrasafe.plan.read.changes import read_changes
from migrasafe.plan.read.hints import hints_of
from migrasafe.plan.words.words import sql_of
from migrasafe.rules.registry import RULES
from migrasafe.schema.load import schema_from_script
from migrasafe.schema.model import Schema
from migrasafe.schema.sizes import TableSize
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.suppress import suppress
from migrasafe.target import Target
from tools.change_pages import page_ids, plan_of, read_page

SETUP = """
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE TABLE teams (id bigserial PRIMARY KEY, title text);
CREATE TABLE users (
  id bigserial PRIMARY KEY, name text NOT NULL, email text, team_id bigint, age int, data json, mood mood,
  note varchar(20), born timestamp DEFAULT now() NOT NULL, nick text DEFAULT 'x' NOT NULL
);
CREATE INDEX users_age ON users (age);
CREATE TABLE guilds (id bigserial PRIMARY KEY);
CREATE TABLE badges (
  team_id bigint CONSTRAINT badges_team REFERENCES guilds, code text CONSTRAINT badges_code UNIQUE,
  size int CONSTRAINT badges_size CHECK (size > 0), PRIMARY KEY (team_id, code)
);
CREATE VIEW names AS SELECT id, name FROM users;
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'select 1';
CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';
CREATE DOMAIN score AS int CONSTRAINT small CHECK (VALUE < 1000);
CREATE TABLE marks (id bigserial PRIMARY KEY, points score);
CREATE MATERIALIZED VIEW totals AS SELECT points, count(*) AS many FROM marks GROUP BY points;
CREATE INDEX totals_many ON totals (many);
CREATE TABLE logs (id bigint NOT NULL, day int NOT NULL, size int) PARTITION BY RANGE (day);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (100);
CREATE TABLE logs_rest PARTITION OF logs DEFAULT;
CREATE INDEX logs_day ON logs (day);
CREATE TABLE old_logs (id bigint NOT NULL, day int NOT NULL, size int);
CREATE TABLE visits (id bigint NOT NULL, day int NOT NULL, size int, PRIMARY KEY (id, day));
CREATE SCHEMA app;
CREATE TABLE secrets (id bigserial PRIMARY KEY, size int);
ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON secrets USING (size > 0);
CREATE PUBLICATION everything FOR TABLE secrets;
CREATE TRIGGER kept BEFORE UPDATE ON marks FOR EACH ROW EXECUTE FUNCTION t();
"""
CHANGES = [
    "rename users.name full_name",
    "rename users.nick called --quiet 60",
    "rename users.name full_name --way app",
    "rename users.id number",
    "rename teams squads",
    "type users.age bigint",
    "type users.note varchar(50)",
    "type users.data jsonb",
    "type users.born timestamptz --time-zone Europe/Berlin",
    "type users.born timestamptz --time-zone UTC",
    "type users.note int --bad-rows unreadable=reject,lossy=default:0",
    "not-null users.email",
    "not-null users.age --up 0",
    "nullable users.name",
    "default users.age 5",
    "no-default users.nick",
    "add users.x int",
    "add users.x int_NOT_NULL --up 7",
    "add users.x float8_NOT_NULL_DEFAULT_random()",
    "drop users.email",
    "drop users.nick",
    "drop teams",
    "unique users.email",
    "foreign-key users.team_id teams",
    "check users age>0",
    "index users.name,email",
    "enum-value mood c",
    "view names 'SELECT id, name, email FROM users'",
    "view names 'SELECT id, name AS called FROM users'",
    "view names 'SELECT id, nick AS name FROM users'",
    "view totals 'SELECT points, count(*) AS many, max(id) AS last FROM marks GROUP BY points'",
    "drop-view names",
    "drop-view totals",
    "rename names people",
    "rename totals sums",
    "function \"f(a int) RETURNS int LANGUAGE sql AS 'select 2'\"",
    "function \"g(a int) RETURNS int LANGUAGE sql AS 'select 2'\"",
    "drop-function f(int)",
    "trigger users.noted 'BEFORE UPDATE' 'FOR EACH ROW EXECUTE FUNCTION t()'",
    "drop-trigger marks.kept",
    "partition logs logs_2 'FROM (100) TO (200)'",
    "partition logs old_logs 'FROM (200) TO (300)'",
    "detach logs_1",
    "bounds logs 'logs_1 FROM (0) TO (200)'",
    "bounds logs 'logs_1 FROM (0) TO (50), logs_1b FROM (50) TO (100)' move",
    "drop logs_1",
    "index logs.size",
    "rewrite marks unlogged",
    "rewrite secrets full",
    "unique logs.id,day",
    "partition-by visits 'RANGE (day)' 'logs_a FROM (0) TO (9), logs_z DEFAULT'",
    "partition-from visits 'RANGE (day)' 'logs_a FROM (0) TO (9)' 'logs_z FROM (9) TO (MAXVALUE)'",
    "rewrite marks 'by marks_pkey'",
    "row-security marks points>0",
    "no-row-security secrets",
    "policy secrets.own size>1",
    "policy secrets.other size>1",
    "drop-policy secrets.own",
    "grant SELECT marks PUBLIC",
    "revoke SELECT marks PUBLIC",
    "move marks app",
    "publish everything marks",
    "unpublish everything secrets",
    "replica-identity marks FULL",
    "set marks fillfactor=70",
    "domain-check score VALUE>0",
    "replace-domain-check score.small VALUE<9",
    "drop-domain-check score.small",
    "replace-check badges.badges_size size<9",
    "replace-foreign-key badges.badges_team ON_DELETE_CASCADE",
    "replace-foreign-key badges.badges_team DEFERRABLE",
    "replace-unique badges.badges_code code,team_id",
    "replace-unique badges.badges_code size",
    "replace-unique badges.badges_code '(code) WHERE size > 1'",
    "replace-primary-key badges code,size",
    "replace-index users_age (lower(note))",
    "split users.nick first,rest --up first = split_part(nick, ' ', 1), rest = nick --down nick = rest",
    "merge users.email,note contact --up concat_ws(';', email, note) --down email = contact, note = contact",
    "convert users.age months_bigint_NOT_NULL --up age * 12 --down months / 12",
]


def schema() -> Schema:
    return schema_from_script(read_script(Source(path="", text=SETUP)))


def planned(change: str, pg_version: int, sizes: Sequence[TableSize] = ()) -> Plan:
    """The plan of a change in words, to `SETUP`."""
    said, *options = change.split(" --")
    given: dict[str, str] = {
        name.replace("-", "_"): value for name, _, value in (one.partition(" ") for one in options)
    }
    bad_rows = given.pop("bad_rows", "").split(",") if "bad_rows" in given else []
    spaces = {"_NOT_NULL": " NOT NULL", "_DEFAULT_": " DEFAULT ", "_bigint": " bigint", "_DELETE_": " DELETE "}
    words = shlex.split(said)
    for written, meant in spaces.items():
        words = [word.replace(written, meant) for word in words]
    target = Target(pg_version=pg_version, pg_version_assumed=False)
    quiet = given.pop("quiet", None)
    ground = Ground(schema=schema(), target=target, id="r1", quiet_seconds=float(quiet) if quiet else None)
    script = read_script(Source(path="change", text=sql_of(words, ground.schema)))
    changes = read_changes(script, ground.schema, hints_of(bad_rows=bad_rows, **given))
    return put_together(draft_of(changes, ground), ground, sizes=sizes)


@pytest.mark.parametrize("pg_version", [12, 15, 18])
@pytest.mark.parametrize("change", CHANGES)
def test_the_files_of_a_plan_are_silent(change: str, pg_version: int) -> None:
    are_silent(planned(change, pg_version), schema())


@pytest.mark.parametrize("place", range(len(page_ids())), ids=page_ids())
def test_the_files_of_the_plan_of_a_page_are_silent(place: int) -> None:
    page = read_page(page_ids()[place])
    pg_version = max((12, 15, 18)[place % 3], page.facts.since)
    are_silent(plan_of(page, page.migration, pg_version), page.schema)


def are_silent(plan: Plan, before: Schema) -> None:
    target = Target(pg_version=plan.pg_version, pg_version_assumed=False)
    files = plan_files(plan, before)
    elsewhere = [name for name in files if name.endswith(".sql") and database_of(name)]
    for name in elsewhere:
        assert findings([files[name]], target, Schema()) == []
    own = {name for name in files if name.endswith(".sql")} - set(elsewhere)
    ahead = sorted(name for name in own if not name.startswith("undo_"))
    for place, name in enumerate(ahead):
        assert findings([files[one] for one in ahead[: place + 1]], target, before) == []
        back = [other for other in own if other.startswith(f"undo_{name[:2]}_")]
        for undo in back:
            assert findings([*(files[one] for one in ahead[: place + 1]), files[undo]], target, before) == []


def findings(texts: list[str], target: Target, before: Schema) -> list[Finding]:
    """What lint says of the last of several files."""
    migrations = tuple(
        Migration(
            id=str(place),
            path=f"{place}.sql",
            parts=(Part(script=read_script(Source(path=f"{place}.sql", text=text)), wrapped=TransactionMode.NONE),),
        )
        for place, text in enumerate(texts)
    )
    options = LintOptions(target=target, schema=before, reported=lambda migration: migration is migrations[-1])
    rules = [rule for rule in RULES if rule.default]
    result = lint([History(layout="plain", root="", migrations=migrations)], rules, options)
    scripts = [script for migration in result.migrations for script in migration.scripts]
    return list(suppress(result.findings, scripts, [rule.id for rule in rules]))
