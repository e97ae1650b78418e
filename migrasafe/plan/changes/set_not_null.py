"""NOT NULL on a column that is there."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, steps
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.dual_write.fill_trigger import fill_while_missing, no_fill_any_more
from migrasafe.plan.model import Backfill, Gate, Phase, PhaseName
from migrasafe.plan.objects.not_null_name import not_null_name
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Table
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Expression, Name


class SetNotNull(Struct, frozen=True, kw_only=True):
    table: Name
    column: str
    fill: Expression | None = None
    """What stands for null, over the row's columns; without it, no null may be left."""

    def plan(self, ground: Ground) -> Draft:
        """Nobody writes null any more, no null is left, and only then is it refused. Raises NoPlanError."""
        table = table_of(ground, self.table)
        column = column_of(table, self.column)
        if column.not_null and column.not_null_valid:
            raise NoPlanError(f"{table.ref}.{column.name} is NOT NULL already")
        made = filled(ground, table, column.name, self.fill) if self.fill else refused(ground, table, column.name)
        return Draft(title=f"make {table.ref}.{column.name} NOT NULL", tables=(table.ref,), phases=made)


def no_null_left(table: Table, column: str) -> Gate:
    return phases.none_left(
        "no-null-left",
        f"Is no null left in {column}?",
        name_of(table.ref),
        f"{quote_ident(column)} IS NULL",
        "Fill the rows that have none, and find out who writes them.",
    )


def filled(ground: Ground, table: Table, column: str, fill: Expression) -> tuple[Phase, ...]:
    """A trigger fills in for the old version, so that NOT NULL can come before the new one is deployed."""
    crutch = fill_while_missing(table.ref, column, fill, ground.id, ground.schema.search_path)
    version = ground.target.pg_version
    return (
        Phase(
            name=PhaseName.DUAL_WRITE,
            title=f"No row is written without {column} any more",
            old_app="goes on as before",
            new_app="is not deployed yet",
            steps=(crutch,),
        ),
        Phase(
            name=PhaseName.BACKFILL,
            title=f"The rows without {column} get a value, in batches",
            old_app="goes on as before",
            new_app="is not deployed yet",
            backfills=(
                Backfill(
                    table=name_of(table.ref),
                    assignments=(f"{quote_ident(column)} = {deparse_expression(fill)}",),
                    where=f"{quote_ident(column)} IS NULL",
                ),
            ),
        ),
        Phase(
            name=PhaseName.VERIFY,
            title=f"{column} is proved to have no null, and refuses it",
            old_app="goes on as before: what it leaves out is filled in",
            new_app=f"may rely on {column} having a value",
            gates=(no_null_left(table, column),),
            steps=steps.not_null(table.ref, column, not_null_name(table, column), pg_version=version),
        ),
        phases.deploy(f"always gives {column} a value", "goes on as before"),
        phases.contract(
            "Nobody fills in any more",
            f"always gives {column} a value",
            (no_fill_any_more(crutch),),
            needed=f"the trigger that fills in {column}",
            old_application_name=ground.old_application_name,
        ),
    )


def refused(ground: Ground, table: Table, column: str) -> tuple[Phase, ...]:
    """The new version gives a value always; null is refused when the old one has ended."""
    return (
        phases.deploy(f"always gives {column} a value", f"may still write null into {column}"),
        phases.contract(
            f"{column} is proved to have no null, and refuses it",
            f"always gives {column} a value",
            steps.not_null(table.ref, column, not_null_name(table, column), pg_version=ground.target.pg_version),
            needed=f"null in {table.ref}.{column}",
            old_application_name=ground.old_application_name,
            gates=(no_null_left(table, column),),
        ),
    )
