"""The objects of a catalog, each a frozen value: tables with their columns and constraints, indexes, views, functions, …"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from msgspec import Struct

from migrasafe.schema.names import BEFORE_HISTORY, ColumnGranted, ColumnRef, Granted, Moment, Ref
from migrasafe.sql.statements import (
    Argument,
    ConstraintKind,
    Expression,
    Identity,
    IndexElement,
    PartitionBound,
    PartitionBy,
    Persistence,
    Query,
    References,
    TypeName,
)


class RelationKind(Enum):
    TABLE = "table"
    PARTITIONED_TABLE = "partitioned table"
    FOREIGN_TABLE = "foreign table"
    VIEW = "view"
    MATERIALIZED_VIEW = "materialized view"
    SEQUENCE = "sequence"
    INDEX = "index"
    COMPOSITE_TYPE = "composite type"


class Column(Struct, frozen=True, kw_only=True):
    name: str
    type: TypeName | None
    """None where it could not be known: of CREATE TABLE AS over unknown tables."""
    not_null: bool = False
    not_null_valid: bool = True
    """False for a NOT NULL … NOT VALID constraint (18): new rows are checked, old ones were not."""
    default: Expression | None = None
    identity: Identity | None = None
    generated: Expression | None = None
    generated_stored: bool = True
    collation: str | None = None
    born: Moment = BEFORE_HISTORY
    inherited: bool = False
    local: bool = False
    """Of an inherited column: the table defines it itself as well, so it stays when the parent's goes."""
    grants: frozenset[Granted] = frozenset()
    """Privileges on it alone, beside those on its table."""


class Constraint(Struct, frozen=True, kw_only=True):
    """CHECK, FOREIGN KEY, UNIQUE, PRIMARY KEY, EXCLUDE, or a NOT NULL with a name (18)."""

    name: str
    kind: ConstraintKind
    columns: tuple[str, ...] = ()
    """For CHECK: every column its expression reads."""
    expression: Expression | None = None
    references: References | None = None
    target: Ref | None = None
    """FOREIGN KEY: the referenced table, resolved; its columns are in target_columns."""
    target_columns: tuple[str, ...] = ()
    valid: bool = True
    enforced: bool = True
    deferrable: bool = False
    initially_deferred: bool = False
    no_inherit: bool = False
    include: tuple[str, ...] = ()
    nulls_not_distinct: bool = False
    without_overlaps: bool = False
    """The last column is a range, `WITHOUT OVERLAPS` or `PERIOD` (18)."""
    index: Ref | None = None
    """The index behind a UNIQUE, PRIMARY KEY or EXCLUDE."""
    inherited: bool = False
    tablespace: str | None = None
    """Of the index that is to be made for it, as `with_its_index` has it: the schema keeps that with the index itself."""
    options: tuple[tuple[str, str], ...] = ()
    """Likewise."""
    born: Moment = BEFORE_HISTORY


class Index(Struct, frozen=True, kw_only=True):
    """An index; found through its own name and listed by its table."""

    ref: Ref
    table: Ref
    elements: tuple[IndexElement, ...] = ()
    unique: bool = False
    method: str = "btree"
    predicate: Expression | None = None
    include: tuple[str, ...] = ()
    reads: frozenset[str] = frozenset()
    """Every column it needs: keys, expressions, predicate, INCLUDE."""
    column_names: tuple[str, ...] = ()  # as it was made: the names of its copies are put together from them
    nulls_not_distinct: bool = False
    options: tuple[tuple[str, str], ...] = ()
    valid: bool = True
    """False after CREATE INDEX … ON ONLY a partitioned table, or (from a server) after a failed concurrent build."""
    constraint: str | None = None
    """Name of the constraint that owns it."""
    parent: Ref | None = None
    """The partitioned index it is attached to."""
    tablespace: str | None = None
    replica_identity: bool = False
    """REPLICA IDENTITY USING INDEX named it."""
    born: Moment = BEFORE_HISTORY


class Trigger(Struct, frozen=True, kw_only=True):
    name: str
    function: Ref | None
    timing: str = "after"
    events: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    row: bool = False
    constraint: bool = False
    enabled: bool = True
    reads: frozenset[str] = frozenset()
    """Columns named in UPDATE OF and WHEN."""
    inherited: bool = False
    """A copy of the row trigger of the partitioned table above."""
    born: Moment = BEFORE_HISTORY


class Policy(Struct, frozen=True, kw_only=True):
    name: str
    command: str = "all"
    permissive: bool = True
    roles: tuple[str, ...] = ("public",)
    using: Expression | None = None
    check: Expression | None = None
    reads: frozenset[str] = frozenset()
    """Columns of its own table that it reads."""
    born: Moment = BEFORE_HISTORY


