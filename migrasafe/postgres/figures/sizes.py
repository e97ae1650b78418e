"""How big tables are on a server, from pg_class and pg_stats: nothing is counted, so it takes no time."""

from __future__ import annotations

from collections.abc import Iterable

from migrasafe.postgres.connect import Connection, run
from migrasafe.postgres.queries import query
from migrasafe.schema.model import Ref
from migrasafe.schema.sizes import TableSize

_GUESSED_ROW_BYTES = 100
"""Of a row of which no statistics tell."""


def sizes_of_tables(connection: Connection, tables: Iterable[Ref]) -> tuple[TableSize, ...]:
    """Of those tables that are there. Raises psycopg.Error where the catalog cannot be read."""
    wanted = list(tables)
    found = []
    for schema, name, rows, is_analyzed, heap, index, indexes, widths in run(
        connection, query("sizes_of_tables"), [ref.schema for ref in wanted], [ref.name for ref in wanted]
    ):
        found.append(
            TableSize(
                table=str(Ref(schema, name)),
                rows=rows if is_analyzed else max(rows, heap // _GUESSED_ROW_BYTES),
                is_analyzed=is_analyzed,
                heap_bytes=heap,
                index_bytes=index,
                indexes=indexes,
                widths=tuple(sorted((widths or {}).items())),
            )
        )
    return tuple(found)
