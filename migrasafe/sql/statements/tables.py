"""CREATE TABLE and ALTER TABLE with each of its actions."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from migrasafe.sql.statements.base import Expression, IndexElement, Name, Query, Statement, TypeName


class Persistence(Enum):
    PERMANENT = "permanent"
    TEMPORARY = "temporary"
    UNLOGGED = "unlogged"


class ConstraintKind(Enum):
    NOT_NULL = "NOT NULL"
    CHECK = "CHECK"
    FOREIGN_KEY = "FOREIGN KEY"
    UNIQUE = "UNIQUE"
    PRIMARY_KEY = "PRIMARY KEY"
    EXCLUDE = "EXCLUDE"


class References(Struct, frozen=True, kw_only=True):
    """The target of a FOREIGN KEY; no columns means the primary key of `table`."""

    table: Name
    columns: tuple[str, ...] = ()
    on_delete: str = "NO ACTION"
    on_update: str = "NO ACTION"
    match_full: bool = False


class ConstraintDef(Struct, frozen=True, kw_only=True):
    """A constraint as written, on a column or on the table. `columns` is filled in for column constraints too."""

    kind: ConstraintKind
    name: str | None = None
    columns: tuple[str, ...] = ()
    expression: Expression | None = None
    references: References | None = None
    using_index: str | None = None
    """UNIQUE | PRIMARY KEY USING INDEX name."""
    not_valid: bool = False
    enforced: bool = True
    deferrable: bool = False
    initially_deferred: bool = False
    no_inherit: bool = False
    nulls_not_distinct: bool = False
    without_overlaps: bool = False
    """The last column is a range, `WITHOUT OVERLAPS` or `PERIOD` (18)."""
    include: tuple[str, ...] = ()
    exclude_method: str | None = None
    elements: tuple[IndexElement, ...] = ()
    """Of EXCLUDE: what its index is over."""
    exclusions: tuple[Expression, ...] = ()
    """Of EXCLUDE: each element with its operator, as the grammar has them."""
    tablespace: str | None = None
    """Of its index."""
    options: tuple[tuple[str, str], ...] = ()
    """Likewise, as WITH has them."""


class Identity(Struct, frozen=True, kw_only=True):
    always: bool
    options: tuple[str, ...] = ()
    sequence: Name | None = None
    """SEQUENCE NAME, which pg_dump writes; None: PostgreSQL makes the name up."""


class ColumnDef(Struct, frozen=True, kw_only=True):
    """A column as written, its own constraints pulled out."""

    name: str
    type: TypeName | None
    """None only in CREATE TABLE … OF and PARTITION OF, where the type comes from elsewhere."""
    not_null: bool = False
    null: bool = False
    """An explicit NULL."""
    default: Expression | None = None
    identity: Identity | None = None
    generated: Expression | None = None
    generated_stored: bool = True
    """False for GENERATED … VIRTUAL (18)."""
    collation: Name | None = None
    constraints: tuple[ConstraintDef, ...] = ()
    """NOT NULL (named or not), CHECK, UNIQUE, PRIMARY KEY and REFERENCES written on the column."""
    compression: str | None = None
    storage: str | None = None


class LikeClause(Struct, frozen=True, kw_only=True):
    table: Name
    including: frozenset[str] = frozenset()
    """`defaults`, `constraints`, `identity`, `generated`, `indexes`, `storage`, `statistics`, `comments`, `compression`."""


class PartitionBy(Struct, frozen=True, kw_only=True):
    strategy: str
    """`range` | `list` | `hash`."""
    columns: tuple[str | None, ...]
    """A column name, or None for an expression."""
    expressions: tuple[Expression, ...] = ()


class PartitionBound(Struct, frozen=True, kw_only=True):
    default: bool = False
    strategy: str = ""
    """`range` | `list` | `hash`; empty for DEFAULT."""
    lower: tuple[Expression, ...] = ()
    upper: tuple[Expression, ...] = ()
    values: tuple[Expression, ...] = ()
    modulus: int = 0
    remainder: int = 0


class CreateTable(Statement, frozen=True, kw_only=True):
    name: Name
    if_not_exists: bool = False
    persistence: Persistence = Persistence.PERMANENT
    columns: tuple[ColumnDef, ...] = ()
    constraints: tuple[ConstraintDef, ...] = ()
    like: tuple[LikeClause, ...] = ()
    inherits: tuple[Name, ...] = ()
    partition_by: PartitionBy | None = None
    partition_of: Name | None = None
    bound: PartitionBound | None = None
    of_type: Name | None = None
    foreign_server: str | None = None
    access_method: str | None = None
    tablespace: str | None = None
    options: tuple[tuple[str, str], ...] = ()


class CreateTableAs(Statement, frozen=True, kw_only=True):
    """CREATE TABLE AS, SELECT INTO and CREATE MATERIALIZED VIEW."""

    name: Name
    query: Query
    materialized_view: bool = False
    if_not_exists: bool = False
    persistence: Persistence = Persistence.PERMANENT
    columns: tuple[str, ...] = ()
    with_data: bool = True
