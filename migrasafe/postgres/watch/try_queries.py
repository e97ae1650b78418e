"""Whether a server takes a query: it is prepared, and run with some values, in a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import NamedTuple

import psycopg
from psycopg import sql as compose

from migrasafe.postgres.connect import Connection, run
from migrasafe.postgres.queries import query

_PREPARABLE = ("select", "insert", "update", "delete", "merge", "values", "with", "table", "(")
_OF_VALUES = ("22", "23", "P0", "21", "54", "55", "57")
"""Classes of errors that depend on the values and rows at hand …"""
_OF_THE_QUERY = ("22P02", "23502")
"""… and those of them that do not, as every value that we send is not null and of its type."""
_NOT_TRIED = ("42P18", "42P08", "0A000")
"""The type of a parameter, which the driver would say, is not known here; or the server cannot prepare such a thing."""


class Outcome(Enum):
    TAKEN = "taken"
    REFUSED = "refused"
    DEPENDS = "depends on values"
    NOT_TRIED = "not tried"


class Tried(NamedTuple):
    """What a server said to a query."""

    outcome: Outcome
    sqlstate: str = ""
    message: str = ""


def try_query(connection: Connection, sql: str, search_path: Sequence[str] | None = None) -> Tried:
    """What the server says to one query. Leaves no row and no prepared statement behind."""
    text = sql.strip().rstrip(";")
    if not text.lower().startswith(_PREPARABLE):
        return Tried(Outcome.NOT_TRIED)
    connection.execute("BEGIN")
    try:
        connection.execute("SET LOCAL statement_timeout = '3s'; SET LOCAL lock_timeout = '1s'")
        if search_path:
            path = compose.SQL(", ").join(compose.Identifier(schema) for schema in search_path)
            connection.execute(compose.SQL("SET LOCAL search_path = {}").format(path))
        run(connection, f"PREPARE migrasafe_try AS {text}")
        values = [_sample(connection, oid) for oid in run(connection, query("parameter_types"))[0][0]]
        given = compose.SQL("({})").format(compose.SQL(", ").join(values)) if values else compose.SQL("")
        connection.execute(compose.SQL("EXECUTE migrasafe_try{}").format(given))
    except psycopg.Error as error:
        return _tried(error)
    finally:
        connection.execute("ROLLBACK")
        connection.execute("DEALLOCATE ALL")
    return Tried(Outcome.TAKEN)


def _tried(error: psycopg.Error) -> Tried:
    sqlstate = error.sqlstate or ""
    message = error.diag.message_primary or str(error)
    if sqlstate in _NOT_TRIED or (sqlstate == "42725" and "(unknown" in message):
        return Tried(Outcome.NOT_TRIED, sqlstate, message)
    if sqlstate not in _OF_THE_QUERY and sqlstate.startswith(_OF_VALUES):
        return Tried(Outcome.DEPENDS, sqlstate, message)
    return Tried(Outcome.REFUSED, sqlstate, message)


def _sample(connection: Connection, type_oid: int) -> compose.Composable:
    rows = run(connection, query("sample_value"), type_oid)
    return compose.Literal(rows[0][0]) if rows and rows[0][0] is not None else compose.SQL("NULL")


@contextmanager
def rows_in_tables(connection: Connection) -> Iterator[int]:
    """Meanwhile, every table that was empty has a row of sample values, as far as its constraints let it in.

    Gives how many got one. They are gone at the end, as are rows that came into these tables meanwhile.
    """
    filled: list[compose.Composable] = []
    connection.execute("SET session_replication_role = replica")  # without triggers and foreign keys
    for schema, name, columns, types in run(connection, query("columns_to_fill")):
        table = compose.Identifier(schema, name)
        names = compose.SQL(", ").join(compose.Identifier(column) for column in columns)
        values = compose.SQL(", ").join(_sample(connection, oid) for oid in types)
        statement = compose.SQL(
            "INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {values} WHERE NOT EXISTS (SELECT FROM {table})"
        )
        try:
            if connection.execute(statement.format(table=table, names=names, values=values)).rowcount:
                filled.append(table)
        except psycopg.Error:  # a CHECK that the samples do not meet: the table stays empty
            continue
    connection.execute("RESET session_replication_role")
    try:
        yield len(filled)
    finally:
        connection.execute("SET session_replication_role = replica")
        for one in filled:
            _empty(connection, one)
        connection.execute("RESET session_replication_role")


def _empty(connection: Connection, table: compose.Composable) -> None:
    delete = compose.SQL("DELETE FROM {table}").format(table=table)
    try:
        connection.execute(delete)
    except psycopg.errors.ObjectNotInPrerequisiteState:  # published, and without a replica identity
        ((identity,),) = run(connection, query("replica_identity"), table.as_string(connection))
        set_ = compose.SQL("ALTER TABLE {table} REPLICA IDENTITY {identity}")
        connection.execute(set_.format(table=table, identity=compose.SQL("FULL")))
        connection.execute(delete)
        was = compose.SQL("NOTHING" if identity == "n" else "DEFAULT")
        connection.execute(set_.format(table=table, identity=was))
