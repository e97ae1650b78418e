"""The statements that ran in a database, from pg_stat_statements. https://www.postgresql.org/docs/current/pgstatstatements.html"""

from __future__ import annotations

import psycopg

from migrasafe.app.query_files.statistics import StatisticsRow
from migrasafe.errors import InputError
from migrasafe.postgres.connect import Connection, describe_dsn, run
from migrasafe.postgres.queries import query


def read_statistics(connection: Connection, dsn: str) -> list[StatisticsRow]:
    """Every statement of this database with its number of calls. Raises InputError where the extension is not there."""
    where = describe_dsn(dsn)
    try:
        rows = run(connection, query("statements_that_ran"))
    except (psycopg.errors.UndefinedTable, psycopg.errors.ObjectNotInPrerequisiteState) as error:
        raise InputError(
            f"{where} has no pg_stat_statements: add it to shared_preload_libraries, restart, CREATE EXTENSION "
            "pg_stat_statements in this database, and let the app run for a while"
        ) from error
    except psycopg.Error as error:
        raise InputError(f"{where}: pg_stat_statements cannot be read: {' '.join(str(error).split())}") from error
    if not rows:
        raise InputError(
            f"{where}: pg_stat_statements knows no statement of this database: let the app run for a while"
        )
    return [StatisticsRow(str(sql), int(calls)) for sql, calls in rows]
