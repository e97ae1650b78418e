"""Both columns written by the app itself, not by triggers: one more deployment, and nothing in the database.

A version that writes both takes the place of the old one; then the rows from before are filled, the flag makes it read the
new column, and the version after it writes that one only.
"""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.plan import predicates, shadow_column, steps
from migrasafe.plan.app_code.model import Kept
from migrasafe.plan.carry_over import carry_over, names_back, unseen
from migrasafe.plan.changes.model import Draft, Ground
from migrasafe.plan.gates import old_version_gone
from migrasafe.plan.model import Backfill, Gate, Phase, PhaseName, Step
from migrasafe.plan.readers import readers_of
from migrasafe.plan.shadow import Shadow
from migrasafe.schema.definitions import name_of
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.functions_called import volatility_of
from migrasafe.sql.quote import quote_ident


def rename_by_app(ground: Ground, shadow: Shadow) -> Draft:
    """The phases of a column under another name that the app writes twice."""
    table, old, new = shadow.table, shadow.old, shadow.new
    name = name_of(table.ref)
    readers = readers_of(ground.schema, table, old.name, new.name)
    default = tuple(_same_default(ground, shadow))
    expand = shadow_column.expand(shadow)
    return Draft(
        title=f"rename {table.ref}.{old.name} to {new.name}",
        tables=(table.ref,),
        phases=(
            Phase(
                name=expand.name,
                title=expand.title,
                old_app=expand.old_app,
                new_app=expand.new_app,
                steps=(*expand.steps, *steps.superseded(default, shadow.is_over)),
            ),
            Phase(
                name=PhaseName.DUAL_WRITE,
                title="The version that writes both columns takes over",
                old_app=f"reads and writes {old.name}, until its last instance has ended",
                new_app=f"writes {old.name} and {new.name}, and reads {old.name}",
                deploy=f"Deploy the version of the app that writes {old.name} and {new.name}, with its flag off, everywhere.",
            ),
            Phase(
                name=PhaseName.BACKFILL,
                title="The rows from before are filled, in batches",
                old_app="does not run any more",
                new_app=f"writes {old.name} and {new.name}, and reads {old.name}",
                gates=(old_version_gone(f"to write {old.name} alone", ground.old_application_name),),
                backfills=(
                    Backfill(
                        table=name,
                        assignments=(f"{quote_ident(new.name)} = {quote_ident(old.name)}",),
                        where=_differ(shadow),
                    ),
                ),
            ),
            Phase(
                name=PhaseName.VERIFY,
                title=f"{new.name} is proved equal and gets what stands on {old.name}",
                old_app="does not run any more",
                new_app=f"writes {old.name} and {new.name}, and reads either",
                gates=(_same(shadow),),
                steps=steps.superseded(tuple(carry_over(shadow)), shadow.is_over),
            ),
            Phase(
                name=PhaseName.SWITCH,
                title=f"The app reads {new.name}, then knows nothing else",
                old_app="does not run any more",
                new_app=f"writes both and reads {new.name}; the version after it knows {new.name} only",
                deploy=f"Turn the flag on everywhere: the app reads {new.name}, and goes on writing both."
                f" When nothing is amiss, run what follows, and deploy the version that knows {new.name} only.",
                steps=tuple(_let_go(shadow)),
            ),
            Phase(
                name=PhaseName.CONTRACT,
                title=f"{old.name} goes: out of sight first, for good when nobody has missed it",
                old_app="does not run any more",
                new_app=f"reads and writes {new.name}",
                gates=(_writers_of_both_gone(shadow),),
                steps=(*readers.steps, _soft_drop(shadow), _hard_drop(shadow)),
            ),
        ),
        why=(
            "the app writes both columns, as you asked: no trigger in the database, but one more deployment, and every place in"
            " the app that writes has to do it",
        ),
        by_hand=(
            f"every place that writes {old.name} has to write {new.name}, too: INSERT and UPDATE in SQL of your own, other"
            " programs, bulk loads, triggers and functions; the gate of the verify phase finds rows where one did not",
            f"from the version on that knows {new.name} only, {old.name} grows old: the way back from the switch copies"
            f" {new.name} back, in one go: `UPDATE {name} SET {quote_ident(old.name)} = {quote_ident(new.name)}"
            f" WHERE {_differ(shadow)}`",
            *readers.by_hand,
            *unseen(shadow),
            *_volatile(shadow, default),
        ),
        differs=(f"the column {new.name} is the last of {table.ref}: SELECT * gives it at the end",),
        kept=(Kept(table=table.ref, old=old.name, new=new.name, by_app=True),),
    )


