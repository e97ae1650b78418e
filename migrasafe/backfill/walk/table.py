"""What the server says of the table that a job walks: the tables that hold its rows, its columns, its keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from migrasafe.backfill.queries import query
from migrasafe.errors import InputError, did_you_mean
from migrasafe.postgres.scripts import ScriptSession, StatementError
from migrasafe.sql.quote import quote_ident

_KINDS = {"v": "a view", "m": "a materialized view", "f": "a foreign table", "i": "an index", "S": "a sequence",
          "c": "a composite type", "I": "an index"}  # fmt: skip


class Table(Struct, frozen=True, kw_only=True):
    """A table as its name said."""

    oid: int
    schema: str
    name: str
    is_partitioned: bool

    @property
    def sql(self) -> str:
        return f"{quote_ident(self.schema)}.{quote_ident(self.name)}"


class Leaf(Struct, frozen=True, kw_only=True):
    """A table that holds rows: the job's table itself, or a partition or child of it."""

    oid: int
    schema: str
    name: str
    filenode: int
    """Changes when the table is rewritten: block numbers mean nothing afterwards."""
    rows: int
    """By the statistics, or by the size where there are none."""
    bytes: int
    blocks: int

    @property
    def sql(self) -> str:
        return f"{quote_ident(self.schema)}.{quote_ident(self.name)}"


class Column(Struct, frozen=True, kw_only=True):
    name: str
    type: str
    category: str
    """pg_type.typcategory."""
    not_null: bool
    collation: str
    """Its name and the version of its order; empty where the type has none."""
    has_default: bool
    is_generated: bool
    is_partition_key: bool
    correlation: float
    """How far the order of the values is that of the heap, 0 … 1; 1 where there are no statistics."""


class Index(Struct, frozen=True, kw_only=True):
    name: str
    is_primary: bool
    is_unique: bool
    columns: tuple[str, ...]
    is_not_null: bool
    is_comparable: bool
    """Rows come in the order of `(a, b) < (c, d)`."""


def find_table(session: ScriptSession, name: str, what: str) -> Table:
    """The table that a name means. Raises InputError, with `what` in front, for a name that is no table."""
    try_name = name.strip()
    try:
        found = session.rows(query("table_by_name", name=try_name))
    except StatementError as error:
        if error.is_lost:
            raise
        raise InputError(f"{what} {name}: is no name of a table ({error.message})") from error
    if not found:
        plain = try_name.rpartition(".")[2].strip('"')
        similar = [row[0] for row in session.rows(query("tables_of_similar_name", name=plain))]
        hint = f"did you mean {' or '.join(similar)}?" if similar else "give it as schema.table, quoted as in SQL"
        raise InputError(f"{what} {name}: there is no such table in this database; {hint}")
    oid, schema, table, kind, persistence = found[0]
    if kind not in ("r", "p"):
        raise InputError(f"{what} {name} is {_KINDS.get(kind, 'no table')}: only tables can be walked")
    if persistence == "t":
        raise InputError(f"{what} {name} is a temporary table, which other sessions cannot see")
    return Table(oid=oid, schema=schema, name=table, is_partitioned=kind == "p")


def tables_to_walk(session: ScriptSession, table: Table) -> tuple[Leaf, ...]:
    """The tables that hold the rows. Raises InputError where one of them cannot be walked."""
    leaves = []
    for oid, schema, name, kind, filenode, rows, size, blocks in session.rows(
        query("tables_to_walk", table_oid=table.oid)
    ):
        if kind != "r":
            kind_said = _KINDS.get(kind, "not a table")
            raise InputError(f"{table.sql}: its partition {schema}.{name} is {kind_said}, which cannot be walked")
        leaves.append(
            Leaf(
                oid=oid,
                schema=schema,
                name=name,
                filenode=filenode or 0,
                rows=rows or (_estimated_rows(session, f"{quote_ident(schema)}.{quote_ident(name)}") if blocks else 0),
                bytes=size,
                blocks=blocks,
            )
        )
    return tuple(leaves)


def columns_of(session: ScriptSession, table_oid: int) -> dict[str, Column]:
    """The columns of a table by name, in their order."""
    version = session.rows(_default_collation_version(session.major))[0][0] or ""
    return {
        row[0]: Column(
            name=row[0],
            type=row[1],
            category=row[2],
            not_null=row[3],
            collation=row[4],
            has_default=row[5],
            is_generated=row[6],
            is_partition_key=row[7],
            correlation=row[8],
        )
        for row in session.rows(query("columns_of_table", table_oid=table_oid, default_version=version))
    }


def indexes_of(session: ScriptSession, table_oid: int) -> tuple[Index, ...]:
    """The indexes that could order a walk, the primary key first."""
    return tuple(
        Index(
            name=name,
            is_primary=primary,
            is_unique=unique,
            columns=tuple(columns),
            is_not_null=not_null,
            is_comparable=comparable,
        )
        for name, primary, unique, columns, not_null, comparable in session.rows(
            query("indexes_that_order_rows", table_oid=table_oid)
        )
    )


def named_columns(names: Sequence[str], columns: Mapping[str, Column], table: Table, what: str) -> tuple[Column, ...]:
    """The columns of these names; unquoted ones may be in any case. Raises InputError for one that is not there."""
    found = []
    for name in names:
        column = columns.get(name) or columns.get(name.lower())
        if column is None:
            hint = did_you_mean(name, columns, f"it has {', '.join(columns)}")
            raise InputError(f"{what}: {table.sql} has no column {name}; {hint}")
        found.append(column)
    return tuple(found)


def _estimated_rows(session: ScriptSession, relation: str) -> int:
    """What the planner makes of the size of a table that was never analyzed."""
    plan = session.rows(f"EXPLAIN (FORMAT JSON) SELECT FROM ONLY {relation}")[0][0]
    return int(plan[0]["Plan"]["Plan Rows"])


def _default_collation_version(major: int) -> str:
    """A query for the version of the database's own order of texts, which servers before 15 do not know."""
    if major < 15:
        return "SELECT ''"
    return "SELECT pg_database_collation_actual_version(oid) FROM pg_database WHERE datname = current_database()"
