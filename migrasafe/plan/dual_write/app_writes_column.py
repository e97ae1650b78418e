"""One column that the app writes twice: under another name, or with another type under another name."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.plan import phases, predicates
from migrasafe.plan.app_code.model import Kept, Value, Worked
from migrasafe.plan.carry_over.indexes_and_constraints import carry_over, names_back, unseen
from migrasafe.plan.carry_over.readers import Readers, readers_of, worked_out
from migrasafe.plan.changes.model import Draft
from migrasafe.plan.dual_write import shadow_column
from migrasafe.plan.dual_write.app_writes import AGAIN, WrittenTwice, draft_by_app
from migrasafe.plan.dual_write.let_go import default_along, let_go
from migrasafe.plan.dual_write.shadow import Shadow
from migrasafe.plan.model import Gate, Step
from migrasafe.schema.definitions import name_of, type_of
from migrasafe.schema.model import ColumnRef
from migrasafe.sql.deparse import deparse_expression, parse_expression
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Expression


def rename_by_app(shadow: Shadow) -> Draft:
    """A column under another name. Its values are the same."""
    table, old, new = shadow.table, shadow.old.name, shadow.new.name
    apart = f"pg_catalog.record_image_ne(ROW({quote_ident(new)}), ROW({quote_ident(old)}))"
    return draft_by_app(
        _written_twice(
            shadow,
            title=f"rename {table.ref}.{old} to {new}",
            apart=apart,
            assignment=f"{quote_ident(new)} = {quote_ident(old)}",
            back=f"{quote_ident(old)} = {quote_ident(new)}",
            gates=(_same(shadow, apart),),
            readers=readers_of(shadow.ground.schema, table, old, new),
            kept=(Kept(table=table.ref, old=old, new=new, by_app=True),),
        )
    )


def type_by_app(shadow: Shadow, gates: tuple[Gate, ...], assumed: tuple[str, ...], by_hand: tuple[str, ...]) -> Draft:
    """A column with another type, under a name of its own: while the app writes both, they cannot have the same one."""
    table, old, new = shadow.table, shadow.old, shadow.new
    (job,) = shadow_column.backfill(shadow).backfills
    dual = shadow.dual()
    value = f"({deparse_expression(shadow.down)})::{type_of(old)}"
    draft = _written_twice(
        shadow,
        title=f"change {table.ref}.{old.name} to {type_of(new)}, as {new.name}",
        apart=job.where,
        assignment=job.assignments[0],
        back=f"{quote_ident(old.name)} = {value}",
        gates=(_same(shadow, job.where), *gates),
        readers=worked_out(shadow.ground.schema, table, {old.name: parse_expression(value)}, [new.name]),
        worked=(
            Worked(
                table=table.ref,
                old=tuple(Value(name=one.column, type=one.type, of=one.value) for one in dual.old),
                new=tuple(Value(name=one.column, type=one.type, of=one.value) for one in dual.new),
            ),
        ),
        why=(f"as one statement it would rewrite or read all of {table.ref} while nobody can use it",),
        assumed=assumed,
        by_hand=by_hand,
        differs=(f"the column of the new type is called {new.name}, not {old.name}",),
    )
    return draft_by_app(draft)


def _written_twice(
    shadow: Shadow,
    *,
    title: str,
    apart: str,
    assignment: str,
    back: str,
    gates: tuple[Gate, ...],
    readers: Readers,
    kept: tuple[Kept, ...] = (),
    worked: tuple[Worked, ...] = (),
    why: tuple[str, ...] = (),
    assumed: tuple[str, ...] = (),
    by_hand: tuple[str, ...] = (),
    differs: tuple[str, ...] = (),
) -> WrittenTwice:
    table, old, new = shadow.table, shadow.old.name, shadow.new.name
    copied = f"UPDATE {name_of(table.ref)} SET {back} WHERE {apart}"
    default: tuple[Step, ...] = ()
    if shadow.old.default is not None:
        given = Expression(node=shadow_column.default_of_new(shadow, shadow.old.default))
        default = tuple(default_along(shadow.ground, table.ref, new, given, {old: shadow.old.default}))
    return WrittenTwice(
        ground=shadow.ground,
        table=table,
        title=title,
        was=old,
        now=new,
        expand=(*shadow_column.expand(shadow).steps, *default),
        assignments=(assignment,),
        to_fill=apart,
        gates=gates,
        ready=tuple(carry_over(shadow)),
        let_go=tuple(let_go(table.ref, (shadow.old,), copied)),
        readers=readers,
        soft_drop=_soft_drop(shadow),
        hard_drop=_hard_drop(shadow),
        is_over=shadow.is_over,
        back=copied,
        why=why,
        assumed=assumed,
        by_hand=(*unseen(shadow), *_volatile(shadow, default), *by_hand),
        differs=(f"the column {new} is the last of {table.ref}: SELECT * gives it at the end", *differs),
        kept=kept,
        worked=worked,
        names_gone=(ColumnRef(table.ref, old),),
    )


def _same(shadow: Shadow, apart: str) -> Gate:
    return phases.none_left(
        "same",
        f"Do {shadow.old.name} and {shadow.new.name} say the same in every row of {shadow.table.ref.name}?",
        name_of(shadow.table.ref),
        apart,
        AGAIN,
        tolerated=shadow.ground.tolerated,
    )


def _volatile(shadow: Shadow, given: tuple[Step, ...]) -> Iterator[str]:
    default = shadow.old.default
    if default is not None and not given:
        yield (
            f"{shadow.old.name} has the default {deparse_expression(default)}, which would give each column a value of its own:"
            f" the app has to give {shadow.new.name} its value; its default goes with {shadow.old.name}"
        )


def _soft_drop(shadow: Shadow) -> Step:
    table, ref = name_of(shadow.table.ref), shadow.table.ref
    old, dropped = quote_ident(shadow.old.name), quote_ident(shadow.dropped)
    return Step(
        title=f"Take {shadow.old.name} out of sight as {shadow.dropped}",
        statements=(f"ALTER TABLE {table} RENAME COLUMN {old} TO {dropped}",),
        done=f"({predicates.column_exists(ref, shadow.dropped)} AND {predicates.columns_are_gone(ref, shadow.old.name)})",
        past=shadow.is_over,
        undo=(f"ALTER TABLE {table} RENAME COLUMN {dropped} TO {old}",),
        undoable=predicates.column_exists(ref, shadow.dropped),
    )


def _hard_drop(shadow: Shadow) -> Step:
    return Step(
        title=f"Drop {shadow.dropped} for good",
        statements=(
            f"ALTER TABLE {name_of(shadow.table.ref)} DROP COLUMN {quote_ident(shadow.dropped)}",
            *names_back(shadow),
        ),
        done=shadow.is_over,
        loses=f"the column {shadow.old.name}: from here on the way back is a plan of its own",
    )
