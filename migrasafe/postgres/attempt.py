"""Sends SQL that the server may refuse, where the refusal is an answer like any other."""

from __future__ import annotations

import re

import psycopg

from migrasafe.postgres.connect import Connection, run
from migrasafe.postgres.watch.observed import SqlState

_NO_SUCH_ROLE = re.compile(r'role "(.+)" does not exist')
_NO_SUCH_SCHEMA = re.compile(r'schema "(.+)" does not exist')


def attempt(connection: Connection, sql: str, *parameters: object) -> SqlState | None:
    """Run it, and say why the server refused, None where it did not."""
    try:
        run(connection, sql, *parameters)
    except psycopg.Error as error:
        return sql_state(error)
    return None


def ask(connection: Connection, sql: str, *parameters: object) -> list[tuple[object, ...]] | SqlState:
    """Its rows, or why the server refused."""
    try:
        return run(connection, sql, *parameters)
    except psycopg.Error as error:
        return sql_state(error)


def sql_state(error: psycopg.Error) -> SqlState:
    """The server's code and words; those of the driver, without a code, where the connection is gone."""
    said = error.diag
    return SqlState(
        code=error.sqlstate or "",
        message=said.message_primary or " ".join(str(error).split()),
        constraint=said.constraint_name or "",
    )


def missing_role(refused: SqlState) -> str | None:
    """The role whose absence the server gives as the reason."""
    found = _NO_SUCH_ROLE.search(refused.message)
    return found[1] if found is not None else None


def missing_schema(refused: SqlState) -> str | None:
    """Likewise the schema."""
    found = _NO_SUCH_SCHEMA.search(refused.message) if refused.code == "3F000" else None
    return found[1] if found is not None else None
