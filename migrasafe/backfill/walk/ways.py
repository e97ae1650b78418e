"""How a job goes through a table, as SQL: by ranges of a key, or by ranges of blocks.

The cursor is always a place, never "rows that are still NULL" and never an OFFSET: a batch costs the same wherever it is,
and nothing that others change makes the walk end early. Keys are compared in the database only, with its own order.
"""

from __future__ import annotations

from msgspec import Struct

from migrasafe.backfill.queries import Sql, literal
from migrasafe.sql.quote import quote_ident, quote_literal

Key = tuple[str, ...]
"""The values of a key's columns, or a block number, as texts that the server gave and reads back."""

_ISO_THROUGH_JSON = ("timestamp", "date")
"""Types whose text depends on settings of the session; in JSON it does not."""


RETURNING_ONE = " RETURNING 1 AS changed"


class KeyColumn(Struct, frozen=True, kw_only=True):
    name: str
    type: str


class KeyWalk(Struct, frozen=True, kw_only=True, tag="key"):
    """Ranges of a key that a btree index orders."""

    columns: tuple[KeyColumn, ...]

    def inside(self, alias: str, low: Key | None, high: Key) -> str:
        """A condition: behind `low` (None: from the start), up to and with `high`."""
        upper = f"{self._row(alias)} <= {self._values(high)}"
        return upper if low is None else f"{self._row(alias)} > {self._values(low)} AND {upper}"

    def bound(self, relation: str, low: Key | None, end: Key, rows: int) -> str:
        """A query for the key of the `rows`-th row behind `low`; no row where fewer are left. Reads only the index."""
        names = ", ".join(f"w.{quote_ident(column.name)}" for column in self.columns)
        # The key is written as JSON above the OFFSET, or it would be for each row that is passed over.
        return (
            f"SELECT {self.key_json('w')} FROM (SELECT {names} FROM ONLY {relation} AS w WHERE {self.inside('w', low, end)} "
            f"ORDER BY {self.order('w')} OFFSET {rows - 1} LIMIT 1) AS w"
        )

    def half(self, relation: str, low: Key | None, high: Key) -> str:
        """A query for (the key in the middle of a range, how many keys it holds, the rows up to the middle); no row for an
        empty range. Rows with one key are never parted."""
        return (
            f"SELECT key, n, n_rows FROM (SELECT {self.key_json('w')} AS key, row_number() OVER (ORDER BY {self.order('w')}) AS i, "
            f"count(*) OVER () AS n, (sum(count(*)) OVER (ORDER BY {self.order('w')}))::bigint AS n_rows FROM ONLY {relation} AS w "
            f"WHERE {self.inside('w', low, high)} GROUP BY {self.order('w')}) AS r WHERE i = greatest(n / 2, 1)"
        )

    def count(self, relation: str, low: Key | None, high: Key) -> str:
        return f"SELECT count(*) FROM ONLY {relation} AS w WHERE {self.inside('w', low, high)}"

    def middle(self, relation: str, low: Key | None, high: Key, blocks: int) -> str:
        """A query for a key near the middle of a range, by a sample of about so many blocks of the table."""
        names = ", ".join(f"w.{quote_ident(column.name)}" for column in self.columns)
        percent = (
            f"least(100, 100.0 * {blocks} * current_setting('block_size')::bigint "
            f"/ greatest(pg_relation_size({quote_literal(relation)}::regclass), 1))"
        )
        return (
            f"WITH seen AS MATERIALIZED (SELECT {names} FROM ONLY {relation} AS w TABLESAMPLE SYSTEM ({percent}) "
            f"WHERE {self.inside('w', low, high)}) SELECT {self.key_json('w')} FROM seen AS w "
            f"ORDER BY {self.order('w')} OFFSET (SELECT count(*) / 2 FROM seen) LIMIT 1"
        )

    def last(self, relation: str) -> str:
        """A query for the last key; no row for an empty table."""
        backwards = ", ".join(f"w.{quote_ident(column.name)} DESC" for column in self.columns)
        return f"SELECT {self.key_json('w')} FROM ONLY {relation} AS w ORDER BY {backwards} LIMIT 1"

    def is_key(self, alias: str, key: Key) -> str:
        return f"{self._row(alias)} = {self._values(key)}"

    def key_json(self, alias: str) -> Sql:
        """The key of a row as the state tables hold it."""
        return Sql(f"jsonb_build_array({', '.join(_text_of(column, alias) for column in self.columns)})")

    def order(self, alias: str) -> str:
        return ", ".join(f"{alias}.{quote_ident(column.name)}" for column in self.columns)

    def same_row(self, one: str, other: str) -> str:
        """A condition: two aliases stand for one row."""
        return " AND ".join(
            f"{one}.{quote_ident(column.name)} = {other}.{quote_ident(column.name)}" for column in self.columns
        )

    def _row(self, alias: str) -> str:
        names = [f"{alias}.{quote_ident(column.name)}" for column in self.columns]
        return names[0] if len(names) == 1 else f"({', '.join(names)})"

    def _values(self, key: Key) -> str:
        values = [f"{quote_literal(value)}::{column.type}" for value, column in zip(key, self.columns, strict=True)]
        return values[0] if len(values) == 1 else f"({', '.join(values)})"


_LAST_BLOCK = 2**32 - 2
"""That a table can have."""
_GROWN_MEANWHILE = 64
"""Blocks that may come between two statements, where each row of a range is asked for by its number."""


