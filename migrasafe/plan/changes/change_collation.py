"""A text that is sorted, and compared, by the rules of another language."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import predicates
from migrasafe.plan.beside import name_beside
from migrasafe.plan.carry_over.recreated_views import recreated_views
from migrasafe.plan.changes.change_type import ChangeType, beside
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.foresee import work_of
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.schema.definitions import name_of, type_of
from migrasafe.schema.model import Column, ColumnRef, Table
from migrasafe.sql.conversions import known_conversion
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Name, TypeName


class ChangeCollation(Struct, frozen=True, kw_only=True):
    table: Name
    column: str
    type: TypeName
    collation: str

    def plan(self, ground: Ground) -> Draft:
        """In an instant where no index sorts by it; else beside the old column, with indexes of its own. Raises NoPlanError."""
        table = table_of(ground, self.table)
        old = column_of(table, self.column)
        if old.type != self.type:
            raise NoPlanError(
                f"{table.ref}.{old.name} gets another type and another collation: plan one after the other"
            )
        if (old.collation or "default") == self.collation:
            raise NoPlanError(f"{table.ref}.{old.name} has the collation {self.collation} already")
        alter = f"ALTER TABLE {name_of(table.ref)} ALTER COLUMN {quote_ident(old.name)} TYPE {type_of(old)}"
        there = f"{alter} COLLATE {quote_ident(self.collation)}"
        title = f"sort {table.ref}.{old.name} by {self.collation}"
        told = (
            f"what is sorted, compared or unique by {old.name} may come out otherwise, for both versions: ORDER BY, BETWEEN, max()",
        )
        if not any(old.name in index.reads for index in ground.schema.indexes_of(table)) and not work_of(
            (there,), ground.schema, ground.target
        ):
            return _at_once(
                ground, table, old, there, f"{alter} COLLATE {quote_ident(old.collation or 'default')}", title, told
            )
        assert old.type is not None  # column_of has seen to it
        change = ChangeType(table=self.table, column=old.name, type=old.type, collation=self.collation)
        conversion = known_conversion(old.type, old.type, old.name, name_beside(old.name, "new"))
        if conversion is None:
            raise NoPlanError(f"{table.ref}.{old.name} is {type_of(old)}, which has no plan for another collation yet")
        draft = beside(ground, table, old, change, conversion)
        return replace(
            draft,
            title=title,
            why=(f"as one statement it would build every index over {old.name} anew while nobody can use {table.ref}",),
            by_hand=(*told, *draft.by_hand[1:]),
        )


def _at_once(
    ground: Ground, table: Table, old: Column, there: str, back: str, title: str, told: tuple[str, ...]
) -> Draft:
    views = recreated_views(ground, (ColumnRef(table.ref, old.name),))
    collation = there.rpartition(" COLLATE ")[2].strip('"').replace('""', '"')
    step = Step(
        title=f"Sort {old.name} by {collation}; no row is touched",
        statements=(*views.before, there, *views.after),
        done=predicates.column_has_collation(table.ref, old.name, collation),
        undo=(*views.before, back, *views.after),
    )
    phase = Phase(
        name=PhaseName.EXPAND,
        title=f"{old.name} is sorted by {collation}",
        old_app="meets the other order; a prepared statement that returns the column has to be prepared again",
        new_app="meets the other order",
        steps=(step,),
    )
    why = (f"no index is over {old.name}: PostgreSQL changes the catalog only",)
    return Draft(title=title, tables=(table.ref,), phases=(phase,), why=why, by_hand=told)
