"""A throw-away PostgreSQL: found or started by itself, with databases that are gone when they have served."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from types import TracebackType

from migrasafe.postgres.connect import Connection, connect, database_of, in_database, run
from migrasafe.postgres.server.docker import DockerServer
from migrasafe.postgres.server.find import DSN_VARIABLE, KIND_VARIABLE, GivenServer, available_servers, choose_server
from migrasafe.postgres.server.running import RunningServer
from migrasafe.rehearse.sandbox.roles import RolesMade
from migrasafe.rehearse.sandbox.wanted import Wanted
from migrasafe.sql.quote import quote_ident
from migrasafe.target import DEFAULT

NAME = "migrasafe rehearse"
"""What its session calls itself."""
PREFIX = "migrasafe_rehearsal_"
FORCE_SINCE = 13
"""The first major version that drops a database with sessions in it."""


class Sandbox:
    """A server for rehearsals. As a context manager it is gone at the end, and so is every database made in it.

    A server that we started ends with this process too, however it ends. On a given one, databases that a killed
    rehearsal left behind are dropped by the next.
    """

    def __init__(self, server: RunningServer, warning: str = "") -> None:
        self._server = server
        self._numbers = count(1)
        self.warning = warning
        """What a reader of the results has to know of the server."""
        self.left: tuple[str, ...] = ()
        """What stays on a given server when the rehearsal is over, and why."""

    @property
    def major(self) -> int:
        return self._server.major

    @property
    def description(self) -> str:
        return self._server.description

    @contextmanager
    def database(self, *, like: str | None = None) -> Iterator[str]:
        """A DSN of a new database: empty, or a copy of one (named by its DSN) in which nobody is at work."""
        # Named after our session, so that others see whether somebody still needs it.
        name = f"{PREFIX}{self._session.info.backend_pid}_{next(self._numbers)}"
        template = "template0" if like is None else database_of(like)
        run(self._session, f"CREATE DATABASE {name} TEMPLATE {quote_ident(template)}")
        try:
            yield in_database(self._server.dsn, name)
        finally:
            _drop(self._session, name)

    def needs_role(self, name: str) -> None:
        """Make a role that a schema names, for as long as the sandbox lasts."""
        if not run(self._session, "SELECT FROM pg_catalog.pg_roles WHERE rolname = %s", name):
            run(self._session, f"CREATE ROLE {quote_ident(name)}")
            self._roles.named_in([name])

    def will_run(self, texts: Iterable[str]) -> None:
        """Told of SQL that is rehearsed here: roles that it names, and that were not there, are dropped at the end."""
        self._roles.named_in(texts)

    def __enter__(self) -> Sandbox:
        self._session = connect(self._server.dsn, application_name=NAME)
        for (left,) in run(self._session, LEFT_BEHIND):
            _drop(self._session, str(left))
        self._roles = RolesMade(self._session)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._server.stays:
            self.left = tuple(self._roles.drop())
        self._session.close()
        self._server.stop()


def open_sandbox(wanted: Wanted) -> Sandbox:
    """Start, or connect to, the server that is wanted; of another major version, where there is none, with a warning.

    Raises ServerError where there is no server at all, or none of the kind.
    """
    if wanted.image is not None:
        return _in_image(wanted.image, wanted.major)
    asked = {DSN_VARIABLE: wanted.dsn, KIND_VARIABLE: wanted.kind}
    servers = available_servers({name: value for name, value in asked.items() if value is not None})
    if wanted.dsn is not None:
        servers = {major: one for major, one in servers.items() if isinstance(one, GivenServer)}
    major = wanted.major
    if major is not None and major not in servers and servers:
        nearest = min(servers, key=lambda one: (abs(one - major), -one))
        server = servers[nearest]
        return Sandbox(
            server.start(),
            f"there is no PostgreSQL {major} here: PostgreSQL {nearest} was used, and what differs between them is not seen",
        )
    return Sandbox(choose_server(servers, major).start())


def _in_image(image: str, wanted: int | None) -> Sandbox:
    """A server in a container of somebody's own image, which says by its tag, or when it runs, which version it is."""
    server = DockerServer(major=wanted or DEFAULT, image=image).start()
    if wanted is None or server.major == wanted:
        return Sandbox(server)
    return Sandbox(server, f"{image} is PostgreSQL {server.major}, not {wanted}: what differs between them is not seen")


LEFT_BEHIND = f"""
SELECT datname FROM pg_catalog.pg_database
WHERE datname ~ '^{PREFIX}[0-9]+_'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity AS other
                  WHERE other.application_name = '{NAME}'
                    AND other.pid::text = split_part(substr(pg_database.datname, {len(PREFIX) + 1}), '_', 1))
"""


def _drop(session: Connection, name: str) -> None:
    if session.info.server_version // 10_000 >= FORCE_SINCE:
        run(session, f"DROP DATABASE IF EXISTS {quote_ident(name)} WITH (FORCE)")
        return
    run(
        session, "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname = %s", name
    )
    run(session, f"DROP DATABASE IF EXISTS {quote_ident(name)}")
