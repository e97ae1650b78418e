"""Who may do what: policies, privileges, roles, publications, settings of database and cluster."""

from __future__ import annotations

from dataclasses import dataclass

from migrasafe.sql.statements.base import Expression, Name, Statement, TypeName


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePolicy(Statement):
    name: str
    table: Name
    command: str = "all"
    """`all` | `select` | `insert` | `update` | `delete`."""
    permissive: bool = True
    roles: tuple[str, ...] = ("public",)
    using: Expression | None = None
    check: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterPolicy(Statement):
    name: str
    table: Name
    roles: tuple[str, ...] = ()
    using: Expression | None = None
    check: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant(Statement):
    """GRANT and REVOKE of privileges on objects."""

    revoke: bool
    kind: str
    """`TABLE`, `SEQUENCE`, `SCHEMA`, `FUNCTION`, `TYPE`, `DATABASE` …, with `ALL … IN SCHEMA` as `ALL TABLES` etc."""
    objects: tuple[Name, ...]
    privileges: tuple[str, ...] = ()
    """Lower case; empty means ALL."""
    columns: tuple[str, ...] = ()
    grantees: tuple[str, ...] = ()
    arguments: tuple[TypeName, ...] | None = None
    cascade: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRole(Statement):
    revoke: bool
    roles: tuple[str, ...]
    grantees: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultPrivileges(Statement):
    """ALTER DEFAULT PRIVILEGES."""

    schemas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleStatement(Statement):
    """CREATE | ALTER | DROP ROLE, REASSIGN OWNED, DROP OWNED."""

    verb: str
    """`create` | `alter` | `drop` | `reassign owned` | `drop owned`."""
    roles: tuple[str, ...]
    options: tuple[str, ...] = ()
    """Lower-case option names that were turned on, such as `superuser`."""
    if_exists: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTable:
    table: Name
    columns: tuple[str, ...] = ()
    where: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePublication(Statement):
    name: str
    all_tables: bool = False
    tables: tuple[PublishedTable, ...] = ()
    schemas: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterPublication(Statement):
    name: str
    verb: str
    """`add` | `drop` | `set` | `options`."""
    tables: tuple[PublishedTable, ...] = ()
    schemas: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionStatement(Statement):
    verb: str
    """`create` | `alter` | `drop`."""
    name: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterWide(Statement):
    """CREATE | ALTER | DROP DATABASE or TABLESPACE, ALTER SYSTEM: beyond this database's schema."""

    verb: str
    kind: str
    """`DATABASE` | `TABLESPACE` | `SYSTEM`."""
    name: str
    setting: str | None = None
