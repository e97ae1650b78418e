"""The columns that PostgreSQL itself notes for a query: those that a function with it as its body depends on (14 and later).

https://www.postgresql.org/docs/current/sql-createfunction.html#SQL-CREATEFUNCTION-NOTES
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import psycopg
from psycopg import sql as compose

from migrasafe.postgres.connect import Connection, run
from migrasafe.postgres.queries import query


class UsedColumn(NamedTuple):
    schema: str
    relation: str
    column: str


def columns_used(
    connection: Connection, sql: str, search_path: Sequence[str] | None = None
) -> frozenset[UsedColumn] | None:
    """The columns that one query reads or writes, without those of the system; None where the server refuses it.

    A whole row as a value (`to_jsonb(orders)`) is noted for the table, not for its columns. Leaves nothing behind.
    """
    connection.execute("BEGIN")
    try:
        if search_path:
            path = compose.SQL(", ").join(compose.Identifier(schema) for schema in search_path)
            connection.execute(compose.SQL("SET LOCAL search_path = {}").format(path))
        run(connection, f"CREATE FUNCTION pg_temp.migrasafe_measured() RETURNS void BEGIN ATOMIC {sql}; END")
        return frozenset(UsedColumn(*row) for row in run(connection, query("columns_used_by_function")))
    except psycopg.Error:
        return None
    finally:
        connection.execute("ROLLBACK")
