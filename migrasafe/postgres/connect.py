"""Opens connections to a PostgreSQL server, and turns what can go wrong there into one sentence."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from migrasafe.dsn import without_secrets
from migrasafe.errors import ServerError

Connection: TypeAlias = psycopg.Connection[TupleRow]

CONNECT_TIMEOUT_SECONDS = 10
_NONE: Mapping[str, str | int] = {}


def connect(
    dsn: str,
    *,
    database: str | None = None,
    application_name: str = "migrasafe",
    parameters: Mapping[str, str | int] = _NONE,
) -> Connection:
    """Open a session in autocommit mode: what is sent runs as it is sent, and transactions are begun in SQL.

    `dsn` is a URL or a `key=value` string as libpq takes it; `database` replaces the one it names,
    and `parameters` what it says of them. Statements are never
    prepared on the server, so that a session survives the type changes that it makes itself.
    Raises ServerError with one sentence, which never holds the password, when the server cannot be reached.
    """
    ours = {
        "application_name": application_name,
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "client_encoding": "UTF8",  # a PGCLIENTENCODING of the environment would have texts come as bytes
        **parameters,
    }
    if database is not None:
        ours["dbname"] = database
    try:
        return psycopg.connect(make_conninfo(dsn, **ours), autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        raise ServerError(f"cannot connect to {describe_dsn(dsn)}: {reason_of(error, dsn)}") from error


def reason_of(error: psycopg.Error, dsn: str) -> str:
    """What the driver says of a DSN, on one line, without what is secret in it: libpq quotes what it cannot read."""
    return without_secrets("; ".join(" ".join(line.split()) for line in str(error).splitlines() if line.strip()), dsn)


def describe_dsn(dsn: str) -> str:
    """Name the server and database of a dsn in words that can be shown: no password, no options."""
    try:
        parts = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        return "the server (its connection string cannot be read: give a URL such as postgresql://user@host/database)"
    service = parts.get("service") or os.environ.get("PGSERVICE")
    host = parts.get("host") or parts.get("hostaddr") or (f"the service {service}" if service else "the local socket")
    port = f":{parts['port']}" if parts.get("port") else ""
    database = f", database {parts['dbname']}" if parts.get("dbname") else ""
    return without_secrets(f"{host}{port}{database}", dsn)


def in_database(dsn: str, database: str) -> str:
    """The same server, another database."""
    return make_conninfo(dsn, dbname=database)


def database_of(dsn: str) -> str:
    """The name of the database that a DSN says."""
    return str(conninfo_to_dict(dsn).get("dbname") or "")


def major_version(connection: Connection) -> int:
    """Return the server's major version, such as 15."""
    return connection.info.server_version // 10_000


def run(connection: Connection, sql: str, *parameters: object) -> list[TupleRow]:
    """Send SQL and return the rows of its result, an empty list where it has none.

    `%s` in the text stands for a parameter only when parameters are given: SQL from a migration is sent as it is.
    """
    cursor = connection.execute(sql, parameters or None)
    return cursor.fetchall() if cursor.description is not None else []
