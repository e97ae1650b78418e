"""Reads some rows of a live table: read-only, in bounded time, without waiting for a lock."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from msgspec import Struct

from migrasafe.errors import ServerError
from migrasafe.postgres.attempt import attempt, sql_state
from migrasafe.postgres.connect import Connection, connect, describe_dsn, run

TIMEOUT = "20s"
"""Of each statement."""
LOCK_TIMEOUT = "1s"
SPARE = 3
"""How many times the rows that are wanted a sample is meant to have: blocks are not equally full."""
_SETTINGS = {
    "statement_timeout": TIMEOUT,
    "lock_timeout": LOCK_TIMEOUT,
    "idle_in_transaction_session_timeout": TIMEOUT,
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "extra_float_digits": "3",
    "bytea_output": "hex",
}


class Sample(Struct, frozen=True, kw_only=True):
    rows: tuple[tuple[str | None, ...], ...]
    """The columns as text."""
    percent: float
    """Of the table's blocks that were read."""


def read_sample(dsn: str, table: str, columns: Sequence[str], *, rows: int, seed: int) -> Sample:
    """At most so many rows, of blocks drawn at random. `table`, `columns`: as SQL names them. Raises ServerError.

    https://www.postgresql.org/docs/current/sql-select.html#SQL-FROM
    """
    with connect(dsn, application_name="migrasafe rehearse --sample") as session:
        run(session, "BEGIN READ ONLY")
        try:
            for name, value in _SETTINGS.items():
                run(session, f"SET LOCAL {name} = '{value}'")
            percent = _percent(session, table, rows)
            found = _drawn(session, table, columns, rows, percent, seed)
            while len(found) < rows and percent < 100:  # the estimate was wrong, or blocks are empty
                percent = min(100.0, percent * 10)
                found = _drawn(session, table, columns, rows, percent, seed)
        except psycopg.Error as error:
            said = sql_state(error)
            raise ServerError(
                f"no sample of {table} at {describe_dsn(dsn)}: {said.message}; it was asked for read-only, within {TIMEOUT}"
            ) from error
        finally:
            attempt(session, "ROLLBACK")
    return Sample(rows=tuple(found), percent=percent)


def _percent(session: Connection, table: str, rows: int) -> float:
    """Of a table's blocks, for so many rows; all where it is small or was never analyzed."""
    ((estimated,),) = run(session, _ROWS, table, table)
    return 100.0 if not estimated or estimated <= SPARE * rows else max(0.001, 100.0 * SPARE * rows / float(estimated))


_ROWS = """
SELECT sum(greatest(reltuples, 0))::float8 FROM pg_catalog.pg_class
WHERE relkind IN ('r', 'm')
  AND oid IN (SELECT %s::regclass UNION SELECT relid FROM pg_catalog.pg_partition_tree(%s::regclass))
"""


def _drawn(
    session: Connection, table: str, columns: Sequence[str], rows: int, percent: float, seed: int
) -> list[tuple[str | None, ...]]:
    listed = ", ".join(f"{name}::text" for name in columns)
    drawn = f"TABLESAMPLE SYSTEM ({percent:.6f}) REPEATABLE ({seed})" if percent < 100 else ""
    return [tuple(row) for row in run(session, f"SELECT {listed} FROM {table} {drawn} LIMIT {rows}")]
