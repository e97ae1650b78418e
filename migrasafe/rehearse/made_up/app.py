"""An app made up from a schema: it inserts, updates, upserts, reads and deletes rows as an app of that schema would.

What it writes it reads again, and says so when that is not what it wrote. Values go as a driver sends them: as texts
whose type the server finds out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from zlib import crc32

from msgspec import Struct

from migrasafe.postgres.attempt import ask
from migrasafe.postgres.connect import Connection, run
from migrasafe.postgres.watch.observed import SqlState
from migrasafe.rehearse.made_up.values import Choice, FillColumn, columns_to_fill, let_in, made_of, stricter
from migrasafe.sql.quote import quote_ident, quote_literal

OF_ONE_INSTANCE = 20_000
"""Numbers that an instance has for itself, out of which it makes values that nobody else writes."""

FEW = 5
"""Keys that all instances upsert."""

Row = Mapping[str, str | None]
"""Column → value, as text."""

Place = tuple[tuple[str, str], str]
"""A table, and one of its columns."""

Known = Mapping[Place, FillColumn]


class TableUse(Struct, frozen=True, kw_only=True):
    """A table as one version of the app knows it."""

    ref: tuple[str, str]
    columns: tuple[FillColumn, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    """The columns of its unique keys, which upserts name."""
    chosen: Mapping[str, Choice] = {}
    """Values that CHECKs let in, by column, in the place of those from a number."""
    crowded: frozenset[str] = frozenset()
    """Its unique indexes, partial ones too, over nothing but foreign keys: there are not many values, and whoever writes
    meets rows of others there, with or without a plan."""

    @property
    def name(self) -> str:
        return ".".join(map(quote_ident, self.ref))

    @property
    def key(self) -> tuple[FillColumn, ...]:
        return tuple(column for column in self.columns if column.in_key)

    @property
    def written(self) -> tuple[FillColumn, ...]:
        """What the app gives a value itself: all but keys that the table makes."""
        return tuple(column for column in self.columns if not (column.always or (column.in_key and column.given)))

    @property
    def changeable(self) -> tuple[FillColumn, ...]:
        return tuple(column for column in self.written if not column.in_key)


class Refused(Struct, frozen=True, kw_only=True):
    """What went wrong for an app: the server refused, or gave something else than was written."""

    sql: str
    message: str
    sqlstate: str = ""
    constraint: str = ""
    """Which one, or which unique index, it was refused for."""

    def __str__(self) -> str:
        return f"{self.sqlstate}: {self.message}" if self.sqlstate else self.message


def uses(session: Connection, tables: Iterable[tuple[str, str]], also: Known = MappingProxyType({})) -> list[TableUse]:
    """The tables as the schema of this database says them.

    `also`: columns of another schema, whose CHECKs and foreign keys the values have to meet as well.
    """
    wanted = set(tables)
    found = []
    for columns in columns_to_fill(session):
        ref = (columns[0].schema, columns[0].table)
        if ref in wanted:
            met = tuple(stricter(column, also.get((ref, column.name))) for column in columns)
            found.append(
                TableUse(
                    ref=ref,
                    columns=met,
                    unique=_unique_keys(session, ref),
                    chosen=let_in(session, met),
                    crowded=frozenset(_crowded(session, ref, {column.name for column in met if column.refers})),
                )
            )
    return found


def _unique_keys(session: Connection, ref: tuple[str, str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(names) for (names,) in run(session, _UNIQUE, ".".join(map(quote_ident, ref))))


_UNIQUE = """
SELECT (SELECT array_agg(attname ORDER BY place) FROM unnest(indkey::int2[]) WITH ORDINALITY AS key (attnum, place)
        JOIN pg_catalog.pg_attribute USING (attnum) WHERE attrelid = indrelid AND place <= indnkeyatts)
FROM pg_catalog.pg_index
WHERE indrelid = %s::regclass AND indisunique AND indisvalid AND indpred IS NULL AND indexprs IS NULL AND indimmediate
ORDER BY indexrelid
"""


def _crowded(session: Connection, ref: tuple[str, str], refer: Set[str]) -> Iterator[str]:
    for index, names in run(session, _UNIQUE_INDEXES, ".".join(map(quote_ident, ref))):
        if refer >= set(names):
            yield str(index)


_UNIQUE_INDEXES = """
SELECT relname, (SELECT array_agg(attname) FROM unnest(indkey::int2[]) WITH ORDINALITY AS key (attnum, place)
                 JOIN pg_catalog.pg_attribute USING (attnum) WHERE attrelid = indrelid AND place <= indnkeyatts)
