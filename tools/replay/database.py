"""A database of a replay's own on a throw-away server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from migrasafe.postgres.connect import connect, in_database
from migrasafe.postgres.server.running import RunningServer


@contextmanager
def replay_database(server: RunningServer, name: str = "migrasafe_replay") -> Iterator[str]:
    """The DSN of a new database, whose tables belong to nobody that a migration names."""
    named = sql.Identifier(name)
    before = ("DROP DATABASE IF EXISTS {}", "DROP ROLE IF EXISTS {}", "CREATE ROLE {} SUPERUSER", "CREATE DATABASE {}")
    settings = (
        "ALTER DATABASE {0} SET role = {0}",
        # Without a SET of the migration, lint assumes that the session's time zone may be another than UTC.
        "ALTER DATABASE {0} SET timezone = 'Europe/Berlin'",
    )
    with connect(server.dsn) as session:
        for statement in (*before, *settings):
            session.execute(sql.SQL(statement).format(named))
        yield in_database(server.dsn, name)
        for statement in ("DROP DATABASE {}", "DROP ROLE {}"):
            session.execute(sql.SQL(statement).format(named))
