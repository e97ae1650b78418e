"""What tells that nobody says the old names any more, reads among it; and how much may differ before anybody is worried."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from migrasafe.cli.commands import cli
from migrasafe.errors import InputError
from migrasafe.plan.changes.model import NoPlanError
from migrasafe.postgres.server.find import available_servers
from migrasafe.postgres.server.local import LocalServer
from tests.postgres.plans.rollout import program
from tests.postgres.servers import Database

SETUP = """
CREATE TABLE users (id bigserial PRIMARY KEY, name text NOT NULL, nick text);
INSERT INTO users (name) SELECT 'user ' || n FROM generate_series(1, 1000) n;
"""


def ask(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words], standalone_mode=False)


def psql(dsn: str, file: Path) -> None:
    import subprocess

    command = [program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-f", str(file)]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def counting() -> Iterator[str]:
    """The DSN of a server that counts statements."""
    servers = [one for one in available_servers().values() if isinstance(one, LocalServer)]
    for server in servers:
        shared = Path(f"/usr/share/postgresql/{server.major}/extension")
        if list(server.binaries.root.rglob("pg_stat_statements.control")) or shared.is_dir():
            break
    running = LocalServer(binaries=server.binaries, settings={"shared_preload_libraries": "pg_stat_statements"}).start()
    try:
        with psycopg.connect(running.dsn, autocommit=True) as session:
            session.execute("CREATE EXTENSION pg_stat_statements")
            session.execute(SETUP)
        yield running.dsn
    finally:
        running.stop()


@pytest.mark.postgres
def test_a_gate_holds_once_statements_with_the_old_name_have_stood_still(counting: str, tmp_path: Path) -> None:
    folder = tmp_path / "plan"
    said = ("--count-old-statements", "1s", "--way", "view")
    planned = ask("plan", "rename", "users.name", "full_name", "--schema", counting, "--out", folder, *said)
    assert planned.exception is None, planned.exception
    psql(counting, folder / "10_expand.sql")
    psql(counting, folder / "10_expand.sql")

    def gate() -> Result:
        return ask("gate", folder, "contract", "--dsn", counting, "--confirm", "old-version-gone")

    with psycopg.connect(counting, autocommit=True) as old:
        for _ in range(3):
            old.execute("SELECT name FROM users WHERE id = 1")
        first = gate()
        assert first.return_value == 1, first.output
        assert "Has no statement run for 1.0 s that says users.name?" in first.output
        assert " calls so far]" in first.output
        old.execute("SELECT name FROM users WHERE id = 2")
        time.sleep(1.2)
        assert gate().return_value == 1  # one more call than the last time
        old.execute("SELECT full_name, nick FROM users WHERE id = 1")  # the new version hurts nobody
        time.sleep(1.2)
        last = gate()
    assert last.return_value == 0, last.output
    assert "[silent]" in last.output
    psql(counting, folder / "60_contract.sql")


def test_some_rows_may_differ_where_a_person_says_so(database: Database, tmp_path: Path) -> None:
    database.execute(SETUP)
    folder = tmp_path / "plan"
    planned = ask(
        "plan", "rename", "users.name", "full_name", "--schema", database.dsn, "--out", folder, "--tolerate", "1%"
    )
    assert planned.exception is None, planned.exception
    for name in ("10_expand.sql", "20_dual-write.sql"):
        psql(database.dsn, folder / name)

    def differs(rows: int) -> Result:
        database.execute("ALTER TABLE users DISABLE TRIGGER USER; UPDATE users SET full_name = name")
        database.execute(f"UPDATE users SET full_name = 'x' WHERE id <= {rows}; ALTER TABLE users ENABLE TRIGGER USER")
        return ask("gate", folder, "verify", "--dsn", database.dsn)

    assert "[few enough]" in differs(10).output
    assert differs(0).return_value == 0
    many = differs(11)
    assert many.return_value == 1
    assert "[11 of 1000 rows]" in many.output


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("type", "users.nick", "int", "--count-old-statements", "1h"), "no name goes with this change"),
        (("type", "users.nick", "int", "--count-old-writes", "1h"), "look alike to the database in this plan"),
        (("rename", "users.name", "x", "--way", "view", "--count-old-writes", "1h"), "--count-old-statements"),
        (("rename", "users.name", "x", "--tolerate", "5"), "--tolerate 5: say a part of the rows, such as 0.1%"),
        (("rename", "users.name", "x", "--tolerate", "x%"), "--tolerate x%: say a part of the rows"),
    ],
)
def test_what_cannot_be_counted_is_said(database: Database, tmp_path: Path, words: tuple[str, ...], why: str) -> None:
    database.execute(SETUP)
    refused = ask("plan", *words, "--schema", database.dsn, "--out", tmp_path / "plan")
    assert isinstance(refused.exception, InputError | NoPlanError)
    assert why in str(refused.exception)
