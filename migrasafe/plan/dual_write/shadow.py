"""An old column and the one that takes its place, while both are there."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import predicates
from migrasafe.plan.beside import name_aside, name_beside
from migrasafe.plan.changes.model import Ground
from migrasafe.plan.dual_write.triggers import DualWrite, Mapped
from migrasafe.schema.attached import Attached, Beside
from migrasafe.schema.definitions import formatted_type, type_of
from migrasafe.schema.model import Column, ColumnRef, Table
from migrasafe.sql.deparse import renamed
from migrasafe.sql.statements import Expression


def shadow_name(name: str) -> str:
    """What the new column is called until it takes over the old one's name."""
    return name_beside(name, "new")


class Shadow(Struct, frozen=True, kw_only=True):
    """An old column and the one that takes its place."""

    ground: Ground
    table: Table
    old: Column
    new: Column
    """Its name and type; the rest follows from the old one."""
    up: Expression
    """The new value from the old one, over the old column's name."""
    down: Expression
    default: Expression | None = None
    """That of the new column; None: the old one's, converted."""

    @property
    def dropped(self) -> str:
        """What the old column is called between its soft drop and its end."""
        return name_aside(self.old.name)

    @property
    def attached(self) -> Attached | None:
        """What the server keeps beside the old column; None where none was asked, or it keeps nothing."""
        return (self.ground.attached or {}).get(ColumnRef(self.table.ref, self.old.name))

    @property
    def beside(self) -> Beside | None:
        """What the server keeps beside the table; None where none was asked."""
        return (self.ground.beside or {}).get(self.table.ref, Beside()) if self.ground.beside is not None else None

    @property
    def keeps_name(self) -> bool:
        """Whether the new column takes over the name of the old one at the switch."""
        return self.new.name == shadow_name(self.old.name)

    @property
    def columns(self) -> dict[str, str]:
        return {self.old.name: self.new.name}

    def dual(self, *, dropped: bool = False) -> DualWrite:
        """The dual write, while both have their first names, or once the old column is `dropped` out of sight."""
        old = self.dropped if dropped else self.old.name
        new = self.old.name if dropped and self.keeps_name else self.new.name
        up = Expression(node=renamed(self.up.node, {self.old.name: old}))
        down = Expression(node=renamed(self.down.node, {self.new.name: new}))
        return DualWrite(
            table=self.table.ref,
            id=self.ground.id,
            old=(Mapped(column=old, type=type_of(self.old), value=down),),
            new=(Mapped(column=new, type=type_of(self.new), value=up),),
            search_path=(*self.ground.schema.search_path, self.table.ref.schema),
        )

    @property
    def is_over(self) -> str:
        """Whether the old column is gone for good."""
        ref = self.table.ref
        if self.keeps_name:
            assert self.new.type is not None  # a shadow is made with its type
            there = predicates.column_has_type(ref, self.old.name, formatted_type(self.new.type))
            if self.new.collation is not None and self.new.collation != self.old.collation:
                there = predicates.column_has_collation(ref, self.old.name, self.new.collation)
            return f"({there} AND {predicates.columns_are_gone(ref, self.new.name, self.dropped)})"
        gone = predicates.columns_are_gone(ref, self.old.name, self.dropped)
        return f"({predicates.column_exists(ref, self.new.name)} AND {gone})"
