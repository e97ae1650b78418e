"""A table written anew while people use it: a copy is made as it should be, follows the table, and takes its place."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.dual_write.swapped import marked, says_replaced
from migrasafe.plan.table_swap.belongings import owned_sequences
from migrasafe.plan.table_swap.model import TableSwap
from migrasafe.plan.table_swap.refused import key_of, refuse
from migrasafe.plan.table_swap.way import WHY, by_hand, way_beside
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Table
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ConstraintKind, Persistence

_UNLOGGED_SEQUENCES_SINCE = 15


class RewriteBeside(Struct, frozen=True, kw_only=True):
    """What RewriteTable chooses where nobody should have to wait."""

    table: Table
    way: str
    """As of RewriteTable."""
    to: str | None
    what: str
    """In words."""
    is_new: str
    """A question to the catalog: whether the table is as it should be."""

    def refuse(self, ground: Ground) -> None:
        """Raise NoPlanError where a copy cannot take the place of the table, or would not be as wanted."""
        refuse(ground, self.table)
        key = key_of(ground, self.table)
        if self.way == "cluster":
            ordered = next((one for one in ground.schema.indexes_of(self.table) if one.ref.name == self.to), None)
            if ordered is None or tuple(one.column for one in ordered.elements) != key:
                raise NoPlanError(f"a copy is filled in the order of {', '.join(key)}, and not in that of {self.to}")
        if self.way == "vacuum" and self.table.primary_key is None:
            raise NoPlanError(
                f"{self.table.ref} has no primary key, whose comment tells the copy from the table before"
            )

    def draft(self, ground: Ground) -> Draft:
        """Raises NoPlanError as `refuse` does."""
        self.refuse(ground)
        marks = tuple(self._marks(ground))
        unlogged = self.table.persistence is Persistence.UNLOGGED
        if self.way in ("logged", "unlogged"):
            unlogged = self.way == "unlogged"
        swap = TableSwap(
            ground=ground,
            table=self.table,
            key=key_of(ground, self.table),
            is_new=self.is_new,
            persistence=Persistence.UNLOGGED if unlogged else Persistence.PERMANENT,
            words=self._words,
            marks=tuple(there for there, _ in marks),
            unmarks=tuple(back for _, back in marks),
        )
        key = self.table.primary_key
        return Draft(
            title=f"{self.what}: {self.table.ref}",
            tables=(self.table.ref, swap.ready, swap.parked),
            phases=way_beside(swap),
            why=(
                *WHY,
                f"`--way window` plans a maintenance window instead, in which nobody can read or write {self.table.ref}: honest where"
                " it is small, or where its disk has no room for a copy that waits for days",
            ),
            by_hand=tuple(by_hand(swap)),
            differs=marked(ground.id, key.name, key.name) if self.way == "vacuum" and key is not None else (),
        )

    @property
    def _words(self) -> str:
        match self.way:
            case "tablespace":
                return f"TABLESPACE {quote_ident(self.to or '')}"
            case "access method":
                return f"USING {quote_ident(self.to or '')}"
            case _ if self.table.tablespace is not None:
                return f"TABLESPACE {quote_ident(self.table.tablespace)}"
            case _:
                return ""

    def _marks(self, ground: Ground) -> Iterator[tuple[str, str]]:
        """What tells the new table from the old one, and is not said where it is made."""
        table = self.table
        name = name_of(table.ref)
        match self.way:
            case "cluster":
                yield (
                    f"ALTER TABLE {name} CLUSTER ON {quote_ident(self.to or '')}",
                    f"ALTER TABLE {name} SET WITHOUT CLUSTER",
                )
            case "vacuum":
                key = next(one for one in table.constraints if one.kind is ConstraintKind.PRIMARY_KEY)
                note = says_replaced(ground.id, "CONSTRAINT", quote_ident(key.name), name)
                yield note.there, note.back
            case "logged" | "unlogged" if ground.target.at_least(_UNLOGGED_SEQUENCES_SINCE):
                back = "LOGGED" if self.way == "unlogged" else "UNLOGGED"
                for sequence, _ in owned_sequences(ground.schema, table):
                    alter = f"ALTER SEQUENCE {name_of(sequence)} SET"
                    yield f"{alter} {self.way.upper()}", f"{alter} {back}"
