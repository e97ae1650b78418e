"""Which publications a table is in, and whether PostgreSQL can tell its rows apart for them.

https://www.postgresql.org/docs/current/logical-replication-publication.html
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

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


def identity_columns(schema: Schema, table: Table) -> tuple[str, ...] | None:
    """The columns by which rows are told apart: by the primary key unless something else was chosen. Empty where they cannot
    be; None for all columns."""
    match table.replica_identity:
        case "full":
            return None
        case "nothing":
            return ()
        case "index":
            chosen = next((one for one in schema.indexes_of(table) if one.replica_identity), None)
            return tuple(one.column for one in chosen.elements if one.column is not None) if chosen is not None else ()
    key = table.primary_key
    return key.columns if key is not None and not key.deferrable else ()


class Refusal(Struct, frozen=True, kw_only=True):
    """Why UPDATE and DELETE on a table fail."""

    publication: Publication
    column: str | None = None
    """The column that the publication asks for, and the replica identity does not have; None: there is no identity at all."""
    listed: bool = False
    """It is the other way round: the identity has it, and the publication's column list does not."""


def refusal(schema: Schema, table: Table) -> Refusal | None:
    """The first publication because of which UPDATE and DELETE on the table fail; None where they work or we cannot know."""
    if table.partitions or (table.kind is RelationKind.PARTITIONED_TABLE) or not table.complete:
        return None
    identity = identity_columns(schema, table)
    for one in publications_of(schema, table):
        if not one.changes:
            continue
        if identity == ():
            return Refusal(publication=one)
        part = next((part for part in one.parts if part.table == table.ref), None)
        if part is None:
            continue
        kept = identity if identity is not None else tuple(column.name for column in table.columns)
        unsent = next((column for column in kept if part.columns and column not in part.columns), None)
        if unsent is not None:
            return Refusal(publication=one, column=unsent, listed=True)
        unknown = next((column for column in part.filtered_by if identity is not None and column not in identity), None)
        if unknown is not None:
            return Refusal(publication=one, column=unknown)
    return None


def refuses_changes(schema: Schema, table: Table) -> Publication | None:
    found = refusal(schema, table)
    return found.publication if found is not None else None
