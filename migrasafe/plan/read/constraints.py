"""A constraint that a migration adds, as a change."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from migrasafe.plan.changes.add_constraint import AddConstraint
from migrasafe.plan.changes.add_exclusion import AddExclusion
from migrasafe.plan.changes.add_unique import AddUnique
from migrasafe.plan.changes.model import Change, NoPlanError
from migrasafe.plan.objects.keys import with_its_index
from migrasafe.plan.read.brought import is_validated
from migrasafe.plan.read.partitions import unique_of
from migrasafe.plan.read.swaps import ConstraintSwap
from migrasafe.plan.read.written_out import first_words
from migrasafe.schema.model import Ref, Schema, Table
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import ConstraintKind


def constraint_change(
    script: Script,
    statement: sql.AlterTable,
    action: sql.AddConstraint,
    swaps: Sequence[ConstraintSwap],
    before: Schema,
    after: Schema,
    first: Schema,
) -> Change:
    """The change that an ADD of a constraint wants. `first`: the schema before the migration. Raises NoPlanError."""
    table, made = (schema.table(schema.resolve(*statement.name)) for schema in (before, after))
    swap = next((one for one in swaps if one.added is action), None)
    gone = {swap.old.name} if swap is not None else set()
    known = {one.name for one in table.constraints} - gone if table is not None else set()
    wanted = action.constraint
    if table is not None and wanted.name in known:
        raise NoPlanError(f"{table.ref} has a constraint {wanted.name} already")
    if swap is None and table is not None and wanted.kind is ConstraintKind.PRIMARY_KEY and table.primary_key:
        raise NoPlanError(f"{table.ref} has a primary key already, {table.primary_key.name}")
    for constraint in made.constraints if made is not None else ():
        if constraint.name in known or constraint.kind is not wanted.kind:
            continue
        if wanted.name in (None, constraint.name) and constraint.columns == (wanted.columns or constraint.columns):
            if is_validated(script, first, statement.name, constraint.name):
                constraint = replace(constraint, valid=True)
            constraint = with_its_index(after, constraint)
            if swap is not None:
                return swap.change(constraint)
            all_null = constraint.kind is not ConstraintKind.CHECK and is_empty(
                script, table, constraint.columns, first
            )
            match constraint.kind:
                case ConstraintKind.CHECK | ConstraintKind.FOREIGN_KEY:
                    return AddConstraint(table=statement.name, constraint=constraint, all_null=all_null)
                case ConstraintKind.EXCLUDE:
                    return AddExclusion(table=statement.name, name=constraint.name, wanted=wanted)
                case ConstraintKind.UNIQUE | ConstraintKind.PRIMARY_KEY if wanted.using_index is None:
                    if made is not None:
                        refuse_taken_name(first, Ref(made.ref.schema, constraint.name), made)
                    whole = unique_of(statement.name, constraint, after)
                    return whole or AddUnique(table=statement.name, constraint=constraint, all_null=all_null)
    raise NoPlanError(f"{first_words(script, statement)} adds a constraint that has no plan yet")


def refuse_taken_name(first: Schema, wanted: Ref, table: Table | None) -> None:
    """Raise NoPlanError where another index has the name until the old version is gone: both have to be there together."""
    taken = first.index(wanted)
    if taken is not None:
        of = f"the constraint {taken.constraint}" if taken.constraint is not None else "an index"
        raise NoPlanError(
            f"the name {wanted.name} belongs to {of} of {taken.table} until the old version is gone, and the new index"
            f" of {table.ref if table is not None else taken.table} has to be there before: give the new one another name"
        )


def is_empty(script: Script, table: Table | None, columns: Collection[str], first: Schema) -> bool:
    """Whether the migration itself adds one of these columns, and gives no row a value in it."""
    was = first.table(table.ref) if table is not None else None
    if table is None or was is None or any(isinstance(one, sql.Update) for one in script.statements):
        return False
    new = [column for column in table.columns if was.column(column.name) is None]
    return any(
        column.name in columns
        and column.default is None
        and column.identity is None
        and column.generated is None
        and not column.not_null
        for column in new
    )
