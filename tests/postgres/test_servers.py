"""The servers that tests and rehearsals run on are real, private, quick, and gone afterwards."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrasafe.errors import ServerError
from migrasafe.postgres.connect import connect, major_version, run
from migrasafe.postgres.server.find import GivenServer, available_servers, choose_server
from migrasafe.postgres.server.local import LocalServer
from migrasafe.postgres.server.unprivileged import cache_folder, copy_where_reachable, server_user

START_A_SERVER_AND_WAIT = """
import time
from migrasafe.postgres.server.local import LocalServer
from migrasafe.postgres.server.find import available_servers
server = next(one for one in available_servers({}).values() if isinstance(one, LocalServer)).start()
print(server.dsn, flush=True)
time.sleep(60)
"""


def a_local_server() -> LocalServer:
    return next(server for server in available_servers({}).values() if isinstance(server, LocalServer))


def socket_folder(dsn: str) -> Path:
    return Path(dict(part.split("=", 1) for part in dsn.split())["host"])


@pytest.fixture(params=[0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def is_gone(folder: Path, within_seconds: float = 60.0) -> bool:
    give_up_at = time.monotonic() + within_seconds
    while folder.exists() and time.monotonic() < give_up_at:
        time.sleep(0.05)
    return not folder.exists()


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder that every user can enter, with a path short enough for sockets; pytest's own are neither."""
    with tempfile.TemporaryDirectory(prefix="ms-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder).resolve()


def test_each_server_is_of_the_version_it_says(each_major, server):
    with connect(server.dsn) as session:
        assert major_version(session) == each_major == server.major


def test_a_database_is_fresh_and_sessions_share_it(database, session, second_session):
    run(session, "CREATE TABLE orders (id int)")
    assert run(second_session, "SELECT count(*) FROM orders") == [(0,)]
    assert run(second_session, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == [(1,)]
    assert database.execute("SELECT 1 WHERE 1 = %s", 1) == [(1,)]


@pytest.mark.postgres
def test_a_server_is_private_and_leaves_nothing_behind():
    with a_local_server().start() as running:
        folder = socket_folder(running.dsn)
        postmaster = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        assert "/dev/shm/PostgreSQL." not in Path(f"/proc/{postmaster}/maps").read_text()
        assert folder.stat().st_mode & 0o077 == 0
        with connect(running.dsn) as session:
            assert run(session, "SHOW listen_addresses") == [("",)]
    assert not folder.exists()


@pytest.mark.postgres
def test_a_second_start_is_quick_because_it_needs_no_initdb():
    def templates() -> dict[Path, float]:
        folder = cache_folder(server_user()) / "templates"
        # Those of other versions may be under way at this moment.
        ours = (template for template in folder.glob(f"{server.binaries.version}-*") if template.is_dir())
        return {template: template.stat().st_ctime for template in ours}

    server = a_local_server()
    server.start().stop()
    made = templates()
    assert made
    server.start().stop()
    assert templates() == made


@pytest.mark.postgres
@pytest.mark.usefixtures("umask")
def test_a_server_starts_from_an_empty_cache(short_folder, monkeypatch):
    server = a_local_server()
    monkeypatch.setenv("XDG_CACHE_HOME", str(short_folder / "home" / "cache"))
    with server.start() as running, connect(running.dsn) as session:
        assert run(session, "SELECT 1") == [(1,)]


@pytest.mark.postgres
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_a_server_ends_when_its_owner_is_ended(how):
    with subprocess.Popen(
        [sys.executable, "-c", START_A_SERVER_AND_WAIT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as owner:
        assert owner.stdout is not None
        dsn = owner.stdout.readline()
        connect(dsn).close()
        owner.send_signal(how)
    assert is_gone(socket_folder(dsn))
    with pytest.raises(ServerError, match="cannot connect"):
        connect(dsn)


@pytest.mark.postgres
def test_settings_reach_the_server():
    with (
        LocalServer(binaries=a_local_server().binaries, settings={"wal_level": "logical"}).start() as running,
        connect(running.dsn) as session,
    ):
        assert run(session, "SHOW wal_level") == [("logical",)]


@pytest.mark.postgres
def test_a_server_that_does_not_start_says_why_and_leaves_nothing_behind(short_folder, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(short_folder))
    broken = LocalServer(binaries=a_local_server().binaries, settings={"shared_buffers": "many"})
    with pytest.raises(ServerError, match=r"did not start: .*shared_buffers.*many"):
        broken.start()
    assert list(short_folder.iterdir()) == []


@pytest.mark.postgres
def test_the_given_server_comes_first(server):
    servers = available_servers({"MIGRASAFE_TEST_DSN": server.dsn})
    assert isinstance(servers[server.major], GivenServer)
    assert server.dsn not in servers[server.major].describe()


def test_a_missing_major_is_one_sentence_that_says_what_there_is():
    servers = {15: GivenServer(dsn="", major=15), 18: GivenServer(dsn="", major=18)}
    assert choose_server(servers).major == 15
    assert choose_server({16: servers[18], 18: servers[18]}).major == 18
    with pytest.raises(ServerError, match=r"No PostgreSQL 12 was found \(there is 15, 18\): install one"):
        choose_server(servers, 12)
    with pytest.raises(ServerError, match="No PostgreSQL server was found: install one"):
        choose_server({})


def test_an_unknown_kind_of_server_is_refused():
    with pytest.raises(ServerError, match="MIGRASAFE_TEST_SERVER=podman is not a kind of server"):
        available_servers({"MIGRASAFE_TEST_SERVER": "podman"})


def test_a_docker_that_does_not_answer_is_one_sentence():
    program = "from migrasafe.postgres.server.docker import DockerServer; DockerServer(major=15).start()"
    environment = {**os.environ, "DOCKER_HOST": "unix:///nowhere/docker.sock"}
    # In a process of its own: Docker's client leaves a socket open when it cannot connect.
    failed = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert re.search(r"^migrasafe.errors.ServerError: Docker could not start postgres:15: .+\n\Z", failed.stderr, re.M)


def test_a_dsn_that_leads_nowhere_is_one_sentence_without_its_password():
    with pytest.raises(ServerError, match="cannot connect to /nowhere, database shop") as raised:
        connect("host=/nowhere dbname=shop password=secret")
    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)
    with pytest.raises(ServerError, match="its connection string cannot be read"):
        connect("not a dsn")


def test_root_hands_servers_to_somebody_else():
    user = server_user()
    assert user.uid != 0
    assert user.is_other == (os.geteuid() == 0)


@pytest.mark.usefixtures("umask")
def test_programs_that_the_server_user_cannot_reach_are_copied_to_where_it_can(short_folder, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(short_folder / "cache"))
    private = short_folder / "home"
    (private / "pg" / "bin").mkdir(parents=True)
    (private / "pg" / "bin" / "postgres").write_text("a program")
    private.chmod(0o700)
    user = server_user()
    reachable = copy_where_reachable(private / "pg", user)
    assert user.reaches(reachable / "bin" / "postgres")
    assert (reachable / "bin" / "postgres").read_text() == "a program"
    assert (reachable / "bin" / "postgres").stat().st_mode & 0o044 == 0o044 or not user.is_other
    assert copy_where_reachable(private / "pg", user) == reachable
    (short_folder / "link").symlink_to(reachable)
    assert copy_where_reachable(short_folder / "link", user) == reachable
