"""A scratch database on a real server: made, run on, dropped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import Engine

from migrasafe.migrations.alembic.runner.dialect import RecordingDialect, driver_of, engine_of
from migrasafe.migrations.alembic.runner.literals import quoted
from migrasafe.migrations.alembic.runner.recorder import Recorder

_DRIVER_URL = "postgresql+psycopg://"
LOCK_TIMEOUT_MS = 30_000
_DOMAIN = "DO $$ BEGIN CREATE DOMAIN {name} AS text; EXCEPTION WHEN duplicate_object THEN NULL; END $$"


class LiveDialect(RecordingDialect):
    """With a server: whatever it answers."""

    supports_statement_cache = True

    def send(self, cursor: Any, sql: str, context: Any) -> None:
        for name in self.recorder.take_unknown_types():
            # The server must know a type that is not installed here: anything can be assigned to text.
            cursor.execute(_DOMAIN.format(name=name))
        cursor.execute(sql)


class ScratchDatabase:
    """A database of a name that nobody else uses, on the server of a dsn."""

    def __init__(self, dsn: str, name: str) -> None:
        self._dsn = dsn
        self._name = name
        self._driver = driver_of(_DRIVER_URL)

    def create(self) -> None:
        """Create it, unless a process before this one did. Raises the driver's error."""
        with self._server() as session:
            there = session.execute(f"SELECT 1 FROM pg_database WHERE datname = {quoted(self._name)}").fetchone()
            if there is None:
                # template0: what an administrator added to template1 is not part of the history.
                session.execute(f'CREATE DATABASE "{self._name}" TEMPLATE template0')

    def drop(self) -> None:
        """Drop it, whoever is still connected. Raises the driver's error."""
        with self._server() as session:
            session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                f" WHERE datname = {quoted(self._name)} AND pid <> pg_backend_pid()"
            )
            session.execute(f'DROP DATABASE IF EXISTS "{self._name}"')

    def engine(self, recorder: Recorder) -> Engine:
        """An engine on it."""
        connect = self._connector()
        with connect() as session:
            version = divmod(session.info.server_version, 10_000)
        return engine_of(LiveDialect(recorder, version, dbapi=self._driver), connect)

    def _server(self) -> Any:
        return self._driver.connect(self._dsn, autocommit=True, connect_timeout=10, application_name="migrasafe")

    def _connector(self) -> Callable[[], Any]:
        def connect() -> Any:
            session = self._driver.connect(
                self._dsn,
                dbname=self._name,
                connect_timeout=10,
                application_name="migrasafe",
                # A revision changes types that it has queried before: a prepared statement would not survive that.
                prepare_threshold=None,
            )
            session.autocommit = True
            # A second session of a revision that waits for its first one would wait forever.
            session.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
            session.autocommit = False
            return session

        return connect
