"""The catalog between two migrations, as one immutable value.

Every object (objects.py) is a frozen value; `Schema` holds them in persistent maps, so that the schema before and the
schema after a statement share all that the statement did not touch. How a statement changes it is in evolve/; where a
first one comes from is in load.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.schema.names import BEFORE_HISTORY, TEMPORARY_SCHEMA, ColumnGranted, ColumnRef, Granted, Moment, Ref
from migrasafe.schema.objects import (
    Column,
    Constraint,
    Function,
    Index,
    Policy,
    Publication,
    PublishedPart,
    Relation,
    RelationKind,
    Sequence,
    Table,
    Trigger,
    View,
)
from migrasafe.schema.persistent_map import NOTHING, PersistentMap
from migrasafe.schema.types import Composite, Domain, EnumType, OtherType, Type

__all__ = [
    "BEFORE_HISTORY",
    "TEMPORARY_SCHEMA",
    "Column",
    "ColumnGranted",
    "ColumnRef",
    "Composite",
    "Constraint",
    "Domain",
    "EnumType",
    "Function",
    "Granted",
    "Index",
    "Moment",
    "OtherType",
    "Policy",
    "Publication",
    "PublishedPart",
    "Ref",
    "Relation",
    "RelationKind",
    "Schema",
    "Sequence",
    "Table",
    "Trigger",
    "Type",
    "View",
]


class Schema(Struct, frozen=True, kw_only=True):
    """The catalog: every object we know of, by full name."""

    relations: PersistentMap[Ref, Relation] = NOTHING
    types: PersistentMap[Ref, Type] = NOTHING
    functions: PersistentMap[Ref, tuple[Function, ...]] = NOTHING
    schemas: PersistentMap[str, Moment] = NOTHING
    extensions: PersistentMap[str, Moment] = NOTHING
    publications: PersistentMap[str, Publication] = NOTHING
    default_grants: PersistentMap[tuple[str, str], frozenset[Granted]] = NOTHING
    """(schema, or "" for all of them; `TABLE` or `SEQUENCE`) → what relations made there come with."""
    dependents: PersistentMap[Ref, PersistentMap[Ref, None]] = NOTHING
    """relation, type or function → what depends on it: views reading it, tables with an FK to it or with a column of
    the type, sequences it owns, types and functions built on the type, indexes whose expression calls the function.
    Plain indexes, policies and partitions are listed by their table instead. It may list a little too much, also what
    is gone: look before you believe it."""
    constraint_names: PersistentMap[Ref, int] = NOTHING
    """(schema, constraint name) → how many tables have one of that name: PostgreSQL's generated names avoid them."""
    alike: PersistentMap[int, tuple[Ref, ...]] = NOTHING
    """For tables with many indexes: a hash of what an index is over → those that are. It may list too much: schema/alike.py."""
    default_partitions: PersistentMap[Ref, Ref] = NOTHING
    """partitioned table → its DEFAULT partition. It may list what is that no longer, too: ask `default_partition`."""
    numbered: PersistentMap[tuple[str, str, str, str], int] = NOTHING
    """What generated names are made of → the number of the last one, where there are many: all numbers below it are taken."""
    table_grants: PersistentMap[str, PersistentMap[frozenset[Granted], int]] = NOTHING
    """schema → what tables in it grant → how many of them grant just that; partitions, which nobody has to be granted, are
    left out."""
    search_path: tuple[str, ...] = ("public",)
    temporary: bool = False
    """Whether a temporary relation was ever made: those live in `pg_temp`, which every name is looked up in first."""
    complete: bool = False
    """True when the catalog came from a dump or a server: an object that is not here does not exist."""

    # --- questions ---

    def relation(self, ref: Ref) -> Relation | None:
        return self.relations.get(ref)

    def table(self, ref: Ref) -> Table | None:
        relation = self.relations.get(ref)
        return relation if type(relation) is Table else None

    def index(self, ref: Ref) -> Index | None:
        relation = self.relations.get(ref)
        return relation if type(relation) is Index else None

    def view(self, ref: Ref) -> View | None:
        relation = self.relations.get(ref)
        return relation if isinstance(relation, View) else None

    def indexes_of(self, table: Table | View) -> Iterator[Index]:
        for ref in table.indexes:
            index = self.relations.get(ref)
            if type(index) is Index:
                yield index

    def default_partition(self, parent: Ref) -> Table | None:
        ref = self.default_partitions.get(parent)
        table = self.table(ref) if ref is not None else None
        if table is None or table.partition_of != parent or table.bound is None:
            return None
        return table if table.bound.default else None

    def dependents_of(self, ref: Ref) -> frozenset[Ref]:
        return frozenset(self.dependents.get(ref, ()))

    # --- names ---

    def resolve(self, schema: str | None, name: str) -> Ref:
        """The relation a name means now: the first match on the search path, else where it would be made."""
        if schema is not None:
            return Ref(schema, name)
        if self.temporary and (ref := Ref(TEMPORARY_SCHEMA, name)) in self.relations:
            return ref
        for candidate in self.search_path:
            found = self.relations.get((candidate, name))  # a tuple finds it too, and costs less
            if found is not None:
                return found.ref
        return Ref(self.search_path[0] if self.search_path else "public", name)

    def resolve_type(self, schema: str | None, name: str) -> Ref:
        """The user-defined type a name means now, likewise."""
        if schema is not None:
            return Ref(schema, name)
        for candidate in self.search_path:
            if (candidate, name) in self.types:
                return Ref(candidate, name)
        return Ref(self.search_path[0] if self.search_path else "public", name)

    def resolve_function(self, schema: str | None, name: str) -> Ref:
        """The user-defined function a name means now, likewise."""
        if schema is not None:
            return Ref(schema, name)
        for candidate in self.search_path:
            ref = Ref(candidate, name)
            if ref in self.functions:
                return ref
        return Ref(self.search_path[0] if self.search_path else "public", name)
