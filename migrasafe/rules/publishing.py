"""Which publications a table is in, and whether PostgreSQL can tell its rows apart for them.

https://www.postgresql.org/docs/current/logical-replication-publication.html
"""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.schema.model import Publication, Ref, RelationKind, Schema, Table
from migrasafe.sql.statements import Persistence


def publications_of(schema: Schema, table: Table) -> Iterator[Publication]:
    """The publications that send the changes of a table, in the order of their names."""
    if table.persistence is not Persistence.PERMANENT or table.kind is RelationKind.FOREIGN_TABLE:
        return
    family = set(_with_parents(schema, table))
    for name in sorted(schema.publications):
        publication = schema.publications[name]
        in_schema = any(ref.schema in publication.schemas for ref in family)
        if publication.all_tables or in_schema or not family.isdisjoint(publication.tables):
            yield publication


def _with_parents(schema: Schema, table: Table) -> Iterator[Ref]:
    """A partition is published with the table that it is a part of."""
    yield table.ref
    parent = schema.table(table.partition_of) if table.partition_of is not None else None
    if parent is not None:
        yield from _with_parents(schema, parent)


def has_replica_identity(table: Table) -> bool:
    """Whether rows can be told apart: by the primary key unless something else was chosen."""
    match table.replica_identity:
        case "full" | "index":
            return True
        case "nothing":
            return False
    key = table.primary_key
    return key is not None and not key.deferrable


def refuses_changes(schema: Schema, table: Table) -> Publication | None:
    """The publication because of which UPDATE and DELETE on the table fail; None where they work or we cannot know."""
    if table.partitions or (table.kind is RelationKind.PARTITIONED_TABLE) or not table.complete:
        return None
    if has_replica_identity(table):
        return None
    return next((one for one in publications_of(schema, table) if one.changes), None)
