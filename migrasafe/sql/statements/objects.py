"""Statements about any object: DROP, RENAME, SET SCHEMA, OWNER; and indexes, views, sequences, schemas, extensions."""

from __future__ import annotations

from dataclasses import dataclass

from migrasafe.sql.statements.base import Expression, Name, Query, Statement, TypeName
from migrasafe.sql.statements.tables import Persistence


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedObject:
    name: Name
    table: Name | None = None
    """The table of a trigger, policy or rule."""
    arguments: tuple[TypeName, ...] | None = None
    """Argument types of a function, procedure, aggregate or operator; None where none were written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop(Statement):
    kind: str
    """The words after DROP: `TABLE`, `MATERIALIZED VIEW`, `INDEX`, `TYPE`, `TRIGGER`, `POLICY`, `SCHEMA` …"""
    objects: tuple[DroppedObject, ...]
    if_exists: bool = False
    cascade: bool = False
    concurrently: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename(Statement):
    """ALTER … RENAME. For a column, attribute, constraint, trigger, policy, rule or enum value `part` names it."""

    kind: str
    """What is renamed: `TABLE`, `COLUMN`, `CONSTRAINT`, `INDEX`, `VIEW`, `TYPE`, `ATTRIBUTE`, `SCHEMA`, `TRIGGER` …"""
    name: Name
    new_name: str
    part: str | None = None
    of: str = "TABLE"
    """For a COLUMN: the kind of relation, `TABLE`, `VIEW`, `MATERIALIZED VIEW`, `FOREIGN TABLE`, `TYPE`."""
    if_exists: bool = False
    arguments: tuple[TypeName, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSchema(Statement):
    kind: str
    name: Name
    new_schema: str
    if_exists: bool = False
    arguments: tuple[TypeName, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOwner(Statement):
    """ALTER … OWNER TO of anything that is not altered by ALTER TABLE."""

    kind: str
    name: Name
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexElement:
    """One key of an index: a column, or an expression."""

    column: str | None = None
    expression: Expression | None = None
    opclass: str | None = None
    collation: Name | None = None
    descending: bool = False
    nulls_first: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateIndex(Statement):
    name: str | None
    table: Name
    elements: tuple[IndexElement, ...]
    unique: bool = False
    concurrently: bool = False
    if_not_exists: bool = False
    only: bool = False
    method: str = "btree"
    predicate: Expression | None = None
    include: tuple[str, ...] = ()
    nulls_not_distinct: bool = False
    tablespace: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reindex(Statement):
    kind: str
    """`INDEX` | `TABLE` | `SCHEMA` | `DATABASE` | `SYSTEM`."""
    name: Name | None
    concurrently: bool = False
    tablespace: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateView(Statement):
    name: Name
    query: Query
    columns: tuple[str, ...] = ()
    replace: bool = False
    persistence: Persistence = Persistence.PERMANENT
    check_option: str | None = None
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshMaterializedView(Statement):
    name: Name
    concurrently: bool = False
    with_data: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSequence(Statement):
    name: Name
    if_not_exists: bool = False
    persistence: Persistence = Persistence.PERMANENT
    type: TypeName | None = None
    owned_by: tuple[Name, str] | None = None
    """(table, column); None for OWNED BY NONE or no clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterSequence(Statement):
    name: Name
    if_exists: bool = False
    options: tuple[str, ...] = ()
    """Lower-case names of the options given: `restart`, `increment`, `maxvalue`, `cycle`, `as`, `owned_by` …"""
    type: TypeName | None = None
    owned_by: tuple[Name, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSchema(Statement):
    name: str
    if_not_exists: bool = False
    elements: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateExtension(Statement):
    name: str
    if_not_exists: bool = False
    schema: str | None = None
    version: str | None = None
    cascade: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterExtension(Statement):
    """ALTER EXTENSION UPDATE (`update`), or ADD | DROP of a member (`contents`)."""

    name: str
    verb: str
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateStatistics(Statement):
    name: Name | None
    table: Name | None
    if_not_exists: bool = False
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRule(Statement):
    name: str
    table: Name
    event: str
    instead: bool = False
    replace: bool = False
