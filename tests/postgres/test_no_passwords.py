"""Whatever is run, and however it ends: a password stands in nothing that is printed, written or kept in the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from migrasafe import cli
from migrasafe.errors import ServerError
from migrasafe.postgres.for_programs import for_programs
from migrasafe.postgres.psql import Psql
from migrasafe.rehearse.sandbox.ground import dump_of
from tests.in_process import Ran, migrasafe
from tests.postgres.servers import Database

SECRET = "hunter2Zq9"
TABLE = "CREATE TABLE orders (id bigint PRIMARY KEY, email text, total numeric); INSERT INTO orders VALUES (1), (2)"
COMMANDS = {
    "lint": "lint db --schema {dsn} --format {format}",
    "config of lint": "lint db --schema {dsn} --explain-config",
    "config": "lint --explain-config",
    "compat": "compat db --schema {dsn} --old app --new app",
    "statistics": "compat db --old {dsn} --new app",
    "plan": "plan --schema {dsn} --dsn {dsn} --out plans/{format} db/1.sql",
    "status": "plan --status plans/text --dsn {dsn}",
    "gate": "gate plans/text contract --dsn {dsn}",
    "rehearse": "rehearse plans/text --schema {dsn} --dsn {dsn} --rows 20",
    "init": "backfill init --dsn {dsn}",
    "estimate": "backfill estimate --dsn {dsn} --table orders --set total=1 --format json",
    "run": "backfill run --dsn {dsn} --table orders --set total=1 --name {format} --log-format json",
    "verify": "backfill verify {format} --dsn {dsn}",
    "list": "backfill list --dsn {dsn}",
    "watched": "backfill status {format} --dsn {dsn} --format json",
    "set": "backfill set {format} replica_dsn.far=postgresql://me:hunter2Zq9@far/shop --dsn {dsn}",
    "report": "backfill report {format} --dsn {dsn} --output {format}.html",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "1.sql").write_text("ALTER TABLE orders ALTER COLUMN email SET NOT NULL;\n")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "queries.sql").write_text("SELECT id, email FROM orders;\n")
    return tmp_path


def run_all(project: Path, dsn: str) -> Iterator[tuple[str, Ran]]:
    (project / "migrasafe.toml").write_text(f'paths = ["db"]\nschema = "{dsn}"\n')
    for name, command in COMMANDS.items():
        for format in ("text", "json", "html") if "{format}" in command and name == "lint" else ("text",):
            arguments = [word.format(dsn=dsn, format=format) for word in command.split()]
            yield f"{name} {format}", migrasafe(project, *arguments)
    (project / "migrasafe.toml").unlink()


def written(project: Path) -> dict[str, str]:
    return {str(path): path.read_text(errors="replace") for path in project.rglob("*") if path.is_file()}


def everything_kept(database: Database) -> str:
    tables = database.execute(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'migrasafe'"
    )
    rows = [database.execute(f"SELECT t::text FROM {table} t") for (table,) in tables]
    return f"{rows} {database.execute('SELECT application_name FROM pg_stat_activity')}"


@pytest.mark.majors(15)
def test_what_succeeds_shows_no_password(database: Database, project: Path) -> None:
    database.execute(TABLE)
    parts = conninfo_to_dict(database.dsn)
    host = str(parts.pop("host"))
    url = f"postgresql://{parts['user']}:{SECRET}@/{parts['dbname']}?host={host}&port={parts.get('port', 5432)}"
    ended = {name: ran.returncode for name, ran in run_all(project, url) if SECRET not in ran.stdout + ran.stderr}
    assert ended.keys() >= {"lint text", "lint json", "config text", "report text"}
    assert len(ended) == len(COMMANDS) + 2
    assert {name for name, status in ended.items() if status == 2} == {"statistics text", "set text"}
    assert [path for path, text in written(project).items() if SECRET in text] == []
    assert any(path.endswith("plan.json") for path in written(project))
    kept = everything_kept(database)
    assert "orders" in kept
    assert SECRET not in kept


@pytest.mark.parametrize(
    "dsn",
    [
        f"postgresql://ann:{SECRET}@127.0.0.1:1/shop?connect_timeout=2",
        f"postgresql://ann:p/{SECRET}@127.0.0.1:1/shop",
        f"postgresql://ann:p@{SECRET}@127.0.0.1:1/shop",
        f"postgresql://ann:%zz{SECRET}@127.0.0.1:1/shop",
        f"postgresql://ann@127.0.0.1:1/shop?password={SECRET}&nonsense=1",
        f"host=127.0.0.1:port=1:password={SECRET}",
        f"host=127.0.0.1,port=1,password={SECRET}",
    ],
)
def test_what_fails_shows_no_password(dsn: str, project: Path) -> None:
    for name, ran in run_all(project, dsn):
        assert SECRET not in ran.stdout + ran.stderr, name
        assert ran.returncode == 2 or name.startswith("config"), name
        assert "bug" not in ran.stderr, name
    assert [path for path, text in written(project).items() if SECRET in text] == []


def test_a_password_that_a_server_refuses_is_not_shown(database: Database, project: Path) -> None:
    refused = make_conninfo(database.dsn, user="nobody", password=SECRET)
    for name, ran in run_all(project, refused):
        assert ran.returncode == 2 or name.startswith("config"), name
        assert SECRET not in ran.stdout + ran.stderr, name
        assert "bug" not in ran.stderr, name
    assert "nobody" in migrasafe(project, "lint", "db", "--schema", refused).stderr
    assert [path for path, text in written(project).items() if SECRET in text] == []


def test_the_stack_of_a_bug_of_ours_shows_no_password(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(words: object) -> int:
        raise RuntimeError(f"cannot make sense of postgresql://ann:{SECRET}@db/shop and password='{SECRET}'")

    monkeypatch.setattr(cli, "_run", breaks)
    for debug in ("", "1"):
        monkeypatch.setenv("MIGRASAFE_DEBUG", debug)
        ran = migrasafe(project, "lint", "db")
        assert (ran.returncode, SECRET in ran.stdout + ran.stderr) == (3, False)
        assert "cannot make sense of postgresql://ann:***@db/shop" in ran.stderr
        assert ("Traceback" in ran.stderr) == bool(debug)


WATCHING = """#!/bin/sh
cp "$PGSERVICEFILE" secrets
stat -c %a "$PGSERVICEFILE" > mode
echo "$PGPASSWORD" > password
echo "$PGSERVICEFILE" > place
for word in "$@"; do echo "$word"; done > arguments
"""


def test_what_is_secret_is_not_among_the_arguments_of_psql(tmp_path: Path) -> None:
    program, file = tmp_path / "psql", tmp_path / "1.sql"
    program.write_text(WATCHING)
    program.chmod(0o755)
    ran = Psql(program=str(program), version="17.5").run(
        f"host=db password={SECRET}1 sslpassword={SECRET}2 oauth_client_secret={SECRET}3", file
    )
    assert ran.error == ""
    seen = {
        name: (tmp_path / name).read_text().strip() for name in ("secrets", "mode", "password", "place", "arguments")
    }
    assert SECRET not in seen["arguments"]
    assert seen["arguments"].splitlines()[-3] == "service=migrasafe host=db"
    assert seen["password"] == f"{SECRET}1"
    assert seen["secrets"] == f"[migrasafe]\nsslpassword={SECRET}2\noauth_client_secret={SECRET}3"
    assert seen["mode"] == "600"
    assert not Path(seen["place"]).exists()


def test_libpqs_programs_find_what_is_secret(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    database.execute("CREATE TABLE orders (id int)")
    assert "CREATE TABLE public.orders" in dump_of(f"{database.dsn} password=x sslpassword=y")
    monkeypatch.setenv("PGSERVICE", "shop")
    with pytest.raises(ServerError, match="sslpassword beside a service"), for_programs("sslpassword=y"):
        pass
