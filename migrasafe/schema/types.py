"""The types of a catalog, each a frozen value."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from migrasafe.schema.names import BEFORE_HISTORY, Moment, Ref
from migrasafe.schema.objects import Column, Constraint
from migrasafe.sql.statements import Expression, TypeName


class EnumType(Struct, frozen=True, kw_only=True):
    ref: Ref
    labels: tuple[str, ...] = ()
    label_born: tuple[tuple[str, Moment], ...] = ()
    """Labels that were added after the type was made, and when."""
    born: Moment = BEFORE_HISTORY


class Domain(Struct, frozen=True, kw_only=True):
    ref: Ref
    type: TypeName
    not_null: bool = False
    default: Expression | None = None
    constraints: tuple[Constraint, ...] = ()
    collation: str | None = None
    born: Moment = BEFORE_HISTORY

    @property
    def constrained(self) -> bool:
        """Whether a column of it needs its values checked: that is what makes ADD COLUMN rewrite the table."""
        return self.not_null or bool(self.constraints)


class Composite(Struct, frozen=True, kw_only=True):
    ref: Ref
    attributes: tuple[Column, ...] = ()
    born: Moment = BEFORE_HISTORY


class OtherType(Struct, frozen=True, kw_only=True):
    """A range, base or shell type: all we need is that it exists."""

    ref: Ref
    kind: str = "type"
    born: Moment = BEFORE_HISTORY


Type: TypeAlias = EnumType | Domain | Composite | OtherType
