"""Statements about any object: DROP, RENAME, SET SCHEMA, OWNER; and indexes, views, sequences, schemas, extensions."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.sql.statements.base import Expression, IndexElement, Name, Query, Statement, TypeName
from migrasafe.sql.statements.tables import Persistence


class DroppedObject(Struct, frozen=True, kw_only=True):
    name: Name
    table: Name | None = None
    """The table of a trigger, policy or rule."""
    arguments: tuple[TypeName, ...] | None = None
    """Argument types of a function, procedure, aggregate or operator; None where none were written."""


class Drop(Statement, frozen=True, kw_only=True):
    kind: str
    """The words after DROP: `TABLE`, `MATERIALIZED VIEW`, `INDEX`, `TYPE`, `TRIGGER`, `POLICY`, `SCHEMA` …"""
    objects: tuple[DroppedObject, ...]
    if_exists: bool = False
    cascade: bool = False
    concurrently: bool = False


class Comment(Statement, frozen=True, kw_only=True):
    """COMMENT ON."""

    kind: str
    """The words after ON: `TABLE`, `COLUMN`, `INDEX`, `FUNCTION`, `CONSTRAINT` …"""
    name: Name
    """For a COLUMN its relation; otherwise the object itself."""


class Rename(Statement, frozen=True, kw_only=True):
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


class SetSchema(Statement, frozen=True, kw_only=True):
    kind: str
    name: Name
    new_schema: str
    if_exists: bool = False
    arguments: tuple[TypeName, ...] | None = None


class SetOwner(Statement, frozen=True, kw_only=True):
    """ALTER … OWNER TO of anything that is not altered by ALTER TABLE."""

    kind: str
    name: Name
    owner: str


class CreateIndex(Statement, frozen=True, kw_only=True):
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
    options: tuple[tuple[str, str], ...] = ()
    tablespace: str | None = None


class Reindex(Statement, frozen=True, kw_only=True):
    kind: str
    """`INDEX` | `TABLE` | `SCHEMA` | `DATABASE` | `SYSTEM`."""
    name: Name | None
    concurrently: bool = False
    tablespace: str | None = None


class CreateView(Statement, frozen=True, kw_only=True):
    name: Name
    query: Query
    columns: tuple[str, ...] = ()
    replace: bool = False
    persistence: Persistence = Persistence.PERMANENT
    check_option: str | None = None
    options: tuple[tuple[str, str], ...] = ()


class RefreshMaterializedView(Statement, frozen=True, kw_only=True):
    name: Name
    concurrently: bool = False
    with_data: bool = True


class CreateSequence(Statement, frozen=True, kw_only=True):
    name: Name
    if_not_exists: bool = False
    persistence: Persistence = Persistence.PERMANENT
    type: TypeName | None = None
    owned_by: tuple[Name, str] | None = None
    """(table, column); None for OWNED BY NONE or no clause."""


class AlterSequence(Statement, frozen=True, kw_only=True):
    name: Name
    if_exists: bool = False
    options: tuple[str, ...] = ()
    """Lower-case names of the options given: `restart`, `increment`, `maxvalue`, `cycle`, `as`, `owned_by` …"""
    values: tuple[tuple[str, str], ...] = ()
    """(option, its value as a text), of those that have one: `("restart", "1000")`."""
    type: TypeName | None = None
    owned_by: tuple[Name, str] | None = None


class CreateSchema(Statement, frozen=True, kw_only=True):
    name: str
    if_not_exists: bool = False
    elements: tuple[Statement, ...] = ()


class CreateExtension(Statement, frozen=True, kw_only=True):
    name: str
    if_not_exists: bool = False
    schema: str | None = None
    version: str | None = None
    cascade: bool = False


class AlterExtension(Statement, frozen=True, kw_only=True):
    """ALTER EXTENSION UPDATE (`update`), or ADD | DROP of a member (`contents`)."""

    name: str
    verb: str
    version: str | None = None


class CreateStatistics(Statement, frozen=True, kw_only=True):
    name: Name | None
    table: Name | None
    if_not_exists: bool = False
    columns: tuple[str, ...] = ()


class CreateRule(Statement, frozen=True, kw_only=True):
    name: str
    table: Name
    event: str
    """`select` | `insert` | `update` | `delete`."""
    instead: bool = False
    conditional: bool = False
    """It has a WHERE."""
    nothing: bool = False
    """DO [INSTEAD] NOTHING."""
    replace: bool = False
