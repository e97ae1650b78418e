"""Compares the columns that the resolver finds in queries with those that PostgreSQL itself notes for them.

The server's answer: a function with the query as its BEGIN ATOMIC body (14 and later), and the column-level rows of
pg_depend for it. The schema is read from the same database. For PostgreSQL's own regression queries, run its regression
tests first (`make installcheck` leaves the database `regression`), then:

    python tools/measure_column_usage.py 'dbname=regression' src/test/regress/sql/*.sql

With `--hide 5` every fifth column is hidden from the resolver, and with `--hide-tables 5` every fifth table: a query
that uses one and is not complained of is a silent miss.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.app.resolve import Resolution, Resolver, read_query
from migrasafe.app.resolve.references import WHOLE_ROW
from migrasafe.app.usage import Certainty, ObjectKind
from migrasafe.postgres.catalog.columns_used import UsedColumn, columns_used
from migrasafe.postgres.catalog.introspect import load_schema
from migrasafe.postgres.connect import connect
from migrasafe.schema.evolve import with_search_path
from migrasafe.schema.model import Composite, Schema, Table, View
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import read_source
from migrasafe.sql.statements import Delete, Insert, Merge, Select, SetVariable, Update


class Answer(Struct, frozen=True, kw_only=True):
    """One query, as the server and as the resolver see it."""

    sql: str
    path: str
    server: frozenset[UsedColumn]
    ours: frozenset[UsedColumn]
    whole_rows: frozenset[UsedColumn]
    by_star: bool
    """It names columns by `*`, or by their places."""
    complained: bool
    """The resolver said that it does not know everything about it."""
    reason: str = ""

    @property
    def missing(self) -> frozenset[UsedColumn]:
        return self.server - self.ours - self.whole_rows

    @property
    def extra(self) -> frozenset[UsedColumn]:
        return self.ours - self.server


def queries(paths: list[Path]) -> Iterator[tuple[str, str, tuple[str, ...] | None]]:
    """The queries in files, each once, with the search path of the moment."""
    seen: set[str] = set()
    for path in paths:
        search_path: tuple[str, ...] | None = None
        script = read_script(read_source(path))
        for statement in script.statements:
            if isinstance(statement, SetVariable) and statement.name == "search_path":
                search_path = tuple(statement.values) if statement.values else None
            if not isinstance(statement, (Select, Insert, Update, Delete, Merge)):
                continue
            sql = script.source.text[statement.span.start : statement.span.end].rstrip().rstrip(";")
            if sql not in seen and "$1" not in sql and ":" not in sql.replace("::", ""):
                seen.add(sql)
                yield sql, path.name, search_path


def answer(schema: Schema, sql: str, path: str, server: frozenset[UsedColumn], resolution: Resolution) -> Answer:
    direct = [
        use
        for use in resolution.uses
        if use.kind is ObjectKind.COLUMN
        and use.object is not None
        and use.through is None
        and not isinstance(schema.types.get(use.object), Composite)
    ]
    columns = [(UsedColumn(use.object.schema, use.object.name, use.name or ""), use) for use in direct if use.object]
    whole = frozenset(column for column, use in columns if use.note == WHOLE_ROW)
    ours = frozenset(column for column, _ in columns)
    unsure = any(use.certainty is not Certainty.CERTAIN for use in resolution.uses)
    return Answer(
        sql=sql,
        path=path,
        server=server,
        ours=ours - (whole - server),
        whole_rows=whole,
        by_star=resolution.star or any(use.by_star for use in resolution.uses) or sql.lower().startswith("table"),
        complained=bool(resolution.problems or resolution.opaque or unsure),
        reason="; ".join([*(one.message for one in resolution.problems), resolution.opaque]),
    )


def hidden(schema: Schema, every_column: int, every_table: int) -> tuple[Schema, frozenset[UsedColumn]]:
    """The schema without every nth column or table, and what was taken away."""
    gone: set[UsedColumn] = set()
    relations = schema.relations
    number = tables = 0
    for ref, relation in sorted(schema.relations.items()):
        if isinstance(relation, Table):
            tables += 1
            if every_table and tables % every_table == 0:
                gone.update(UsedColumn(ref.schema, ref.name, column.name) for column in relation.columns)
                relations = relations.remove(ref)
                continue
            kept = []
            for column in relation.columns:
                number += 1
                if every_column and number % every_column == 0:
                    gone.add(UsedColumn(ref.schema, ref.name, column.name))
                else:
                    kept.append(column)
            relations = relations.insert(ref, replace(relation, columns=tuple(kept)))
        elif isinstance(relation, View):
            continue
    return replace(schema, relations=relations), frozenset(gone)


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare the columns found in queries with the server's own answer.")
    parser.add_argument("dsn")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--hide", type=int, default=0, metavar="N", help="hide every Nth column")
    parser.add_argument("--hide-tables", type=int, default=0, metavar="N", help="hide every Nth table")
    parser.add_argument("--show", type=int, default=20, help="how many disagreements to print")
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    shown = 0
    with connect(options.dsn) as connection:
        schema, gone = hidden(load_schema(connection), options.hide, options.hide_tables)
        resolvers: dict[tuple[str, ...] | None, Resolver] = {None: Resolver(schema)}
        for sql, path, search_path in queries(options.files):
            server = columns_used(connection, sql, search_path)
            if server is None:
                counts["refused by the server"] += 1
                continue
            if search_path not in resolvers:
                resolvers[search_path] = Resolver(with_search_path(schema, search_path or ()))
            found = answer(schema, sql, path, server, resolvers[search_path].resolve(read_query(sql)))
            counts["compared"] += 1
            if gone:
                verdict = _with_gone(found, gone)
            elif found.missing or found.extra:
                verdict = "differs, and says so" if found.complained else "differs silently"
            else:
                verdict = "same, but complained of" if found.complained else "same"
            counts[verdict] += 1
            if verdict not in ("same", "said", "does not use it", "not named: * or places") and shown < options.show:
                shown += 1
                print(f"--- {path}: {verdict} {found.reason}\n{sql}")
                print(f"    missing {sorted(map(str, found.missing))}\n    extra {sorted(map(str, found.extra))}")
    for verdict, count in counts.most_common():
        print(f"{count:6}  {verdict}")
    return 0


def _with_gone(found: Answer, gone: frozenset[UsedColumn]) -> str:
    if found.server.isdisjoint(gone):
        return "does not use it"
    if found.complained:
        return "said"
    return "not named: * or places" if found.by_star else "silent miss"


if __name__ == "__main__":
    sys.exit(main())
