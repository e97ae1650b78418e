"""A generated column that becomes a plain one: what the old version leaves to PostgreSQL, a trigger works out meanwhile."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.dual_write.fill_trigger import no_fill_any_more
from migrasafe.plan.dual_write.works_out import works_out
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.schema.definitions import name_of
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Name

SINCE = 13


class DropExpression(Struct, frozen=True, kw_only=True):
    table: Name
    column: str

    def plan(self, ground: Ground) -> Draft:
        """In an instant, no row is touched. Raises NoPlanError."""
        table = table_of(ground, self.table)
        column = column_of(table, self.column)
        if column.generated is None:
            raise NoPlanError(f"{table.ref}.{column.name} is not generated")
        if not ground.target.at_least(SINCE) or not column.generated_stored:
            reason = (
                "DROP EXPRESSION is there since PostgreSQL 13"
                if column.generated_stored
                else "PostgreSQL keeps no values of a virtual column"
            )
            raise NoPlanError(
                f"{table.ref}.{column.name} cannot become plain in place ({reason}): replace it by a column of another name,"
                f" `-- migrasafe: replace {table.ref.name}.{column.name} -> …` is for plain columns, so drop it behind a new one"
            )
        kept = works_out(ground, table, column, column.generated)
        alter = f"ALTER TABLE {name_of(table.ref)} ALTER COLUMN {quote_ident(column.name)}"
        plain = Step(
            title=f"{column.name} is a plain column, which a trigger works out for whoever does not write it",
            statements=(f"{alter} DROP EXPRESSION", *kept.statements),
            done=predicates.column_with(table.ref, column.name, "attgenerated = ''"),
            loses=f"the expression of {column.name}: PostgreSQL puts one back only by writing every row anew",
        )
        return Draft(
            title=f"make {table.ref}.{column.name} a plain column",
            tables=(table.ref,),
            phases=(
                Phase(
                    name=PhaseName.EXPAND,
                    title=f"{column.name} is no longer generated, and still worked out",
                    old_app="goes on as before",
                    new_app=f"may write {column.name}",
                    steps=(plain,),
                ),
                phases.deploy(f"writes {column.name} itself", f"leaves {column.name} to the database"),
                phases.contract(
                    f"Nobody but the app works out {column.name}",
                    f"always writes {column.name}",
                    (no_fill_any_more(kept),),
                    needed=f"the trigger that works out {column.name}",
                    old_application_name=ground.old_application_name,
                ),
            ),
            why=("the values that are there stay as they are: no row is touched",),
            by_hand=(
                f"until the last phase, a new row with null in {column.name}, and a row of which other columns change but not"
                f" {column.name}, get what the expression says",
            ),
        )
