"""Statements about rows: queries, DML, COPY, TRUNCATE, LOCK; and VACUUM, ANALYZE, CLUSTER."""

from __future__ import annotations

from migrasafe.sql.statements.base import Expression, Name, Query, Statement


class Select(Statement, frozen=True, kw_only=True):
    query: Query
    locking: str | None = None
    """`update` | `no key update` | `share` | `key share`, the strongest of the FOR clauses."""
    modifies: tuple[Dml, ...] = ()
    """INSERT, UPDATE, DELETE and MERGE in its WITH clauses."""


class Dml(Statement, frozen=True, kw_only=True):
    """What INSERT, UPDATE, DELETE and MERGE have in common."""

    table: Name
    query: Query
    where: Expression | None = None
    modifies: tuple[Dml, ...] = ()
    """Further DML in its WITH clauses."""


class Insert(Dml, frozen=True, kw_only=True):
    columns: tuple[str, ...] = ()
    rows: int | None = None
    """How many rows VALUES gives; None for INSERT … SELECT, 1 for DEFAULT VALUES."""
    on_conflict: bool = False


class Update(Dml, frozen=True, kw_only=True):
    assignments: tuple[tuple[str, Expression | None], ...] = ()
    """(column, value); None where one value assigns several columns."""
    joins: bool = False
    """It has a FROM clause."""


class Delete(Dml, frozen=True, kw_only=True):
    joins: bool = False


class Merge(Dml, frozen=True, kw_only=True):
    actions: tuple[str, ...] = ()
    """`insert`, `update`, `delete`, `nothing`."""


class Copy(Statement, frozen=True, kw_only=True):
    table: Name | None
    """None: COPY (query) TO."""
    from_: bool
    columns: tuple[str, ...] = ()
    query: Query | None = None
    of_client: bool = False
    """FROM STDIN or TO STDOUT: the rows come from the client, or go there."""


class Truncate(Statement, frozen=True, kw_only=True):
    tables: tuple[Name, ...]
    cascade: bool = False
    restart_identity: bool = False
    only: frozenset[Name] = frozenset()
    """Of these tables, without the partitions and children below them."""


class LockTable(Statement, frozen=True, kw_only=True):
    tables: tuple[Name, ...]
    mode: str
    """As PostgreSQL writes it: `ACCESS EXCLUSIVE`."""
    nowait: bool = False
    only: frozenset[Name] = frozenset()
    """These, without the partitions and children below them."""


class Vacuum(Statement, frozen=True, kw_only=True):
    """VACUUM, and ANALYZE with `vacuum` false. No tables: all of them."""

    tables: tuple[Name, ...] = ()
    vacuum: bool = True
    full: bool = False
    analyze: bool = False


class Cluster(Statement, frozen=True, kw_only=True):
    """CLUSTER table USING index; no table: every table that was clustered before."""

    table: Name | None = None
    index: str | None = None
