"""Statements about rows: queries, DML, COPY, TRUNCATE, LOCK; and VACUUM, ANALYZE, CLUSTER."""

from __future__ import annotations

from dataclasses import dataclass

from migrasafe.sql.statements.base import Expression, Name, Query, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Select(Statement):
    query: Query
    locking: str | None = None
    """`update` | `no key update` | `share` | `key share`, the strongest of the FOR clauses."""
    modifies: tuple[Dml, ...] = ()
    """INSERT, UPDATE, DELETE and MERGE in its WITH clauses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dml(Statement):
    """What INSERT, UPDATE, DELETE and MERGE have in common."""

    table: Name
    query: Query
    where: Expression | None = None
    modifies: tuple[Dml, ...] = ()
    """Further DML in its WITH clauses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert(Dml):
    columns: tuple[str, ...] = ()
    rows: int | None = None
    """How many rows VALUES gives; None for INSERT … SELECT, 1 for DEFAULT VALUES."""
    on_conflict: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(Dml):
    assignments: tuple[tuple[str, Expression | None], ...] = ()
    """(column, value); None where one value assigns several columns."""
    joins: bool = False
    """It has a FROM clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Dml):
    joins: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge(Dml):
    actions: tuple[str, ...] = ()
    """`insert`, `update`, `delete`, `nothing`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy(Statement):
    table: Name | None
    """None: COPY (query) TO."""
    from_: bool
    columns: tuple[str, ...] = ()
    query: Query | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncate(Statement):
    tables: tuple[Name, ...]
    cascade: bool = False
    restart_identity: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LockTable(Statement):
    tables: tuple[Name, ...]
    mode: str
    """As PostgreSQL writes it: `ACCESS EXCLUSIVE`."""
    nowait: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Vacuum(Statement):
    """VACUUM, and ANALYZE with `vacuum` false. No tables: all of them."""

    tables: tuple[Name, ...] = ()
    vacuum: bool = True
    full: bool = False
    analyze: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster(Statement):
    """CLUSTER table USING index; no table: every table that was clustered before."""

    table: Name | None = None
    index: str | None = None
