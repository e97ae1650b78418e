"""Fills tables with a few made-up rows, so that a migration finds something to read and to rewrite.

A value depends on nothing but its row's number and its type: row 3 of every table has 3 for an id, and so foreign keys
of every shape find their rows, also those that are added later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import psycopg
from psycopg import sql

from migrasafe.postgres.connect import Connection, run

ROWS = 5
FIRST_GENERATED = 1000
"""Where sequences go on, out of the way of the rows made here."""

_QUESTION = (Path(__file__).parent / "sql" / "columns_to_fill.sql").read_text(encoding="utf-8")

_VALUES: Mapping[str, str] = {
    "bool": "(n % 2 = 0)",
    "int2": "n",
    "int4": "n",
    "int8": "n",
    "numeric": "n",
    "float4": "n",
    "float8": "n",
    "money": "n::int",
    "oid": "n::int::oid",
    "uuid": "lpad(n::text, 32, '0')",
    "date": "date '2024-01-01' + n::int",
    "timestamp": "timestamp '2024-01-01' + n * interval '1 hour'",
    "timestamptz": "timestamptz '2024-01-01' + n * interval '1 hour'",
    "time": "time '00:00' + n * interval '1 minute'",
    "timetz": "timetz '00:00' + n * interval '1 minute'",
    "interval": "n * interval '1 hour'",
    "json": "'{}'",
    "jsonb": "'{}'",
    "bytea": "convert_to(n::text, 'UTF8')",
    "inet": "inet '10.0.0.0' + n",
    "cidr": "'10.0.0.' || n",
    "macaddr": "lpad(n::text, 12, '0')",
    "point": "point(n, n)",
    "int4range": "int4range(n::int, n::int + 1)",
    "int8range": "int8range(n, n + 1)",
    "numrange": "numrange(n, n + 1)",
    "daterange": "daterange(date '2024-01-01' + n::int, date '2024-01-02' + n::int)",
    "tsrange": "tsrange(timestamp '2024-01-01' + n * interval '1 hour', timestamp '2024-01-02' + n * interval '1 hour')",
    "tstzrange": "tstzrange(timestamptz '2024-01-01' + n * interval '1 hour', NULL)",
    "hstore": "''",
}
"""One value of a type from the number `n` of its row, by the type's name in the catalog; others are read from text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    relation: int
    schema: str
    table: str
    name: str
    required: bool
    type: str
    base_name: str
    kind: str

    def value(self) -> sql.Composable:
        """The expression that makes a value from `n`."""
        match self.kind:
            case "array":
                made = "'{}'"
            case "enum":
                labels = f"enum_range(NULL::{self.type})"
                made = f"({labels})[1 + n % array_length({labels}, 1)]"
            case "other":
                made = "NULL"
            case _:
                made = _VALUES.get(self.base_name, "n::text")
        return sql.SQL(f"({made})::{self.type}")


class Rows:
    """What was filled, so that columns which came later are filled once."""

    def __init__(self) -> None:
        self._filled: set[tuple[int, str]] = set()

    def fill(self, session: Connection) -> tuple[str, ...]:
        """Put rows into empty tables, and values into new columns; name the tables that stayed empty."""
        rows = run(session, _QUESTION)
        columns = [_Column(**dict(zip(_Column.__slots__, row, strict=True))) for row in rows]
        new = {column.relation for column in columns if (column.relation, column.name) not in self._filled}
        session.execute("SET session_replication_role = replica")
        empty = []
        for relation, grouped in groupby(columns, lambda column: column.relation):
            if relation not in new:
                continue
            table = tuple(grouped)
            if not self._fill(session, table):
                empty.append(f"{table[0].schema}.{table[0].table}")
            self._filled.update((column.relation, column.name) for column in table)
        session.execute("RESET session_replication_role")
        for (sequence,) in run(session, _SEQUENCES):
            _try(session, sql.SQL("SELECT setval({}::regclass, {})").format(sql.Literal(sequence), FIRST_GENERATED))
        return tuple(empty)

    def take_out(self, session: Connection) -> None:
        """Take all rows out of all tables, which are filled again at the next occasion."""
        self._filled.clear()
        tables = run(session, _TABLES)
        if tables:
            names = sql.SQL(", ").join(sql.Identifier(schema, name) for schema, name in tables)
            session.execute("SET session_replication_role = replica")  # no trigger has a say in it
            session.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
            session.execute("RESET session_replication_role")

    def _fill(self, session: Connection, table: Sequence[_Column]) -> bool:
        name = sql.Identifier(table[0].schema, table[0].table)
        if run(session, sql.SQL("SELECT 1 FROM {} LIMIT 1").format(name).as_string(session)):
            for column in table:
                if (column.relation, column.name) not in self._filled:
                    _try(session, _update(name, column))
            return True
        for attempt in _attempts(name, table):
            if _try(session, attempt) and run(
                session, sql.SQL("SELECT 1 FROM {} LIMIT 1").format(name).as_string(session)
            ):
                return True
        return False


_TABLES = """
SELECT schemaname, tablename FROM pg_catalog.pg_tables WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema'
"""
_SEQUENCES = f"""
SELECT format('%I.%I', schemaname, sequencename) FROM pg_catalog.pg_sequences
WHERE coalesce(last_value, 0) < {FIRST_GENERATED} AND max_value > {FIRST_GENERATED}
"""


def _attempts(name: sql.Identifier, table: Sequence[_Column]) -> Iterator[sql.Composed]:
    """Ways to fill a table, the fullest first: constraints may refuse some of them."""
    for count in (ROWS, 1):
        for columns in (table, tuple(column for column in table if column.required)):
            if columns:
                yield sql.SQL(
                    "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM generate_series(1, {}) AS n"
                    " ON CONFLICT DO NOTHING"
                ).format(
                    name,
                    sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
                    sql.SQL(", ").join(column.value() for column in columns),
                    count,
                )
    yield sql.SQL("INSERT INTO {} DEFAULT VALUES").format(name)


def _update(name: sql.Identifier, column: _Column) -> sql.Composed:
    return sql.SQL(
        "UPDATE {name} AS filled SET {column} = {value}"
        " FROM (SELECT tableoid, ctid, row_number() OVER () AS n FROM {name}) AS numbered"
        " WHERE numbered.ctid = filled.ctid AND numbered.tableoid = filled.tableoid AND filled.{column} IS NULL"
    ).format(name=name, column=sql.Identifier(column.name), value=column.value())


def _try(session: Connection, statement: sql.Composed) -> bool:
    try:
        session.execute(statement)
    except psycopg.Error:
        return False
    return True
