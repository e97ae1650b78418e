"""Another default for new rows, or none."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.changes.model import Draft, Ground, column_of, table_of
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.evolve.expressions import is_null
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Expression, Name


class ChangeDefault(Struct, frozen=True, kw_only=True):
    table: Name
    column: str
    default: Expression | None
    """None: no default any more."""

    def plan(self, ground: Ground) -> Draft:
        """One step; before the new version where a default comes or changes, after the old one where it goes.

        Raises NoPlanError.
        """
        table = table_of(ground, self.table)
        column = column_of(table, self.column)
        alter = f"ALTER TABLE {name_of(table.ref)} ALTER COLUMN {quote_ident(column.name)}"
        default = None if is_null(self.default) else self.default  # which the server does not keep either
        wanted, before = _clause(default), _clause(column.default)
        step = Step(
            title=f"Let new rows have {deparse_expression(default)}" if default else "Take the default away",
            statements=(f"{alter} {wanted}",),
            done=predicates.default_is(
                table.ref, column.name, deparse_expression(default) if default is not None else None
            ),
            undo=(f"{alter} {before}",),
        )
        title = f"change the default of {table.ref}.{column.name}"
        if default is None:
            return Draft(
                title=title,
                tables=(table.ref,),
                phases=(
                    phases.deploy(f"always gives {column.name} a value", f"relies on the default of {column.name}"),
                    phases.contract(
                        "The default goes",
                        f"always gives {column.name} a value",
                        (step,),
                        needed=f"the default of {table.ref}.{column.name}",
                        old_application_name=ground.old_application_name,
                    ),
                ),
            )
        phase = Phase(
            name=PhaseName.EXPAND,
            title="New rows have another default; old rows stay as they are",
            old_app=f"finds the new default in rows that it gave no {column.name}",
            new_app="relies on the new default",
            steps=(step,),
        )
        return Draft(title=title, tables=(table.ref,), phases=(phase,))


def _clause(default: Expression | None) -> str:
    return "DROP DEFAULT" if default is None else f"SET DEFAULT {deparse_expression(default)}"
