"""The sandbox: which server it is, and that nothing of it is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psycopg
import pytest

from migrasafe.postgres.connect import database_of
from migrasafe.postgres.server.find import available_servers
from migrasafe.rehearse.sandbox.server import LEFT_BEHIND, PREFIX, open_sandbox
from migrasafe.rehearse.sandbox.wanted import Wanted
from tests.in_process import migrasafe
from tests.postgres.clusters import eventually
from tests.postgres.servers import Database

pytestmark = pytest.mark.postgres

BUSY = """
import signal, sys, time
from migrasafe.rehearse.sandbox.server import open_sandbox
from migrasafe.rehearse.sandbox.wanted import Wanted
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background jobs are made to ignore
dsn, major = sys.argv[1] or None, int(sys.argv[2])
with open_sandbox(Wanted(dsn=dsn, major=major)) as sandbox, sandbox.database() as made:
    print(made, flush=True)
    time.sleep(600)
"""


def start(dsn: str, major: int) -> tuple[subprocess.Popen[str], str]:
    """A process with a sandbox open, and the DSN of the database in it."""
    command = [sys.executable, "-c", BUSY, dsn, str(major)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def folder_of(dsn: str) -> Path:
    return Path(psycopg.conninfo.conninfo_to_dict(dsn)["host"])


def test_a_database_on_a_given_server_goes_with_it(database: Database) -> None:
    with open_sandbox(Wanted(dsn=database.dsn)) as sandbox:
        with sandbox.database() as dsn:
            assert PREFIX in dsn
            psycopg.connect(dsn).close()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(dsn)


def test_what_a_killed_rehearsal_left_on_a_given_server_goes_with_the_next(database: Database) -> None:
    process, dsn = start(database.dsn, database.major)
    process.kill()
    process.communicate()
    name = database_of(dsn)
    there = "SELECT FROM pg_database WHERE datname = %s"
    # The server notices in its own time; and a rehearsal of another test may be the next.
    eventually(lambda: (name,) in database.execute(LEFT_BEHIND) or not database.execute(there, name), "it is left")
    with open_sandbox(Wanted(dsn=database.dsn)):
        pass
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn)


def test_another_rehearsal_under_way_is_let_alone(database: Database) -> None:
    with open_sandbox(Wanted(dsn=database.dsn)) as one, one.database() as dsn:
        with open_sandbox(Wanted(dsn=database.dsn)):
            pass
        psycopg.connect(dsn).close()


def test_roles_that_were_made_on_a_given_server_go_with_it_and_no_others(database: Database, tmp_path: Path) -> None:
    end = uuid.uuid4().hex[:8]
    database.execute(f"CREATE ROLE there_{end}")
    (tmp_path / "1.sql").write_text(
        f"""CREATE TABLE orders (id int PRIMARY KEY);
CREATE ROLE "Reader_{end}";
DO $$ BEGIN CREATE ROLE writer_{end} IN ROLE "Reader_{end}"; END $$;
GRANT SELECT ON orders TO "Reader_{end}", missing_{end}, there_{end};
""",
        encoding="utf-8",
    )
    try:
        ran = migrasafe(tmp_path, "rehearse", "1.sql", "--dsn", database.dsn)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        # Of roles that other tests make meanwhile it says so, rightly.
        assert [line for line in ran.stderr.splitlines() if end in line and "stays" in line] == []
        assert database.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE %s", f"%{end}") == [(f"there_{end}",)]
    finally:
        database.execute(f"DROP ROLE there_{end}")


def test_a_role_that_cannot_be_dropped_is_named(database: Database) -> None:
    role = f"keeper_{uuid.uuid4().hex[:8]}"
    with open_sandbox(Wanted(dsn=database.dsn)) as sandbox:
        sandbox.needs_role(role)
        database.execute(f"CREATE TABLE kept (); ALTER TABLE kept OWNER TO {role}; CREATE ROLE {role}_of_another")
    try:
        (left,) = sandbox.left
        assert left.startswith(f"the role {role}, which the rehearsal made, stays on the server: role")
        assert database.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", f"{role}_of_another") == [(1,)]
    finally:
        database.execute(f"DROP TABLE kept; DROP ROLE {role}, {role}_of_another")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_server_of_ours_leaves_nothing_behind(number: signal.Signals) -> None:
    major = min(available_servers({}))
    process, dsn = start("", major)
    folder = folder_of(dsn)
    assert folder.exists()
    os.kill(process.pid, number)
    process.communicate()
    eventually(lambda: not folder.exists(), f"{folder} goes")


def test_another_major_version_is_used_with_a_warning() -> None:
    servers = available_servers({})
    missing = next((major for major in range(12, 30) if major not in servers), None)
    assert missing is not None
    with open_sandbox(Wanted(major=missing)) as sandbox:
        assert sandbox.major in servers
        assert f"there is no PostgreSQL {missing} here" in sandbox.warning


@pytest.mark.soak
def test_two_hundred_starts_a_third_of_them_killed_leave_nothing_behind() -> None:
    folders = []
    majors = sorted(available_servers({}))
    for turn in range(200):
        process, dsn = start("", majors[turn % len(majors)])
        folders.append(folder_of(dsn))
        os.kill(process.pid, signal.SIGKILL if turn % 3 == 0 else signal.SIGINT)
        process.communicate()
    time.sleep(10)
    assert [folder for folder in folders if folder.exists()] == []
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert [folder for folder in folders if str(folder) in running] == []
