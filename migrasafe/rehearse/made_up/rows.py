"""Fills tables with made-up rows, so that a migration finds something to read and to rewrite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from migrasafe.postgres.attempt import attempt
from migrasafe.postgres.connect import Connection, run
from migrasafe.rehearse.made_up.values import Choice, FillColumn, choices, columns_to_fill, let_in, made_of, stricter
from migrasafe.sql.quote import quote_ident, quote_literal

FEW = 5
"""How many rows are enough for a scan or a rewrite to be seen."""
MOST_TRIES = 60
"""Choices of values for one table that its CHECKs may refuse."""
REFUSED_BY_CHECK = "23514"
OR_NOT = " ON CONFLICT DO NOTHING"


class Rows:
    """What was filled, so that columns which came later are filled once."""

    def __init__(
        self,
        count: int = FEW,
        *,
        also: Mapping[tuple[tuple[str, str], str], FillColumn] | None = None,
        some_null: bool = False,
    ) -> None:
        """`also`: columns as a later schema has them, whose demands the rows meet as well; `some_null`: every tenth value
        that may be null is."""
        self._count = count
        self._also = also or {}
        self._some_null = some_null
        self._filled: set[tuple[int, str]] = set()

    @property
    def first_generated(self) -> int:
        """Where sequences go on, out of the way of the rows made here."""
        return max(1000, self._count + 1)

    def fill(self, session: Connection) -> tuple[str, ...]:
        """Put rows into empty tables, and values into new columns; name the tables that stayed empty."""
        tables = [
            tuple(stricter(one, self._also.get(((one.schema, one.table), one.name))) for one in table)
            for table in columns_to_fill(session)
        ]
        empty = []
        session.execute("SET session_replication_role = replica")
        for table in tables:
            if all((column.relation, column.name) in self._filled for column in table):
                continue
            if not self._fill(session, table):
                empty.append(f"{table[0].schema}.{table[0].table}")
            self._filled.update((column.relation, column.name) for column in table)
        session.execute("RESET session_replication_role")
        for (sequence,) in run(session, _SEQUENCES.format(first=self.first_generated)):
            attempt(session, f"SELECT setval({quote_literal(sequence)}::regclass, {self.first_generated})")
        return tuple(empty)

    def take_out(self, session: Connection) -> None:
        """Take all rows out of all tables, which are filled again at the next occasion."""
        self._filled.clear()
        tables = run(session, _TABLES)
        if tables:
            names = ", ".join(f"{quote_ident(schema)}.{quote_ident(name)}" for schema, name in tables)
            run(session, "SET session_replication_role = replica")  # no trigger has a say in it
            run(session, f"TRUNCATE {names} CASCADE")
            run(session, "RESET session_replication_role")

    def _fill(self, session: Connection, table: Sequence[FillColumn]) -> bool:
        name = f"{quote_ident(table[0].schema)}.{quote_ident(table[0].table)}"
        if run(session, f"SELECT 1 FROM {name} LIMIT 1"):
            for column in table:
                if (column.relation, column.name) not in self._filled:
                    attempt(session, _update(name, column))
            return True
        return any(
            attempt(session, one) is None and run(session, f"SELECT 1 FROM {name} LIMIT 1")
            for one in self._attempts(session, name, table)
        )

    def _attempts(self, session: Connection, name: str, table: Sequence[FillColumn]) -> Iterator[str]:
        """Ways to fill a table, the fullest first: constraints may refuse some of them."""
        chosen = _let_in(session, name, table)
        for count in (self._count, 1):
            for columns in (table, tuple(column for column in table if column.required)):
                if columns:
                    filled = _insert(name, columns, chosen, count, some_null=self._some_null)
                    yield filled
                    yield filled.removesuffix(
                        OR_NOT
                    )  # which the server refuses where a unique constraint is DEFERRABLE
        yield f"INSERT INTO {name} DEFAULT VALUES"


_TABLES = """
SELECT schemaname, tablename FROM pg_catalog.pg_tables WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema'
"""
_SEQUENCES = """
SELECT format('%I.%I', schemaname, sequencename) FROM pg_catalog.pg_sequences
WHERE coalesce(last_value, 0) < {first} AND max_value > {first}
"""


def _let_in(session: Connection, name: str, table: Sequence[FillColumn]) -> Mapping[str, Choice]:
    """The values, by column, that CHECKs and partitions let in, instead of those from the row's number."""
    passing = let_in(session, table)
    for chosen in (passing, *islice(choices(table), MOST_TRIES)):
        run(session, "BEGIN")
        refused = attempt(session, _insert(name, table, chosen, 1))
        run(session, "ROLLBACK")
        if refused is None or refused.code != REFUSED_BY_CHECK:
            return chosen
    return {}


def _insert(
    name: str, columns: Sequence[FillColumn], chosen: Mapping[str, Choice], count: int, *, some_null: bool = False
) -> str:
    names = ", ".join(quote_ident(column.name) for column in columns)
    made = [made_of(column, chosen, "n") for column in columns]
    if some_null:
        made = [
            value if column.required or column.in_key else f"CASE WHEN n % 10 > 0 THEN {value} END"
            for column, value in zip(columns, made, strict=True)
        ]
    values = ", ".join(made)
    return (
        f"INSERT INTO {name} ({names}) OVERRIDING SYSTEM VALUE SELECT {values} FROM generate_series(1, {count}) AS n"
        f"{OR_NOT}"
    )


def _update(name: str, column: FillColumn) -> str:
    return (
        f"UPDATE {name} AS filled SET {quote_ident(column.name)} = {column.value('n')}"
        f" FROM (SELECT tableoid, ctid, row_number() OVER () AS n FROM {name}) AS numbered"
        " WHERE numbered.ctid = filled.ctid AND numbered.tableoid = filled.tableoid"
        f" AND filled.{quote_ident(column.name)} IS NULL"
    )
