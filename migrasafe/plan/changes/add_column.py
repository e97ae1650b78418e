"""A new column, however it is written: empty, with a default of any kind, or NOT NULL."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.carry_over.indexes_and_constraints import subscribers_first
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.changes.set_not_null import no_null_left
from migrasafe.plan.dual_write.fill_trigger import fill_while_missing, no_fill_any_more
from migrasafe.plan.foresee import work_of
from migrasafe.plan.model import Backfill, Phase, PhaseName, Step
from migrasafe.plan.objects.not_null_name import not_null_name
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Table
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident, quote_name, spell_type
from migrasafe.sql.statements import ColumnDef, Expression, Name


class AddColumn(Struct, frozen=True, kw_only=True):
    table: Name
    column: ColumnDef
    fill: Expression | None = None
    """What the rows from before have in it, over their other columns."""

    def plan(self, ground: Ground) -> Draft:
        """An instant where it is one; else the column first, its values in batches, NOT NULL last. Raises NoPlanError."""
        table, column = table_of(ground, self.table), self.column
        if table.column(column.name) is not None:
            raise NoPlanError(f"{table.ref} has a column {column.name} already")
        if column.type is None or column.generated is not None:
            raise NoPlanError(
                f"a column that PostgreSQL works out itself ({column.name}, GENERATED … AS) is added in a maintenance window: see"
                f" `migrasafe plan generated`"
            )
        if column.constraints and any(one.kind.value not in ("NOT NULL",) for one in column.constraints):
            raise NoPlanError(
                f"{column.name} brings constraints of its own: add the column without them, and each constraint in a change"
                " of its own"
            )
        return Draft(
            title=f"add {table.ref}.{column.name}",
            tables=(table.ref,),
            phases=tuple(self._phases(ground, table)),
            by_hand=tuple(subscribers_first(ground.schema, table, column.name)),
        )

    def _phases(self, ground: Ground, table: Table) -> Iterator[Phase]:
        column = self.column
        default = column.default
        if self.fill is None and (default is not None or not column.not_null):
            at_once = _at_once(table, column)
            if not work_of(at_once.statements, ground.schema, ground.target):
                yield _expand((at_once,), f"reads and writes {column.name}")
                return
        fill = self.fill or default
        if fill is None:
            raise NoPlanError(
                f"{table.ref}.{column.name} is NOT NULL without a default: say with --up what the rows of the old version"
                " have in it, for example --up \"''\""
            )
        first = steps.add_column(table.ref, column.name, spell_type(column.type) if column.type else "", collation=None)
        if default is not None:
            yield _expand((first, _set_default(table, column.name, default)), f"writes {column.name}")
        else:
            yield _expand((first,), f"writes {column.name}")
            crutch = fill_while_missing(table.ref, column.name, fill, ground.id, ground.schema.search_path)
            yield Phase(
                name=PhaseName.DUAL_WRITE,
                title=f"No row is written without {column.name} any more",
                old_app="goes on as before",
                new_app=f"writes {column.name}",
                steps=(crutch,),
            )
        yield Phase(
            name=PhaseName.BACKFILL,
            title=f"The rows from before get their {column.name}, in batches",
            old_app="goes on as before",
            new_app=f"writes {column.name}",
            backfills=(
                Backfill(
                    table=name_of(table.ref),
                    assignments=(f"{quote_ident(column.name)} = {deparse_expression(fill)}",),
                    where=f"{quote_ident(column.name)} IS NULL",
                ),
            ),
        )
        if column.not_null:
            yield Phase(
                name=PhaseName.VERIFY,
                title=f"{column.name} is proved to have no null, and refuses it",
                old_app="goes on as before: it does not know the column",
                new_app=f"reads and writes {column.name}",
                gates=(no_null_left(table, column.name),),
                steps=steps.not_null(
                    table.ref, column.name, not_null_name(table, column.name), pg_version=ground.target.pg_version
                ),
            )
        if default is None:
            yield phases.deploy(f"gives {column.name} a value", "goes on as before")
            yield phases.contract(
                "Nobody fills in any more",
                f"always gives {column.name} a value",
                (no_fill_any_more(crutch),),
                needed=f"the trigger that fills in {column.name}",
                old_application_name=ground.old_application_name,
            )


def _expand(made: tuple[Step, ...], new_app: str) -> Phase:
    return Phase(
        name=PhaseName.EXPAND,
        title="The new column, in an instant",
        old_app="goes on as before; a prepared SELECT * or RETURNING * has to be prepared again",
        new_app=new_app,
        steps=made,
    )


def _at_once(table: Table, column: ColumnDef) -> Step:
    """PostgreSQL keeps a constant default in the catalog: no row is touched."""
    assert column.type is not None  # plan() has refused it
    words = [quote_ident(column.name), spell_type(column.type)]
    words += [f"COLLATE {quote_name(column.collation)}"] if column.collation is not None else []
    words += [f"DEFAULT {deparse_expression(column.default)}"] if column.default is not None else []
    words += ["NOT NULL"] if column.not_null else []
    return Step(
        title=f"Add the column {column.name}",
        statements=(f"ALTER TABLE {name_of(table.ref)} ADD COLUMN {' '.join(words)}",),
        done=predicates.column_exists(table.ref, column.name),
        undo=(f"ALTER TABLE {name_of(table.ref)} DROP COLUMN {quote_ident(column.name)}",),
    )


def _set_default(table: Table, column: str, default: Expression) -> Step:
    alter = f"ALTER TABLE {name_of(table.ref)} ALTER COLUMN {quote_ident(column)}"
    return Step(
        title=f"Give new rows a value of {column}",
        statements=(f"{alter} SET DEFAULT {deparse_expression(default)}",),
        done=predicates.column_has_default(table.ref, column),
        undo=(f"{alter} DROP DEFAULT",),
    )
