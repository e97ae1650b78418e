"""The phases of a column that triggers keep for good: nobody writes it, the new version only reads it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.changes.model import Ground, NoPlanError
from migrasafe.plan.model import Backfill, Gate, Phase, PhaseName, Step
from migrasafe.plan.objects.kept import Keeper
from migrasafe.plan.objects.not_null_name import not_null_name
from migrasafe.schema.definitions import name_of
from migrasafe.schema.index_use import finds_every_row
from migrasafe.schema.model import Constraint, Table
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident, spell_type
from migrasafe.sql.statements import ColumnDef


class Kept(Struct, frozen=True, kw_only=True):
    ground: Ground
    table: Table
    column: ColumnDef
    keeper: Keeper
    value: str
    """What the column has to be, over the table's columns, for a backfill."""
    apart: str
    """The condition of the rows that a backfill has to change."""
    says: str
    """What it says, in words: `what customers.name says`."""
    same: Gate


def kept_phases(kept: Kept) -> Iterator[Phase]:
    """Room, triggers, the rows from before, a look at all of them, and the version that reads it."""
    table, column = kept.table.ref, kept.column.name
    assert kept.column.type is not None  # whoever plans has seen to it
    type = spell_type(kept.column.type)
    yield Phase(
        name=PhaseName.EXPAND,
        title=f"Make room: {column}, empty",
        old_app="goes on as before; a prepared SELECT * or RETURNING * has to be prepared again",
        new_app="is not deployed yet",
        steps=(steps.add_column(table, column, type),),
    )
    yield Phase(
        name=PhaseName.DUAL_WRITE,
        title=f"Triggers keep {column} what it has to be, whoever writes",
        old_app="goes on as before",
        new_app=f"may not read {column} yet: it is empty in old rows",
        steps=(*_triggers(kept), *_default(kept)),
    )
    yield Phase(
        name=PhaseName.BACKFILL,
        title="The rows from before are filled, in batches",
        old_app="goes on as before",
        new_app=f"may not read {column} yet",
        backfills=(
            Backfill(
                table=name_of(table),
                assignments=(f"{quote_ident(column)} = ({kept.value})::{type}",),
                where=kept.apart,
            ),
        ),
    )
    required = kept.column.not_null
    yield Phase(
        name=PhaseName.VERIFY,
        title=f"{column} is proved to say {kept.says}",
        old_app="goes on as before",
        new_app=f"reads {column}, and never writes it",
        gates=(kept.same,),
        steps=steps.not_null(table, column, not_null_name(kept.table, column), pg_version=kept.ground.target.pg_version)
        if required
        else (),
    )
    yield phases.deploy(f"reads {column}, and never writes it", "goes on as before")


def _triggers(kept: Kept) -> Iterator[Step]:
    """Each table's in a step of its own: none holds the lock of one table while it waits for that of another."""
    tables = list(dict.fromkeys(table for table, _, _ in kept.keeper.triggers))
    for place, table in enumerate(tables):
        mine = [one for one in kept.keeper.triggers if one[0] == table]
        functions = [text for _, _, text in kept.keeper.functions] if place == 0 else []
        last = kept.keeper.drop_functions_sql if place == 0 else ()
        yield Step(
            title=f"Keep {kept.column.name} up to date when {table} is written",
            statements=(*functions, *(text for _, _, text in mine)),
            done=predicates.all_of(*(predicates.trigger_exists(table, name) for _, name, _ in mine)),
            undo=(*kept.keeper.drop_sql(mine), *last),
        )


def _default(kept: Kept) -> Iterator[Step]:
    table, column = kept.table.ref, kept.column
    if column.default is not None:
        alter = f"ALTER TABLE {name_of(table)} ALTER COLUMN {quote_ident(column.name)}"
        yield Step(
            title=f"A new row begins with {deparse_expression(column.default)} in {column.name}",
            statements=(f"{alter} SET DEFAULT {deparse_expression(column.default)}",),
            done=predicates.column_has_default(table, column.name),
            undo=(f"{alter} DROP DEFAULT",),
        )


def unindexed(ground: Ground, table: Table, columns: tuple[str, ...], what: str) -> Iterator[str]:
    """What a person hears where no index finds the rows by the foreign key."""
    if not finds_every_row(ground.schema, table, columns):
        said = shlex.quote(f"{name_of(table.ref)}.{','.join(map(quote_ident, columns))}")
        yield (
            f"no index of {table.ref} begins with {', '.join(columns)}: {what}; first `migrasafe plan index {said}`, and this plan"
            " when that is done"
        )


def key_to(table: Table, target: Table, by: str | None) -> Constraint:
    """The foreign key of one table to another that is meant. Raises NoPlanError where it is none, or one of several."""
    found = [one for one in table.constraints if one.target == target.ref and by in (None, *one.columns)]
    if not found:
        column = f" over {by}" if by is not None else ""
        raise NoPlanError(
            f"{table.ref} has no foreign key{column} to {target.ref}: nothing tells which rows belong together"
        )
    if len(found) > 1:
        telling = [one for key in found for one in key.columns if sum(one in other.columns for other in found) == 1]
        raise NoPlanError(
            f"{table.ref} has {len(found)} foreign keys to {target.ref}: say by which, at the end of the words or of the"
            f" comment `migrasafe: keep …` or `count …`: by {' or by '.join(map(quote_ident, telling))}"
        )
    return found[0]


def refuse(table: Table, column: ColumnDef) -> None:
    """Raises NoPlanError for a column that triggers cannot keep."""
    if table.column(column.name) is not None:
        raise NoPlanError(f"{table.ref} has a column {column.name} already")
    if column.type is None or column.generated is not None or column.identity is not None:
        raise NoPlanError(f"{column.name} must be a plain column with a type")
    if any(one.kind.value != "NOT NULL" for one in column.constraints):
        raise NoPlanError(
            f"{column.name} brings constraints of its own: add each in a statement of its own behind the column"
        )


def missing_triggers(column: str, keeper: Keeper) -> str:
    """How the end differs from a migration that adds the column only."""
    functions = ", ".join(ref.name for ref, _, _ in keeper.functions)
    triggers = ", ".join(name for _, name, _ in keeper.triggers)
    return f"the functions {functions} and the triggers {triggers} keep {column}, and stay"