class Table(Struct, frozen=True, kw_only=True):
    """A table of any kind: ordinary, partitioned, foreign."""

    ref: Ref
    kind: RelationKind = RelationKind.TABLE
    persistence: Persistence = Persistence.PERMANENT
    columns: tuple[Column, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[Ref, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    policies: tuple[Policy, ...] = ()
    row_security: bool = False
    row_security_forced: bool = False
    partition_by: PartitionBy | None = None
    partition_of: Ref | None = None
    bound: PartitionBound | None = None
    partitions: tuple[Ref, ...] = ()
    inherits: tuple[Ref, ...] = ()
    children: tuple[Ref, ...] = ()
    """Tables that INHERIT from it; partitions are in `partitions`."""
    replica_identity: str = "default"
    options: tuple[tuple[str, str], ...] = ()
    tablespace: str | None = None
    access_method: str | None = None
    """None: the default one, as good as always heap."""
    of_type: Ref | None = None
    owner: str | None = None
    rewritten: bool = False
    """A rule, or a trigger INSTEAD OF the statement, decides what writing to it does."""
    grants: frozenset[Granted] = frozenset()
    complete: bool = True
    """False when not every column is known: the table was never seen being made, or came from CREATE TABLE AS."""
    rows: float | None = None
    """pg_class.reltuples, from a server."""
    born: Moment = BEFORE_HISTORY

    def column(self, name: str) -> Column | None:
        for column in self.columns:
            if column.name == name:
                return column
        return None

    def constraint(self, name: str) -> Constraint | None:
        for constraint in self.constraints:
            if constraint.name == name:
                return constraint
        return None

    @property
    def primary_key(self) -> Constraint | None:
        for constraint in self.constraints:
            if constraint.kind is ConstraintKind.PRIMARY_KEY:
                return constraint
        return None


class View(Struct, frozen=True, kw_only=True):
    ref: Ref
    kind: RelationKind = RelationKind.VIEW
    query: Query | None = None
    """As written; renames since then are followed in `reads`, not here."""
    columns: tuple[str, ...] = ()
    reads: frozenset[ColumnRef] = frozenset()
    populated: bool = True
    indexes: tuple[Ref, ...] = ()
    """Of a materialized view."""
    complete: bool = True
    """False when its output columns are not all known."""
    options: tuple[tuple[str, str], ...] = ()
    rewritten: bool = False
    """A rule, or a trigger INSTEAD OF the statement, decides what writing to it does."""
    grants: frozenset[Granted] = frozenset()
    column_grants: frozenset[ColumnGranted] = frozenset()
    born: Moment = BEFORE_HISTORY

    def grants_on(self, column: str) -> frozenset[Granted]:
        """Who may do what with a column, beside those who may do it with the view."""
        return frozenset(one.granted for one in self.column_grants if one.column == column)


class Sequence(Struct, frozen=True, kw_only=True):
    ref: Ref
    type: TypeName | None = None
    owned_by: ColumnRef | None = None
    grants: frozenset[Granted] = frozenset()
    born: Moment = BEFORE_HISTORY


class Function(Struct, frozen=True, kw_only=True):
    """One overload of a function or procedure."""

    ref: Ref
    arguments: tuple[Argument, ...] = ()
    returns: TypeName | None = None
    language: str = "sql"
    volatility: str = "volatile"
    strict: bool = False
    security_definer: bool = False
    settings: tuple[str, ...] = ()
    procedure: bool = False
    source_text: str | None = None
    definition: str | None = None
    """The statement that makes it, whole; None where it was not seen."""
    reads: frozenset[ColumnRef] = frozenset()
    """What a BEGIN ATOMIC body depends on; PostgreSQL tracks no other body."""
    born: Moment = BEFORE_HISTORY


class PublishedPart(Struct, frozen=True):
    """A table of which a publication sends only some columns, or some rows."""

    table: Ref
    columns: tuple[str, ...] = ()
    """Empty: all."""
    filtered_by: tuple[str, ...] = ()
    """The columns that its WHERE reads, sorted."""


class Publication(Struct, frozen=True, kw_only=True):
    name: str
    all_tables: bool = False
    tables: tuple[Ref, ...] = ()
    schemas: tuple[str, ...] = ()
    changes: bool = True
    """Whether UPDATE and DELETE are published, for which PostgreSQL must be able to tell rows apart."""
    parts: tuple[PublishedPart, ...] = ()
    """Those of its tables that are not sent whole."""
    born: Moment = BEFORE_HISTORY


Relation: TypeAlias = Table | View | Sequence | Index
