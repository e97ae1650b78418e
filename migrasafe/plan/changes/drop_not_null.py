"""A column that may be null from now on."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import name_of
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Name


class DropNotNull(Struct, frozen=True, kw_only=True):
    table: Name
    column: str

    def plan(self, ground: Ground) -> Draft:
        """First everybody can read null, then it may be written. Raises NoPlanError."""
        table = table_of(ground, self.table)
        column = column_of(table, self.column)
        if not column.not_null:
            raise NoPlanError(f"{table.ref}.{column.name} may be null already")
        key = table.primary_key
        if key is not None and column.name in key.columns:
            raise NoPlanError(f"{table.ref}.{column.name} is in the primary key, which is never null")
        alter = f"ALTER TABLE {name_of(table.ref)} ALTER COLUMN {quote_ident(column.name)}"
        is_not_null = predicates.column_is_not_null(table.ref, column.name)
        step = Step(
            title=f"Let {column.name} be null",
            statements=(f"{alter} DROP NOT NULL",),
            done=predicates.all_of(predicates.column_exists(table.ref, column.name), predicates.not_(is_not_null)),
            undo=(f"{alter} SET NOT NULL",),
        )
        reads = f"can read null in {column.name}"
        return Draft(
            title=f"let {table.ref}.{column.name} be null",
            tables=(table.ref,),
            phases=(
                phases.deploy(f"{reads}, and writes none yet", f"never meets null in {column.name}"),
                phases.contract(
                    f"{column.name} may be null",
                    f"{reads} and may write it",
                    (step,),
                    needed=f"{table.ref}.{column.name} without null",
                    old_application_name=ground.old_application_name,
                ),
            ),
            by_hand=(
                f"the way back (SET NOT NULL) reads the whole table under a strong lock: on a big one,"
                f" `migrasafe plan not-null {table.ref}.{column.name}` is the careful way",
            ),
        )