FROM pg_catalog.pg_index JOIN pg_catalog.pg_class ON pg_class.oid = indexrelid
WHERE indrelid = %s::regclass AND indisunique AND indexprs IS NULL
"""


class MadeUpApp:
    """One instance of the app, in one session, with rows of its own."""

    def __init__(self, session: Connection, *, number: int, rows: int, unsure: set[Place] | None = None) -> None:
        """`number`: unlike that of every other instance; `rows`: how many every table has that it did not make.

        `unsure`: columns that hold something else than what is written, by a trigger or a rule of their own; None: find
        out which those are.
        """
        self._session = session
        self._learns = unsure is None
        self.unsure: set[Place] = set() if unsure is None else unsure
        self._next = rows + number * OF_ONE_INSTANCE
        self._rows = rows

    def insert(self, use: TableUse, *, least: bool = False) -> Row | Refused:
        """Add a row and read it; `least`: leave to the table what it can fill itself."""
        columns = [column for column in use.written if not least or (column.required and not column.given)]
        given = self.values(use, columns)
        if isinstance(given, Refused):
            return given
        return self.put(use, given)

    def put(self, use: TableUse, given: Row, *, tail: str = "") -> Row | Refused:
        """Add a row with these values and read it; `tail` follows VALUES (…)."""
        names = ", ".join(map(quote_ident, given))
        values = ", ".join(map(_literal, given.values()))
        into = f"({names}) VALUES ({values})" if given else "DEFAULT VALUES"
        return self._one(use, f"INSERT INTO {use.name} {into}{tail}", given)

    def upsert(self, use: TableUse, key: Sequence[str]) -> Row | Refused:
        """Add a row or change the one that has the key already, which other instances use as well."""
        given = self.values(use, use.written, shared=key)
        if isinstance(given, Refused):
            return given
        changes = [name for name in given if name not in key] or [*key]
        sets = ", ".join(f"{quote_ident(name)} = EXCLUDED.{quote_ident(name)}" for name in changes)
        target = ", ".join(map(quote_ident, key))
        return self.put(use, given, tail=f" ON CONFLICT ({target}) DO UPDATE SET {sets}")

    def update(self, use: TableUse, row: Row, given: Row) -> Row | Refused:
        """Change a row and read it."""
        sets = ", ".join(f"{quote_ident(name)} = {_literal(value)}" for name, value in given.items())
        return self._one(use, f"UPDATE {use.name} SET {sets} WHERE {_where(use, row)}", given)

    def read(self, use: TableUse, row: Row) -> Row | Refused | None:
        """The row of that key, None where it is gone."""
        names = [column.name for column in use.columns]
        listed = ", ".join(f"{quote_ident(name)}::text" for name in names)
        sql = f"SELECT {listed} FROM {use.name} WHERE {_where(use, row)}"
        answer = ask(self._session, sql)
        if isinstance(answer, SqlState):
            return Refused(sql=sql, message=answer.message, sqlstate=answer.code)
        return dict(zip(names, map(_text, answer[0]), strict=True)) if answer else None

    def delete(self, use: TableUse, row: Row) -> Refused | None:
        sql = f"DELETE FROM {use.name} WHERE {_where(use, row)}"
        answer = ask(self._session, sql)
        return Refused(sql=sql, message=answer.message, sqlstate=answer.code) if isinstance(answer, SqlState) else None

    def values(self, use: TableUse, columns: Sequence[FillColumn], *, shared: Sequence[str] = ()) -> Row | Refused:
        """New values for columns; those of `shared` are few, and the same for every instance."""
        self._next += 1
        if not columns:
            return {}
        made = (
            self._shared(use, column, shared) if column.name in shared else self._new(use, column) for column in columns
        )
        sql = f"SELECT {', '.join(f'({one})::text' for one in made)}"
        answer = ask(self._session, sql)
        if isinstance(answer, SqlState):
            return Refused(sql=sql, message=answer.message, sqlstate=answer.code)
        return {column.name: _as_sent(_text(value)) for column, value in zip(columns, answer[0], strict=True)}

    def _new(self, use: TableUse, column: FillColumn) -> str:
        return made_of(column, use.chosen, str(1 + self._next % self._rows if column.refers else self._next))

    def _shared(self, use: TableUse, column: FillColumn, key: Sequence[str]) -> str:
        """Alike in all columns of a key, and unlike those of other keys, so that one over some of its columns is kept."""
        few = FEW * (crc32(" ".join(key).encode()) % 1000) + self._next % FEW
        number = 1 + few % self._rows if column.refers else self._rows + 20 * OF_ONE_INSTANCE + few
        return made_of(column, use.chosen, str(number))

    def _one(self, use: TableUse, sql: str, given: Row) -> Row | Refused:
        names = [column.name for column in use.columns]
        answer = ask(self._session, f"{sql} RETURNING " + ", ".join(f"{quote_ident(name)}::text" for name in names))
        if isinstance(answer, SqlState):
            return Refused(sql=sql, message=answer.message, sqlstate=answer.code, constraint=answer.constraint)
        if not answer:
            return Refused(sql=sql, message="no row was written")
        row = dict(zip(names, map(_text, answer[0]), strict=True))
        for name, value in given.items():
            if not says_the_same(row[name], value) and self._learns:
                self.unsure.add((use.ref, name))
            elif not says_the_same(row[name], value) and (use.ref, name) not in self.unsure:
                return Refused(sql=sql, message=f"{name} was given {value!r} and holds {row[name]!r}")
        return row


def _as_sent(text: str | None) -> str | None:
    """A number as a driver sends it: 17, not 17.00."""
    return text.partition(".")[0] if text is not None and _WHOLE.fullmatch(text) else text


_WHOLE = re.compile(r"-?\d+\.0+")


def says_the_same(read: str | None, written: str | None) -> bool:
    """Whether an app takes what it reads for what it wrote, also where the column's type has changed meanwhile: `1.50` and
    `1.5`, a moment with its zone and without, JSON with other spaces, or with keys of another version beside its own."""
    if read is None or written is None or read == written:
        return read == written
    shorter, longer = sorted((read, written), key=len)
    if longer.startswith(shorter) and _ZONE.fullmatch(longer.removeprefix(shorter)):
        return True
    try:
        return Decimal(read) == Decimal(written)
    except InvalidOperation:
        pass
    try:
        there, here = json.loads(read), json.loads(written)
    except ValueError:
        return False
    if isinstance(there, dict) and isinstance(here, dict):
        return bool({**there, **here} == there)
    return bool(there == here)


_ZONE = re.compile(r"[+-]\d\d(:\d\d)?")


def _where(use: TableUse, row: Row) -> str:
    return " AND ".join(f"{quote_ident(column.name)} = {_literal(row[column.name])}" for column in use.key)


def _literal(value: str | None) -> str:
    return "NULL" if value is None else quote_literal(value)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
