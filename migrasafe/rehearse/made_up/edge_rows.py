"""Rows with rare values in them: empty and long texts, extremes of numbers, infinity, null …, as old data has them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from migrasafe.postgres.attempt import ask
from migrasafe.postgres.connect import connect, run
from migrasafe.postgres.watch.observed import SqlState
from migrasafe.rehearse.made_up.app import Known, TableUse
from migrasafe.rehearse.made_up.edge_values import edge_values
from migrasafe.rehearse.made_up.values import FillColumn
from migrasafe.sql.quote import quote_ident, quote_literal

EACH = 3
"""Every third row may get rare values; the others stay as they are."""


class Edge(Struct, frozen=True, kw_only=True):
    """A rare value of a column, and which row gets it."""

    use: TableUse
    column: str
    value: str
    row: int


def edges_of(uses: Sequence[TableUse], later: Known, rows: int) -> tuple[Edge, ...]:
    """The rare values of columns that nothing else in the schema has to agree with, nor in the `later` one."""
    return tuple(
        Edge(use=use, column=column.name, value=value, row=number * EACH)
        for use in uses
        for column in use.columns
        if not (column.always or column.refers or column.in_unique or _is_unique(later.get((use.ref, column.name))))
        for number, value in enumerate(edge_values(column))
        if number * EACH < rows and not value.startswith("NULL::")  # other rows are null already
    )


def _is_unique(column: FillColumn | None) -> bool:
    return column is not None and column.in_unique


def put_edges(dsn: str, edges: Sequence[Edge]) -> tuple[Edge, ...]:
    """Give the rows these values, past all triggers; those that the table took."""
    with connect(dsn) as session:
        run(session, "SET session_replication_role = replica")
        places = {
            name: [
                f"tableoid = {table} AND ctid = {quote_literal(row)}" for table, row in run(session, _ROWS.format(name))
            ]
            for name in dict.fromkeys(edge.use.name for edge in edges)
        }
        taken = []
        for edge in edges:
            rows = places[edge.use.name]
            if edge.row >= len(rows):
                continue
            sets = f"{quote_ident(edge.column)} = {edge.value}"
            asked = f"UPDATE {edge.use.name} SET {sets} WHERE {rows[edge.row]} RETURNING tableoid::bigint, ctid::text"
            moved = ask(session, asked)
            if not isinstance(moved, SqlState) and moved:
                rows[edge.row] = f"tableoid = {moved[0][0]} AND ctid = {quote_literal(str(moved[0][1]))}"
                taken.append(edge)
        return tuple(taken)


_ROWS = "SELECT tableoid::bigint, ctid::text FROM {} ORDER BY 1, ctid"
