"""The building blocks of every plan: what is run in one go, with its question to the catalog and its way back."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from migrasafe.plan import predicates
from migrasafe.plan.dual_write.triggers import DualWrite, create_sql, drop_functions_sql, drop_triggers_sql
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import constraint_body, create_index, name_of, when_checked
from migrasafe.schema.model import Constraint, Index, Ref
from migrasafe.sql.quote import quote_ident

NOT_NULL_NAMED_SINCE = 18
"""The first major version with NOT NULL constraints that can be added NOT VALID."""


def add_column(table: Ref, column: str, type: str, *, collation: str | None = None) -> Step:
    """A column that is empty, may be null and has no default: an instant, whatever the size of the table."""
    collate = f" COLLATE {quote_ident(collation)}" if collation else ""
    return Step(
        title=f"Add the column {column}",
        statements=(f"ALTER TABLE {name_of(table)} ADD COLUMN {quote_ident(column)} {type}{collate}",),
        done=predicates.column_exists(table, column),
        undo=(f"ALTER TABLE {name_of(table)} DROP COLUMN {quote_ident(column)}",),
    )


def write_both(dual: DualWrite) -> Step:
    """The triggers that keep both sides in step; functions first, all in one transaction."""
    first, last = dual.triggers
    return Step(
        title="Keep the old and the new column in step, whoever writes",
        statements=create_sql(dual),
        done=predicates.all_of(
            predicates.trigger_exists(dual.table, first), predicates.trigger_exists(dual.table, last)
        ),
        undo=(*drop_triggers_sql(dual), *drop_functions_sql(dual)),
    )


def build_index(index: Index) -> Step:
    """An index, while everybody goes on reading and writing. An invalid one of that name is what a broken build left."""
    drop = f"DROP INDEX CONCURRENTLY {name_of(index.ref)}"
    return Step(
        title=f"Build the index {index.ref.name}",
        statements=(create_index(index),),
        done=predicates.index_is_valid(index.ref),
        undo=(drop,),
        long=True,
        leftover=predicates.index_is_invalid(index.ref),
        clear=(drop,),
    )


def constraint_from_index(table: Ref, constraint: Constraint, index: Index) -> Step:
    """UNIQUE or PRIMARY KEY out of an index that is built: an instant. The index takes the constraint's name."""
    return Step(
        title=f"Make the index the {constraint.kind.value} constraint {constraint.name}",
        statements=(
            f"ALTER TABLE {name_of(table)} ADD CONSTRAINT {quote_ident(constraint.name)} {constraint.kind.value}"
            f" USING INDEX {quote_ident(index.ref.name)}{when_checked(constraint)}",
        ),
        done=predicates.constraint_exists(table, constraint.name),
        undo=(f"ALTER TABLE {name_of(table)} DROP CONSTRAINT {quote_ident(constraint.name)}",),
    )


def add_not_valid(table: Ref, constraint: Constraint) -> Step:
    """A CHECK or FOREIGN KEY that every new row has to pass, and that no old row has been asked for yet."""
    return Step(
        title=f"Add the constraint {constraint.name} for new rows",
        statements=(
            f"ALTER TABLE {name_of(table)} ADD CONSTRAINT {quote_ident(constraint.name)}"
            f" {constraint_body(constraint)} NOT VALID",
        ),
        done=predicates.constraint_exists(table, constraint.name),
        undo=(f"ALTER TABLE {name_of(table)} DROP CONSTRAINT {quote_ident(constraint.name)}",),
    )


def validate(table: Ref, constraint: str) -> Step:
    """The old rows are checked; readers and writers do not notice. Its undo is that of the constraint."""
    return Step(
        title=f"Check the old rows against {constraint}",
        statements=(f"ALTER TABLE {name_of(table)} VALIDATE CONSTRAINT {quote_ident(constraint)}",),
        done=predicates.constraint_is_valid(table, constraint),
        long=True,
    )


def not_null(table: Ref, column: str, name: str, *, pg_version: int) -> tuple[Step, ...]:
    """NOT NULL without a scan under a strong lock: by a CHECK that proves it, from 18 on by NOT NULL … NOT VALID.

    The first step is where null is refused from: every writer has to be ready for it.
    """
    is_not_null = predicates.column_is_not_null(table, column)
    target, quoted = name_of(table), quote_ident(column)
    if pg_version >= NOT_NULL_NAMED_SINCE:
        add = Step(
            title=f"Refuse null in {column} in new rows",
            statements=(f"ALTER TABLE {target} ADD CONSTRAINT {quote_ident(name)} NOT NULL {quoted} NOT VALID",),
            done=predicates.constraint_exists(table, name),
            undo=(f"ALTER TABLE {target} DROP CONSTRAINT {quote_ident(name)}",),
        )
        return add, validate(table, name)
    drop = f"ALTER TABLE {target} DROP CONSTRAINT {quote_ident(name)}"
    add = Step(
        title=f"Refuse null in {column} in new rows",
        statements=(f"ALTER TABLE {target} ADD CONSTRAINT {quote_ident(name)} CHECK ({quoted} IS NOT NULL) NOT VALID",),
        done=predicates.constraint_exists(table, name),
        past=is_not_null,
        undo=(drop,),
    )
    check = validate(table, name)
    settle = Step(
        title=f"Make {column} NOT NULL, which the checked constraint proves",
        statements=(f"ALTER TABLE {target} ALTER COLUMN {quoted} SET NOT NULL", drop),
        done=predicates.all_of(is_not_null, predicates.not_(predicates.constraint_exists(table, name))),
        undo=(f"ALTER TABLE {target} ALTER COLUMN {quoted} DROP NOT NULL",),
        undoable=is_not_null,
    )
    return add, _until(check, is_not_null), settle


def superseded(steps: Sequence[Step], past: str) -> tuple[Step, ...]:
    """The same steps, not to be run any more once `past` holds."""
    return tuple(_until(step, past) for step in steps)


def _until(step: Step, past: str) -> Step:

    return replace(step, past=past if step.past is None else f"({step.past} OR {past})")
