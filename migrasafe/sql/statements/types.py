"""CREATE TYPE, ALTER TYPE, CREATE DOMAIN, ALTER DOMAIN."""

from __future__ import annotations

from migrasafe.sql.statements.base import Expression, Name, Statement, TypeName
from migrasafe.sql.statements.tables import ColumnDef, ConstraintDef


class CreateEnum(Statement, frozen=True, kw_only=True):
    name: Name
    labels: tuple[str, ...] = ()


class AddEnumValue(Statement, frozen=True, kw_only=True):
    type: Name
    label: str
    if_not_exists: bool = False
    before: str | None = None
    after: str | None = None


class RenameEnumValue(Statement, frozen=True, kw_only=True):
    type: Name
    label: str
    new_label: str


class CreateComposite(Statement, frozen=True, kw_only=True):
    name: Name
    attributes: tuple[ColumnDef, ...] = ()


class CreateRange(Statement, frozen=True, kw_only=True):
    name: Name
    subtype: TypeName | None = None


class CreateOther(Statement, frozen=True, kw_only=True):
    """CREATE of what matters little to migrations: base type, operator, aggregate, cast, collation, text search …"""

    kind: str
    name: Name


class CreateDomain(Statement, frozen=True, kw_only=True):
    name: Name
    type: TypeName
    not_null: bool = False
    default: Expression | None = None
    constraints: tuple[ConstraintDef, ...] = ()
    collation: Name | None = None


class AlterDomain(Statement, frozen=True, kw_only=True):
    name: Name
    verb: str
    """`set default` | `drop default` | `set not null` | `drop not null` | `add constraint` | `drop constraint` |
    `validate constraint`."""
    constraint: ConstraintDef | None = None
    constraint_name: str | None = None
    default: Expression | None = None
    if_exists: bool = False
    cascade: bool = False
