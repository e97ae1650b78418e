"""Asks what a file says, and lets it do nothing else: one query, in a transaction that only reads."""

from __future__ import annotations

from itertools import islice

import psycopg

from migrasafe.errors import ServerError
from migrasafe.postgres.connect import Connection, run
from migrasafe.sql.one_line import in_one_line


def answer_of(connection: Connection, query: str) -> object:
    """The one value that a query gives. Raises ServerError for what the server refuses, and for what is no such query."""
    run(connection, "BEGIN READ ONLY")
    try:
        # A stream sends one statement and no more: another could end the transaction, and write in the next one.
        rows = list(islice(connection.cursor().stream(query.encode()), 2))
    except psycopg.errors.InsufficientPrivilege:
        raise  # the command says which rights it needs
    except psycopg.Error as error:
        raise ServerError(
            f"the server cannot answer `{in_one_line(query, _LONGEST)}`: {str(error).partition(chr(10))[0]}"
        ) from error
    finally:
        if not connection.closed:
            run(connection, "ROLLBACK")
    if len(rows) != 1 or len(rows[0]) != 1:
        raise ServerError(f"`{in_one_line(query, _LONGEST)}` gives no one value: only a query that does can be asked")
    return rows[0][0]


_LONGEST = 200
