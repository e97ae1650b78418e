"""Passwords that libpq finds by itself, in PGPASSFILE, PGPASSWORD or a service file: they stand in nothing that migrasafe prints,
writes, keeps in the database, or gives to a program as an argument."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.in_process import migrasafe
from tests.postgres.servers import Database
from tests.postgres.test_no_passwords import COMMANDS, SECRET, TABLE, everything_kept, project, run_all, written

__all__ = ["project"]  # a fixture
STARTED: list[str] = []
"""The words of every program that was started."""


def _seen(event: str, arguments: tuple[object, ...]) -> None:
    if event == "subprocess.Popen":
        STARTED.append(str(arguments[:2]))


sys.addaudithook(_seen)


@pytest.fixture
def started() -> Iterator[list[str]]:
    STARTED.clear()
    yield STARTED
    STARTED.clear()


def service_file(folder: Path, *lines: str) -> Path:
    path = folder / "pg_service.conf"
    path.write_text("\n".join(("# ours", "[shop]", *lines)) + "\n")
    path.chmod(0o600)
    return path


def of_server(database: Database) -> list[str]:
    return [f"{name}={value}" for name, value in conninfo_to_dict(database.dsn).items()]


@pytest.mark.majors(15)
@pytest.mark.parametrize("way", ["service", "password file", "environment"])
def test_what_succeeds_shows_no_password(
    way: str, database: Database, project: Path, tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch, started: list[str],
) -> None:  # fmt: skip
    database.execute(TABLE)
    outside, dsn = tmp_path_factory.mktemp("outside"), database.dsn
    if way == "service":
        dsn = "service=shop"
        path = service_file(outside, *of_server(database), f"password={SECRET}", f"sslpassword={SECRET}")
        monkeypatch.setenv("PGSERVICEFILE", str(path))
    elif way == "password file":
        (outside / "pgpass").write_text(f"*:*:*:*:{SECRET}\n")
        (outside / "pgpass").chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(outside / "pgpass"))
    else:
        monkeypatch.setenv("PGPASSWORD", SECRET)
    ended = {}
    for name, ran in run_all(project, dsn):
        assert SECRET not in ran.stdout + ran.stderr, name
        ended[name] = ran.returncode
    assert len(ended) == len(COMMANDS) + 2
    assert {name for name, status in ended.items() if status == 2} == {"statistics text", "set text"}
    assert [path for path, text in written(project).items() if SECRET in text] == []
    assert SECRET not in everything_kept(database)
    assert any("pg_dump" in one for one in started)
    assert [one for one in started if SECRET in one] == []


@pytest.mark.majors(15)
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PGCLIENTENCODING", "SQL_ASCII"),
        ("PGCLIENTENCODING", "LATIN1"),
        ("PGDATESTYLE", "German,DMY"),
        ("PGOPTIONS", "-c datestyle=SQL,DMY -c intervalstyle=iso_8601 -c bytea_output=escape -c extra_float_digits=0"),
    ],
)
def test_variables_of_libpq_change_no_answer(
    variable: str, value: str, database: Database, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.execute(f"{TABLE}; COMMENT ON TABLE orders IS 'ж'; CREATE TABLE \"naïve ж\" (id int)")
    monkeypatch.setenv(variable, value)
    for name, ran in run_all(project, database.dsn):
        assert ran.returncode == 2 if name in ("statistics text", "set text") else ran.returncode in (0, 1), (name, ran)


@pytest.mark.majors(15)
@pytest.mark.parametrize(
    "lines",
    [
        ["hostaddr=192.0.2.1"],
        ["port=1", "password=x", "options=-c search_path=nowhere", "target_session_attrs=standby"],
    ],
)
def test_a_server_of_ours_is_not_mistaken_for_one_of_the_environment(
    lines: list[str], project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSERVICEFILE", str(service_file(tmp_path_factory.mktemp("outside"), *lines)))
    monkeypatch.setenv("PGSERVICE", "shop")
    (project / "schema.sql").write_text("CREATE TABLE orders (id bigint PRIMARY KEY, email text);\n")
    ran = migrasafe(project, "rehearse", "db", "--schema", "schema.sql", "--pg-version", "15", "--rows", "10")
    assert "1 migration: 1 statement ran" in ran.stdout, ran
    monkeypatch.setenv("PGSERVICE", "nowhere")
    ran = migrasafe(project, "rehearse", "db", "--schema", "schema.sql", "--pg-version", "15", "--rows", "10")
    assert ran.returncode == 2
    assert 'runs and is not reached: connection is bad: definition of service "nowhere" not found' in ran.stderr


@pytest.mark.parametrize(
    "said",
    [
        f"[other]\npassword={SECRET}",
        f"[shop]\npassword {SECRET}",
        f"[shop]\npasswort={SECRET}",
        f"[shop]\nhost=127.0.0.1:password={SECRET}",
        f"[shop]\nhost=127.0.0.1\nport=password={SECRET}",
        f"[shop]\nhost=postgresql://me:{SECRET}@127.0.0.1:1/shop",
        f"[shop]\npassword={SECRET * 300}",
        f"[shop]\nldap://me:{SECRET}@127.0.0.1:1/dc=x?desc?one?(cn=x)",
    ],
    ids=["another", "no sign", "no key", "in the host", "in the port", "a URL", "too long", "LDAP"],
)
def test_what_is_wrong_in_a_service_file_shows_no_password(
    said: str, project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path_factory.mktemp("outside") / "pg_service.conf"
    path.write_text(f"{said}\n")
    monkeypatch.setenv("PGSERVICEFILE", str(path))
    for name, ran in run_all(project, "service=shop"):
        assert SECRET not in ran.stdout + ran.stderr, name
        assert ran.returncode == 2 or name.startswith("config"), (name, ran)
    assert "cannot connect to the service shop: " in migrasafe(project, "lint", "db", "--schema", "service=shop").stderr
