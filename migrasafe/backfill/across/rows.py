"""How the rows of a table are read alike in two databases: by key, each as a sum of what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from migrasafe.errors import InputError
from migrasafe.postgres.attempt import attempt
from migrasafe.postgres.connect import Connection, run
from migrasafe.sql.quote import quote_ident

Key: TypeAlias = tuple[str, ...]
"""The values of the key's columns, as text."""

ALIKE = (
    "SET TimeZone = 'UTC'",
    "SET DateStyle = 'ISO, YMD'",
    "SET IntervalStyle = 'postgres'",
    "SET extra_float_digits = 1",
    "SET bytea_output = 'hex'",
    "SET statement_timeout = 0",
)
"""What decides how values are written as text."""


class Rows(Struct, frozen=True, kw_only=True):
    """A table, as SQL says it, with the columns that tell its rows apart and those that are compared."""

    table: str
    key: tuple[str, ...]
    types: tuple[str, ...]
    """Of the key's columns."""
    columns: tuple[str, ...]

    @property
    def keys(self) -> str:
        return ", ".join(map(quote_ident, self.key))

    @property
    def shown_keys(self) -> str:
        return ", ".join(f"{quote_ident(one)}::text" for one in self.key)

    @property
    def sum(self) -> str:
        """A row as one short word; md5, because it is the same in every version."""
        return f"md5(ROW({', '.join(map(quote_ident, self.columns))})::text)"

    @property
    def given_key(self) -> str:
        return ", ".join(f"%s::{one}" for one in self.types)

    def between(self, after: Key | None, upto: Key | None) -> tuple[str, list[object]]:
        """The condition of a range that begins behind `after` and ends with `upto`; None: there is no bound."""
        words, values = ["true"], list[object]()
        if after is not None:
            words.append(f"({self.keys}) > ({self.given_key})")
            values += after
        if upto is not None:
            words.append(f"({self.keys}) <= ({self.given_key})")
            values += upto
        return " AND ".join(words), values


def rows_of(session: Connection, table: str, key: Sequence[str], columns: Sequence[str]) -> Rows:
    """The table as this database has it. Raises InputError where it has no such table, or not these columns."""
    found: dict[str, str] = dict(
        run(
            session,
            "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_catalog.pg_attribute"
            " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
            table,
        )
    )
    missing = [one for one in (*key, *columns) if one not in found]
    if missing:
        where = f"{session.info.dbname} on {session.info.host or 'the local socket'}"
        what = f"no column {missing[0]} in {table}" if found else f"no table {table}"
        raise InputError(f"there is {what} in {where}: carry out the plan's expand phase there first")
    return Rows(table=table, key=tuple(key), types=tuple(str(found[one]) for one in key), columns=tuple(columns))


def read_alike(session: Connection) -> None:
    for one in ALIKE:
        run(session, one)


def bound_after(session: Connection, rows: Rows, after: Key | None, count: int) -> Key | None:
    """The key of the last of the next `count` rows; None where there are fewer."""
    condition, values = rows.between(after, None)
    found = run(
        session,
        f"SELECT {rows.shown_keys} FROM {rows.table} WHERE {condition} ORDER BY {rows.keys} OFFSET %s LIMIT 1",
        *values,
        count - 1,
    )
    return tuple(map(str, found[0])) if found else None


def sum_of(session: Connection, rows: Rows, after: Key | None, upto: Key | None) -> tuple[int, object]:
    """How many rows a range has, and what they add up to."""
    condition, values = rows.between(after, upto)
    sql = (
        f"SELECT count(*), coalesce(sum(('x' || substr({rows.sum}, 1, 15))::bit(60)::bigint), 0)"
        f" FROM {rows.table} WHERE {condition}"
    )
    ((count, total),) = run(session, sql, *values)
    return int(count), total


def sums_between(session: Connection, rows: Rows, after: Key | None, upto: Key | None) -> dict[Key, str]:
    """Every row of a range."""
    condition, values = rows.between(after, upto)
    return _by_key(run(session, f"SELECT {rows.shown_keys}, {rows.sum} FROM {rows.table} WHERE {condition}", *values))


def sums_at(session: Connection, rows: Rows, keys: Sequence[Key]) -> dict[Key, str]:
    """The rows of these keys, as far as they are there."""
    if not keys:
        return {}
    names = [f"k{place}" for place, _ in enumerate(rows.key)]
    given = ", ".join("%s::text[]" for _ in names)
    cast = ", ".join(f"{name}::{type}" for name, type in zip(names, rows.types, strict=True))
    sql = (
        f"SELECT {rows.shown_keys}, {rows.sum} FROM {rows.table} WHERE ({rows.keys}) IN"
        f" (SELECT {cast} FROM unnest({given}) AS wanted ({', '.join(names)}))"
    )
    return _by_key(run(session, sql, *[list(one) for one in zip(*keys, strict=True)]))


def hold(session: Connection, rows: Rows, key: Key) -> bool:
    """Whether a row could be locked, in the transaction that is open, so that nobody changes it."""
    sql = f"SELECT FROM {rows.table} WHERE ({rows.keys}) = ({rows.given_key}) FOR SHARE"
    return attempt(session, sql, *key) is None


def some_keys(session: Connection, rows: Rows, count: int) -> list[Key]:
    """About so many keys at random."""
    ((known,),) = run(session, "SELECT reltuples FROM pg_catalog.pg_class WHERE oid = to_regclass(%s)", rows.table)
    percent = min(100.0, 130.0 * count / known) if known and known > 0 else 100.0
    sql = f"SELECT {rows.shown_keys} FROM {rows.table} TABLESAMPLE BERNOULLI (%s) ORDER BY random() LIMIT %s"
    return [tuple(map(str, one)) for one in run(session, sql, percent, count)]


def _by_key(found: Sequence[tuple[object, ...]]) -> dict[Key, str]:
    return {tuple(map(str, one[:-1])): str(one[-1]) for one in found}