def _differ(shadow: Shadow) -> str:
    return f"pg_catalog.record_image_ne(ROW({quote_ident(shadow.new.name)}), ROW({quote_ident(shadow.old.name)}))"


def _same(shadow: Shadow) -> Gate:
    return Gate(
        id="same",
        question=f"Do {shadow.old.name} and {shadow.new.name} say the same in every row of {shadow.table.ref.name}?",
        query=f"SELECT count(*) FROM {name_of(shadow.table.ref)} WHERE {_differ(shadow)}",
        expected="0",
        otherwise="Run the backfill, with --restart where it has run before; if rows come back, something writes one column only.",
    )


def _same_default(ground: Ground, shadow: Shadow) -> Iterator[Step]:
    """What the database gives the old column where a writer gives nothing, the new one gets as well."""
    default, table = shadow.old.default, shadow.table.ref
    if default is None:
        return
    verdict = volatility_of(default, lambda *_: None, pg_version=ground.target.pg_version)
    if verdict.volatile_functions or verdict.unknown_functions:
        return
    alter = f"ALTER TABLE {name_of(table)} ALTER COLUMN {quote_ident(shadow.new.name)}"
    yield Step(
        title=f"Give {shadow.new.name} the default of {shadow.old.name}",
        statements=(f"{alter} SET DEFAULT {deparse_expression(default)}",),
        done=predicates.column_has_default(table, shadow.new.name),
        undo=(f"{alter} DROP DEFAULT",),
    )


def _volatile(shadow: Shadow, given: tuple[Step, ...]) -> Iterator[str]:
    default = shadow.old.default
    if default is not None and not given:
        yield (
            f"{shadow.old.name} has the default {deparse_expression(default)}, which would give each column a value of its own:"
            f" the app has to give {shadow.new.name} its value; its default goes with {shadow.old.name}"
        )


def _let_go(shadow: Shadow) -> Iterator[Step]:
    """The version that does not know the old column leaves it null."""
    if shadow.old.default is None and not shadow.old.not_null:
        return
    table, old = name_of(shadow.table.ref), quote_ident(shadow.old.name)
    alter = f"ALTER TABLE {table} ALTER COLUMN {old}"
    there = []
    if shadow.old.not_null:
        there.append(f"{alter} DROP NOT NULL")
    if shadow.old.default is not None:
        there.append(f"{alter} DROP DEFAULT")
    copied = f"UPDATE {table} SET {old} = {quote_ident(shadow.new.name)} WHERE {_differ(shadow)}"
    back = [copied]
    if shadow.old.default is not None:
        back.append(f"{alter} SET DEFAULT {deparse_expression(shadow.old.default)}")
    if shadow.old.not_null:
        back.append(f"{alter} SET NOT NULL")
    condition = "NOT attnotnull AND NOT atthasdef"
    is_free = predicates.column_with(shadow.table.ref, shadow.old.name, condition)
    yield Step(
        title=f"Let rows be without {shadow.old.name}",
        statements=tuple(there),
        done=is_free,
        past=_is_out(shadow),
        undo=tuple(back),
    )


def _is_out(shadow: Shadow) -> str:
    return predicates.columns_are_gone(shadow.table.ref, shadow.old.name)


def _writers_of_both_gone(shadow: Shadow) -> Gate:
    gate = old_version_gone(f"{shadow.table.ref}.{shadow.old.name}", None)
    return Gate(
        id="both-writers-gone",
        question="Has the last instance of the version that writes both columns ended?",
        query=None,
        otherwise=gate.otherwise.replace("the old version", "the version that writes both columns"),
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
