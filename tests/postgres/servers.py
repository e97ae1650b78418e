"""Pytest plugin: real PostgreSQL servers, one per major version for a whole run, and a fresh database per test."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from migrasafe.errors import ServerError
from migrasafe.postgres.connect import Connection, connect, run
from migrasafe.postgres.server.docker import DockerServer
from migrasafe.postgres.server.file_lock import hold, locked
from migrasafe.postgres.server.find import GivenServer, Server, available_servers, choose_server
from migrasafe.postgres.server.local import LocalServer
from migrasafe.postgres.server.running import RunningServer
from migrasafe.target import NEWEST, OLDEST

SERVERS = pytest.StashKey[dict[int, Server]]()
RUN_FOLDER = pytest.StashKey[Path]()
LIFELINE = pytest.StashKey[int]()
MEMORY = Path("/dev/shm")
ENOUGH_MEMORY_BYTES = 4 * 2**30
"""Seven servers with a few fresh databases each need a quarter of it."""
SERVER_FIXTURES = {"each_major", "server", "database", "session", "second_session"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A fresh database on a real server."""

    dsn: str
    major: int
    sessions: ExitStack = field(repr=False)

    def connect(self) -> Connection:
        """Open a session in autocommit mode; it is closed at the end of the test at the latest."""
        return self.sessions.enter_context(connect(self.dsn, application_name="migrasafe-tests"))

    def execute(self, sql: str, *parameters: object) -> list[tuple[object, ...]]:
        """Send SQL in a session of its own and return the rows."""
        with self.connect() as session:
            return run(session, sql, *parameters)


def pgbouncer() -> str | None:
    """Where the program is; None where it is not installed."""
    return shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--majors", default="", help="PostgreSQL major versions to test on, such as 12,18 (default: all)")


