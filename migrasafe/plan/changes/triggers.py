"""Triggers: added, taken away, or with another definition."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.carry_over.user_triggers import made_again
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.dual_write.swapped import says_replaced
from migrasafe.plan.model import Step
from migrasafe.schema.attached import Beside, WrittenTrigger
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import CreateTrigger, Name


class AddTrigger(Struct, frozen=True, kw_only=True):
    statement: CreateTrigger
    sql: str
    """As somebody wrote it."""

    def plan(self, ground: Ground) -> Draft:
        """One step, before the new version. Raises NoPlanError where there is one of that name."""
        name, table = self.statement.name, _relation(ground, self.statement.table)
        if not self.statement.replace and _known(ground, table, name) is not None:
            raise NoPlanError(f"{table} has a trigger {name} already")
        step = Step(
            title=f"Create the trigger {name}",
            statements=(self.sql,),
            done=predicates.trigger_exists(table, name),
            undo=(_drop(table, name),),
        )
        return Draft(
            title=f"add the trigger {name} to {table}",
            tables=(table,),
            phases=(
                phases.expand(
                    f"The trigger {name} acts on what both versions write",
                    f"writes through the trigger {name}",
                    "may rely on it",
                    (step,),
                ),
            ),
            why=(
                "before the new version, which may rely on it: there is no moment at which it could act for one version only",
                "CREATE TRIGGER waits for writers that are under way, and no row gets past it from then on",
            ),
            by_hand=(
                f"see that whatever the old version writes gets through {name}: an error in it is an error of the app",
                "rows that are there already have not been through it: fill in what it would have written, if anything",
            ),
        )


class DropTrigger(Struct, frozen=True, kw_only=True):
    table: Name
    name: str

    def plan(self, ground: Ground) -> Draft:
        """Switched off when the old version is gone, then dropped. Raises NoPlanError where it is not there."""
        table, name = table_of(ground, self.table).ref, self.name
        known = next((one for one in table_of(ground, self.table).triggers if one.name == name), None)
        if known is None:
            raise NoPlanError(f"{table} has no trigger {name}")
        written = _known(ground, table, name)
        on, quoted = name_of(table), quote_ident(name)
        off = Step(
            title=f"Switch the trigger {name} off",
            statements=(f"ALTER TABLE {on} DISABLE TRIGGER {quoted}",),
            done=predicates.not_(_enabled(table, name)),
            undo=(f"ALTER TABLE {on} ENABLE TRIGGER {quoted}",),
            undoable=predicates.all_of(predicates.trigger_exists(table, name), predicates.not_(_enabled(table, name))),
        )
        drop = Step(
            title=f"Drop the trigger {name} for good",
            statements=(_drop(table, name),),
            done=predicates.not_(predicates.trigger_exists(table, name)),
            loses=f"the trigger {name}" + (f", which this makes again: {written.sql}" if written is not None else ""),
        )
        return Draft(
            title=f"drop the trigger {name} of {table}",
            tables=(table,),
            phases=(
                phases.deploy(
                    f"does itself what the trigger {name} did, or can do without", f"relies on the trigger {name}"
                ),
                phases.contract(
                    f"The trigger {name} goes: switched off first, for good when nobody has missed it",
                    "writes without it",
                    (off, drop) if known.enabled else (drop,),
                    needed=f"what the trigger {name} does",
                    old_application_name=ground.old_application_name,
                ),
            ),
            why=(
                "DISABLE TRIGGER lets readers go on; DROP TRIGGER waits for them, too, and comes when nothing depends on it",
            ),
            by_hand=(
                f"until the contract phase the new version writes through {name} as well: doing the same twice must do no harm",
            ),
        )


class ReplaceTrigger(Struct, frozen=True, kw_only=True):
    statement: CreateTrigger
    sql: str

    def plan(self, ground: Ground) -> Draft:
        """The one for the other in one transaction. Raises NoPlanError where the old one cannot be brought back."""
        name, table = self.statement.name, _relation(ground, self.statement.table)
        written = _known(ground, table, name)
        if written is None:
            raise NoPlanError(f"how the trigger {name} of {table} is defined is not known: plan with --schema DSN")
        note = says_replaced(ground.id, "TRIGGER", quote_ident(name), name_of(table))
        step = Step(
            title=f"Let the trigger {name} be another one",
            statements=(_drop(table, name), self.sql, note.there),
            done=_says(table, name, note.text),
            undo=made_again(table, written),
        )
        return Draft(
            title=f"change the trigger {name} of {table}",
            tables=(table,),
            phases=(
                phases.expand(
                    f"The trigger {name} does something else, for both versions",
                    f"writes through the new {name}",
                    "may rely on it",
                    (step,),
                ),
            ),
            why=("in one transaction: no row is written without the one or the other",),
            by_hand=(f"see that whatever the old version writes gets through the new {name}",),
            differs=(f"{name} has the comment {note.text!r}: nothing else tells it from the one before",),
        )


def _relation(ground: Ground, name: Name) -> Ref:
    ref = ground.schema.resolve(*name)
    if ground.schema.relation(ref) is None:
        raise NoPlanError(f"the schema has no table {name}: give the one it is in with --schema")
    return ref


def _known(ground: Ground, table: Ref, name: str) -> WrittenTrigger | None:
    beside = (ground.beside or {}).get(table, Beside())
    return next((one for one in beside.triggers if one.name == name), None)


def _drop(table: Ref, name: str) -> str:
    return f"DROP TRIGGER {quote_ident(name)} ON {name_of(table)}"


def _enabled(table: Ref, name: str) -> str:
    return (
        f"EXISTS (SELECT FROM pg_trigger WHERE tgrelid = {predicates.relation(table)}"
        f" AND tgname = {quote_literal(name)} AND tgenabled <> 'D')"
    )


def _says(table: Ref, name: str, comment: str) -> str:
    return (
        f"EXISTS (SELECT FROM pg_trigger WHERE tgrelid = {predicates.relation(table)} AND tgname = {quote_literal(name)}"
        f" AND obj_description(oid, 'pg_trigger') = {quote_literal(comment)})"
    )
