"""`migrasafe rehearse` and `migrasafe plan --prove`, as somebody types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from migrasafe.cli.commands import cli
from migrasafe.errors import InputError
from migrasafe.plan.output.write_plan import read_plan
from migrasafe.postgres.connect import connect, run
from migrasafe.postgres.server.find import available_servers, choose_server
from migrasafe.rehearse.sandbox.server import PREFIX
from tests.postgres.servers import Database

SHOP = """
CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);
CREATE TABLE posts (id serial PRIMARY KEY, user_id bigint REFERENCES users, title varchar(100) NOT NULL);
"""


def command(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), catch_exceptions=False, standalone_mode=False)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop.sql").write_text(SHOP)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_plan_is_proved_at_once_and_its_folder_holds_the_evidence(database: Database, shop: Path) -> None:
    major = str(database.major)
    done = command("plan", "rename", "users.name", "full_name", "--schema", "shop.sql", "--pg-version", major)
    assert done.exit_code == 0
    arguments = ("--schema", "shop.sql", "--dsn", database.dsn, "--rows", "20")
    proved = command("rehearse", "plans/rename_users_name", *arguments)
    assert proved.return_value == 0, proved.output
    assert "proved: everything held" in proved.output
    folder = shop / "plans" / "rename_users_name"
    written = read_plan((folder / "plan.json").read_text(), "plan.json")
    evidence = written.plan.evidence
    assert evidence is not None and evidence.holds and evidence.rows == 20
    assert {one.file for one in evidence.files} == {path.name for path in folder.glob("*.sql")}
    assert all(one.sha256 == written.files[one.file] for one in evidence.files)
    assert evidence.psql and f"run by psql {evidence.psql}" in proved.output
    seen = evidence.of("dual-write-1")
    assert seen is not None and [(lock.table, lock.mode) for lock in seen.locks] == [
        ("public.users", "SHARE ROW EXCLUSIVE")
    ]
    assert "Proved: everything held" in (folder / "RUNBOOK.md").read_text()
    assert "SHARE ROW EXCLUSIVE on public.users" in (folder / "plan.html").read_text()
    again = command("rehearse", "plans/rename_users_name", *arguments)  # the sums of all files are right
    assert again.return_value == 0


def test_what_backfills_have_kept_on_the_live_server_is_no_part_of_the_schema_before(
    database: Database, shop: Path
) -> None:
    database.execute(SHOP)
    assert command("backfill", "init", "--dsn", database.dsn).exit_code == 0
    major = str(database.major)
    done = command("plan", "rename", "users.name", "full_name", "--schema", database.dsn, "--pg-version", major)
    assert done.exit_code == 0
    proved = command(
        *("rehearse", "plans/rename_users_name", "--schema", database.dsn, "--dsn", database.dsn, "--rows", "20")
    )
    assert proved.return_value == 0, proved.output


def test_the_queries_of_a_real_app_are_tried_in_every_phase(database: Database, shop: Path) -> None:
    (shop / "old.sql").write_text("-- name: Old\nSELECT id, name FROM users WHERE name = $1;\n")
    (shop / "new.sql").write_text("-- name: New\nSELECT id, name FROM users WHERE full_name = $1;\n")
    major = str(database.major)
    command("plan", "rename", "users.name", "full_name", "--schema", "shop.sql", "--pg-version", major)
    arguments = ("--schema", "shop.sql", "--dsn", database.dsn, "--rows", "20", "--old", "old.sql", "--new", "new.sql")
    proved = command("rehearse", "plans/rename_users_name", *arguments)
    assert proved.return_value == 0, proved.output  # the new query says name, too: never taken, so not tried
    assert "1 of its 1 query" in proved.output
    assert "7 queries of the old version taken" in proved.output


def test_migrations_are_compared_with_what_lint_predicts(database: Database, shop: Path) -> None:
    folder = shop / "db"
    folder.mkdir()
    (folder / "001_shop.sql").write_text(SHOP)
    (folder / "002_more.sql").write_text("ALTER TABLE posts ADD COLUMN body text;\nCREATE INDEX ON posts (user_id);\n")
    done = command("rehearse", "db", "--last", "1", "--dsn", database.dsn)
    assert done.return_value == 0, done.output
    assert "ACCESS EXCLUSIVE on public.posts (readers and writers wait)" in done.output
    assert "SHARE on public.posts (writers wait); builds an index of public.posts" in done.output
    assert "001_shop" not in done.output
    assert "1 migration: 2 statements ran, 0 things were not as predicted" in done.output
    told = json.loads(command("rehearse", "db", "--dsn", database.dsn, "--format", "json").stdout)
    assert [one["id"] for one in told] == ["001_shop", "002_more"]
    assert told[1]["statements"][1]["locks"] == {"public.posts": "SHARE"}
    assert told[1]["statements"][1]["line"] == 2


def test_a_migration_that_fails_is_said(database: Database, shop: Path) -> None:
    (shop / "wrong.sql").write_text("ALTER TABLE no_such ADD COLUMN a int;\n")
    done = command("rehearse", "wrong.sql", "--dsn", database.dsn)
    assert done.return_value == 1
    assert 'failed: 42P01: relation "no_such" does not exist' in done.output


DUMP = r"""
\restrict x1Y2
CREATE DATABASE migrasafe_of_a_dump;
\unrestrict x1Y2
\connect migrasafe_of_a_dump
\restrict x1Y2
CREATE TABLE public.users (id bigint PRIMARY KEY, name text);
COPY public.users (id, name) FROM stdin;
1\tit's
\.
ALTER TABLE public.users ADD COLUMN age int;
\unrestrict x1Y2
"""


def test_what_a_dump_says_to_psql_is_not_sent_to_the_server(database: Database, shop: Path) -> None:
    (shop / "dump.sql").write_text(DUMP.replace("\\t", "\t"))
    (shop / "001_name.sql").write_text("\\echo begins\nALTER TABLE public.users ALTER COLUMN age TYPE bigint;\n")
    done = command("rehearse", "001_name.sql", "--schema", "dump.sql", "--dsn", database.dsn)
    assert done.return_value == 0, done.output
    assert "1 migration: 1 statement ran, 0 things were not as predicted" in done.output
    told = [line.partition(": ")[2] for line in done.stderr.splitlines() if line.startswith("not made")]
    assert told == [
        "CREATE DATABASE migrasafe_of_a_dump: it is about the whole server, and the sandbox is one database",
        r"\connect migrasafe_of_a_dump: psql meta-command \connect: what it does cannot be seen here",
        "COPY public.users (id, name) FROM stdin: rows are made up here",
    ]
    assert database.execute("SELECT FROM pg_database WHERE datname = 'migrasafe_of_a_dump'") == []


def test_a_schema_that_the_service_is_configured_with_is_made_first(database: Database, shop: Path) -> None:
    (shop / "m").mkdir()
    (shop / "m" / "001_a.sql").write_text("CREATE TABLE inner_part.users (id int PRIMARY KEY);")
    (shop / "m" / "002_b.sql").write_text("CREATE TABLE other_part.orders (id int REFERENCES inner_part.users);")
    done = command("rehearse", "m", "--last", "1", "--dsn", database.dsn)
    assert done.return_value == 0, done.output
    assert "made first: the schema inner_part, which nothing makes before it is named (001_a)" in done.stderr
    assert "        made first: the schema other_part, which nothing makes before it is named" in done.output
    assert "1 migration: 1 statement ran, 0 things were not as predicted" in done.output


@pytest.mark.postgres
def test_migrations_are_rehearsed_on_a_server_that_reads_them(shop: Path) -> None:
    (shop / "m").mkdir()
    (shop / "m" / "001_a.sql").write_text("CREATE TABLE newest AS SELECT count(*) FROM (SELECT 1);")
    done = command("rehearse", "m")
    assert "the migrations have syntax that came with PostgreSQL 16, and are rehearsed on it" in done.stderr
    assert done.return_value == 0, done.output


@pytest.mark.postgres
def test_no_database_is_left_behind(shop: Path) -> None:
    """On a server of its own: on a shared one, rehearsals of other tests come and go, and are killed."""
    with choose_server(available_servers({})).start() as server:
        assert command("rehearse", "shop.sql", "--dsn", server.dsn).return_value == 0
        with connect(server.dsn) as session:
            assert run(session, "SELECT datname FROM pg_database WHERE datname LIKE %s", f"{PREFIX}%") == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plans/p"], "--schema: say what the plan was made for"),
        (["plans/p", "--schema", "other.sql"], "public.users there is not as it was when the plan was made"),
        (["plans/p", "--schema", "shop.sql", "--last", "2"], "--last is for migrations"),
        (["shop.sql", "--old", "old.sql"], "--old, --new, --sample and --before are for a plan"),
        (["no_such_folder"], "no_such_folder"),
    ],
)
def test_bad_input_is_one_sentence(database: Database, shop: Path, arguments: list[str], message: str) -> None:
    (shop / "other.sql").write_text(SHOP.replace("name text", "name varchar(9)"))
    major = str(database.major)
    command(
        "plan", "rename", "users.name", "full_name", "--schema", "shop.sql", "--out", "plans/p", "--pg-version", major
    )
    with pytest.raises(InputError, match=message):
        command("rehearse", *arguments, "--dsn", database.dsn)