def pytest_configure(config: pytest.Config) -> None:
    """Find the servers; the process that the user started makes the folder whose lock keeps them alive."""
    config.addinivalue_line("markers", "majors(…): the test takes long, so it runs on these major versions only")
    config.addinivalue_line(
        "markers", "docker: the test needs a Docker engine; it runs with MIGRASAFE_TEST_SERVER=docker"
    )
    config.addinivalue_line("markers", "pooler: the test needs PgBouncer, and runs where that is installed")
    config.addinivalue_line("markers", "since(major): the test is about this major version of PostgreSQL and newer")
    try:
        found = available_servers()
        majors = [int(major) for major in config.getoption("--majors").split(",") if major]
        config.stash[SERVERS] = {major: choose_server(found, major) for major in majors} or found
    except (ServerError, ValueError) as error:
        raise pytest.UsageError(str(error)) from error
    if hasattr(config, "workerinput"):
        config.stash[RUN_FOLDER] = Path(config.workerinput["migrasafe_run_folder"])
        return
    config.stash[RUN_FOLDER] = Path(tempfile.mkdtemp(prefix="migrasafe-tests-"))
    config.stash[LIFELINE] = hold(config.stash[RUN_FOLDER] / "lifeline")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:  # type: ignore[no-untyped-def]  # xdist's class exists only where xdist is
    node.workerinput["migrasafe_run_folder"] = str(node.config.stash[RUN_FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    if LIFELINE in config.stash:
        os.close(config.stash[LIFELINE])
        shutil.rmtree(config.stash[RUN_FOLDER], ignore_errors=True)


def pytest_report_header(config: pytest.Config) -> list[str]:
    servers = config.stash[SERVERS]
    lines = ["postgres: " + (", ".join(server.describe() for server in servers.values()) or "no server was found")]
    missing = [str(major) for major in range(OLDEST, NEWEST + 1) if major not in servers]
    if missing:
        how = "left out by --majors" if config.getoption("--majors") else "`make servers` fetches them"
        lines.append(f"postgres: not tested: {', '.join(missing)} ({how})")
    if pgbouncer() is None:
        lines.append("postgres: not tested: a pooler (apt install pgbouncer)")
    return lines


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "each_major" in metafunc.fixturenames:
        since = metafunc.definition.get_closest_marker("since")
        oldest = since.args[0] if since else OLDEST
        majors = [major for major in metafunc.config.stash[SERVERS] if major >= oldest]
        few = metafunc.definition.get_closest_marker("majors")
        if few and not metafunc.config.getoption("--majors"):
            majors = [major for major in majors if major in few.args] or majors[-1:]
        metafunc.parametrize("each_major", majors or [None], ids=lambda major: f"pg{major}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark every test that needs a server, before -m selects by mark, and leave out those without a server to run on.

    With no server at all they stay, and fail with a sentence that says how to get one.
    """
    for item in items:
        if SERVER_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.postgres)
    without = [item for item in items if _has_no_server(item)] if config.stash[SERVERS] else []
    if not any(isinstance(one, DockerServer) for one in config.stash[SERVERS].values()):
        without += [item for item in items if item.get_closest_marker("docker")]
    if pgbouncer() is None:
        without += [item for item in items if item.get_closest_marker("pooler")]
    config.hook.pytest_deselected(items=without)
    items[:] = [item for item in items if item not in without]


def _has_no_server(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    return callspec is not None and callspec.params.get("each_major", 0) is None


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[RunningServer]:
    """A server of the usual major version, or of the one that `each_major` says."""
    servers = request.config.stash[SERVERS]
    if "each_major" in request.fixturenames:
        chosen = choose_server(servers, request.getfixturevalue("each_major"))
    else:
        given = [one for one in servers.values() if isinstance(one, GivenServer)]
        chosen = given[0] if given else choose_server(servers)
    if isinstance(chosen, LocalServer):
        yield _shared(chosen, request.config.stash[RUN_FOLDER])
    elif isinstance(chosen, GivenServer):
        yield chosen.start()
    else:
        yield _kept_for_this_process(chosen, request)


@pytest.fixture
def database(server: RunningServer) -> Iterator[Database]:
    """A fresh, empty database, dropped after the test."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    # The other strategy, which 15 brought, writes the whole template to the log.
    strategy = "STRATEGY file_copy" if server.major >= 15 else ""
    with connect(server.dsn) as admin:
        run(admin, f"CREATE DATABASE {name} TEMPLATE template0 {strategy}")
    with ExitStack() as sessions:
        yield Database(dsn=make_conninfo(server.dsn, dbname=name), major=server.major, sessions=sessions)
    with connect(server.dsn) as admin:
        drop_database(admin, name)


def drop_database(admin: Connection, name: str) -> None:
    """Drop a database, whoever is connected; the server itself waits five seconds for those that are told to end."""
    for tries_left in reversed(range(6)):
        run(admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", name)
        try:
            run(admin, f"DROP DATABASE {name}")
            return
        except psycopg.errors.ObjectInUse:
            if not tries_left:
                raise


@pytest.fixture
def session(database: Database) -> Connection:
    """A session in the test's database, in autocommit mode."""
    return database.connect()


@pytest.fixture
def second_session(database: Database) -> Connection:
    """Another session in the test's database, in autocommit mode."""
    return database.connect()


def _shared(chosen: LocalServer, run_folder: Path) -> RunningServer:
    """Start the server unless another worker has, and return where it is."""
    address = run_folder / f"{chosen.major}.json"
    with locked(run_folder / f"{chosen.major}.lock"):
        if not address.exists():
            started = replace(chosen, parent=_memory()).start(lifeline=run_folder / "lifeline")
            address.write_text(json.dumps({"dsn": started.dsn}), encoding="utf-8")
    dsn = json.loads(address.read_text(encoding="utf-8"))["dsn"]
    return RunningServer(dsn=dsn, major=chosen.major, description=chosen.describe(), stop=lambda: None)


def _memory() -> Path | None:
    """Return a folder in memory, where a fresh database takes a tenth of the time, if there is plenty."""
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ENOUGH_MEMORY_BYTES:
        return None
    return MEMORY


CONTAINERS = pytest.StashKey[dict[int, RunningServer]]()


def _kept_for_this_process(chosen: Server, request: pytest.FixtureRequest) -> RunningServer:
    """Start a container once per worker, and stop it when the worker's run ends."""
    started = request.config.stash.setdefault(CONTAINERS, {})
    if chosen.major not in started:
        started[chosen.major] = chosen.start()
        request.session.addfinalizer(started[chosen.major].stop)
    return started[chosen.major]
