"""CREATE TYPE, ALTER TYPE, CREATE DOMAIN, ALTER DOMAIN."""

from __future__ import annotations

from dataclasses import dataclass

from migrasafe.sql.statements.base import Expression, Name, Statement, TypeName
from migrasafe.sql.statements.tables import ColumnDef, ConstraintDef


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateEnum(Statement):
    name: Name
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddEnumValue(Statement):
    type: Name
    label: str
    if_not_exists: bool = False
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameEnumValue(Statement):
    type: Name
    label: str
    new_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateComposite(Statement):
    name: Name
    attributes: tuple[ColumnDef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRange(Statement):
    name: Name
    subtype: TypeName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateOther(Statement):
    """CREATE of what matters little to migrations: base type, operator, aggregate, cast, collation, text search …"""

    kind: str
    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateDomain(Statement):
    name: Name
    type: TypeName
    not_null: bool = False
    default: Expression | None = None
    constraints: tuple[ConstraintDef, ...] = ()
    collation: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterDomain(Statement):
    name: Name
    verb: str
    """`set default` | `drop default` | `set not null` | `drop not null` | `add constraint` | `drop constraint` |
    `validate constraint`."""
    constraint: ConstraintDef | None = None
    constraint_name: str | None = None
    default: Expression | None = None
    if_exists: bool = False
    cascade: bool = False
