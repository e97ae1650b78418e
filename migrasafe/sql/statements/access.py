"""Who may do what: policies, privileges, roles, publications, settings of database and cluster."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.sql.statements.base import Expression, Name, Statement, TypeName


class CreatePolicy(Statement, frozen=True, kw_only=True):
    name: str
    table: Name
    command: str = "all"
    """`all` | `select` | `insert` | `update` | `delete`."""
    permissive: bool = True
    roles: tuple[str, ...] = ("public",)
    using: Expression | None = None
    check: Expression | None = None


class AlterPolicy(Statement, frozen=True, kw_only=True):
    name: str
    table: Name
    roles: tuple[str, ...] = ()
    using: Expression | None = None
    check: Expression | None = None


class Grant(Statement, frozen=True, kw_only=True):
    """GRANT and REVOKE of privileges on objects."""

    revoke: bool
    kind: str
    """`TABLE`, `SEQUENCE`, `SCHEMA`, `FUNCTION`, `TYPE`, `DATABASE` …, with `ALL … IN SCHEMA` as `ALL TABLES` etc."""
    objects: tuple[Name, ...]
    privileges: tuple[str, ...] = ()
    """Lower case; empty means ALL."""
    columns: tuple[str, ...] = ()
    """Every column that is named."""
    on_columns: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Privilege, or "" for ALL → the columns that it is on."""
    grantees: tuple[str, ...] = ()
    arguments: tuple[TypeName, ...] | None = None
    cascade: bool = False
    option_only: bool = False
    """REVOKE GRANT OPTION FOR: the privilege itself stays."""
    grantable: bool = False
    """GRANT … WITH GRANT OPTION."""


class GrantRole(Statement, frozen=True, kw_only=True):
    revoke: bool
    roles: tuple[str, ...]
    grantees: tuple[str, ...]
    option_only: bool = False
    """REVOKE ADMIN | INHERIT | SET OPTION FOR: the membership itself stays."""


class DefaultPrivileges(Statement, frozen=True, kw_only=True):
    """ALTER DEFAULT PRIVILEGES … GRANT | REVOKE: what objects made later come with."""

    schemas: tuple[str, ...] = ()
    """IN SCHEMA; none: all of them."""
    roles: tuple[str, ...] = ()
    """FOR ROLE; none: the one that runs it."""
    revoke: bool = False
    kind: str = "TABLES"
    """`TABLES`, `SEQUENCES`, `FUNCTIONS`, `TYPES`, `SCHEMAS`."""
    privileges: tuple[str, ...] = ()
    """Lower case; empty means ALL."""
    grantees: tuple[str, ...] = ()


class RoleStatement(Statement, frozen=True, kw_only=True):
    """CREATE | ALTER | DROP ROLE, REASSIGN OWNED, DROP OWNED."""

    verb: str
    """`create` | `alter` | `drop` | `reassign owned` | `drop owned`."""
    roles: tuple[str, ...]
    options: tuple[str, ...] = ()
    """Lower-case option names that were turned on, such as `superuser`."""
    turned_off: tuple[str, ...] = ()
    """Likewise, such as `canlogin` for NOLOGIN."""
    if_exists: bool = False


class PublishedTable(Struct, frozen=True, kw_only=True):
    table: Name
    columns: tuple[str, ...] = ()
    where: Expression | None = None


class CreatePublication(Statement, frozen=True, kw_only=True):
    name: str
    all_tables: bool = False
    tables: tuple[PublishedTable, ...] = ()
    schemas: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()


class AlterPublication(Statement, frozen=True, kw_only=True):
    name: str
    verb: str
    """`add` | `drop` | `set` | `options`."""
    tables: tuple[PublishedTable, ...] = ()
    schemas: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()


class SubscriptionStatement(Statement, frozen=True, kw_only=True):
    verb: str
    """`create` | `alter` | `drop`."""
    name: str
    options: tuple[tuple[str, str], ...] = ()


class ClusterWide(Statement, frozen=True, kw_only=True):
    """CREATE | ALTER | DROP DATABASE or TABLESPACE, ALTER SYSTEM: beyond this database's schema."""

    verb: str
    kind: str
    """`DATABASE` | `TABLESPACE` | `SYSTEM`."""
    name: str
    setting: str | None = None