class BlockWalk(Struct, frozen=True, kw_only=True, tag="blocks"):
    """Ranges of blocks of the heap. A key is the number of the last block that is done, or that and a row's in it.

    A row that anyone changes can move behind the cursor or before it. So it needs a predicate that the change makes false,
    and further passes until no row is left.
    """

    reads_ranges: bool
    """The server scans `ctid >= … AND ctid < …` without reading the whole table: from version 14 on."""
    rows_per_block: int = 291
    """The most that a block can hold (MaxHeapTuplesPerPage): 291 of 8 kB."""

    def inside(self, alias: str, low: Key | None, high: Key) -> str:
        """A condition: behind `low` (None: from the start), up to and with `high`."""
        lower = "ctid >= '(0,0)'" if low is None else _after_tid(low)
        upper = f"ctid <= '({high[0]},{high[1]})'" if len(high) > 1 else f"ctid < '({int(high[0]) + 1},0)'"
        condition = f"{alias}.{lower} AND {alias}.{upper}"
        if self.reads_ranges:
            return condition
        return (
            f"{alias}.ctid = ANY (ARRAY(SELECT format('(%s,%s)', b, i)::tid FROM "
            f"generate_series({_first_block(low)}, {high[0]}) AS b, generate_series(1, {self.rows_per_block}) AS i)) "
            f"AND {condition}"
        )

    def half(self, relation: str, low: Key | None, high: Key) -> str:
        """A query for (the key in the middle of a range, its blocks or, in one block, its rows, those up to the middle); no row
        if it is empty."""
        first = _first_block(low)
        blocks = int(high[0]) + 1 - first
        if blocks > 1:
            middle = quote_literal(str(first + blocks // 2 - 1))
            return f"SELECT jsonb_build_array({middle}), {blocks}, {blocks // 2}"
        return (
            f"SELECT key, n, i FROM (SELECT {self.key_json('w')} AS key, row_number() OVER (ORDER BY w.ctid) AS i, "
            f"count(*) OVER () AS n FROM ONLY {relation} AS w WHERE {self.inside('w', low, high)}) AS r "
            "WHERE i = greatest(n / 2, 1)"
        )

    def count(self, relation: str, low: Key | None, high: Key) -> str:
        return f"SELECT count(*) FROM ONLY {relation} AS w WHERE {self.inside('w', low, high)}"

    def is_key(self, alias: str, key: Key) -> str:
        return f"{alias}.ctid = '({key[0]},{key[1]})'"

    def key_json(self, alias: str) -> Sql:
        place = f"({alias}.ctid::text::point)"
        return Sql(f"jsonb_build_array(({place}[0])::bigint::text, ({place}[1])::int::text)")

    def order(self, alias: str) -> str:
        return f"{alias}.ctid"

    def same_row(self, one: str, other: str) -> str:
        return f"{one}.ctid = {other}.ctid"

    def open_end(self, blocks: int) -> Key:
        """The end of a range that goes on to the end of the table, which has about so many blocks and grows."""
        return (str(_LAST_BLOCK if self.reads_ranges else blocks + _GROWN_MEANWHILE),)

    def after(self, low: Key | None, end: Key, blocks: int) -> Key:
        """The last block of a batch of so many."""
        return (str(min(_first_block(low) + max(blocks, 1) - 1, int(end[0]))),)


def _after_tid(low: Key) -> str:
    return f"ctid > '({low[0]},{low[1]})'" if len(low) > 1 else f"ctid >= '({int(low[0]) + 1},0)'"


def _first_block(low: Key | None) -> int:
    """The first block that is not done; one in which a part is done counts."""
    if low is None:
        return 0
    return int(low[0]) if len(low) > 1 else int(low[0]) + 1


Walk = KeyWalk | BlockWalk


class Change(Struct, frozen=True, kw_only=True):
    """What is done to each row of a range."""

    alias: str
    """The name, quoted, by which expressions call the walked table."""
    set: str
    where: str | None
    into: str | None = None
    """A copy: the table, quoted, that the rows go to."""
    into_columns: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    delete: bool = False

    def todo(self) -> str:
        """The predicate as a condition that can be put behind AND."""
        return "true" if self.where is None else f"(\n{self.where}\n)"

    def statement(self, relation: str, inside: str, walk: Walk) -> str:
        """The statement that changes the rows of a range; RETURNING_ONE behind it makes it return one row for each."""
        if self.delete:
            return f"DELETE FROM ONLY {relation} AS {self.alias}\nWHERE {inside} AND {self.todo()}"
        if self.into is None:
            return f"UPDATE ONLY {relation} AS {self.alias} SET\n{self.set}\nWHERE {inside} AND {self.todo()}"
        # The locks make writers wait, whose trigger then finds the row in both tables: none is copied stale.
        return (
            f"INSERT INTO {self.into} ({', '.join(quote_ident(name) for name in self.into_columns)})\nSELECT "
            + ", ".join(f"(\n{value}\n)" for value in self.values)
            + f" FROM ONLY {relation} AS {self.alias} WHERE {inside} AND {self.todo()}"
            + f" ORDER BY {walk.order(self.alias)} FOR SHARE OF {self.alias} ON CONFLICT DO NOTHING"
        )

    def left(self, relation: str, inside: str) -> str:
        """A query for how many rows of a range still want the change."""
        return f"SELECT count(*) FROM ONLY {relation} AS {self.alias} WHERE {inside} AND {self.todo()}"


def _text_of(column: KeyColumn, alias: str) -> str:
    name = f"{alias}.{quote_ident(column.name)}"
    if column.type.startswith(_ISO_THROUGH_JSON):
        return f"to_jsonb({name}) #>> {literal('{}')}"
    return f"{name}::text"
