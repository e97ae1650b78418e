"""An EXCLUDE constraint that gives way to another: the new one is built beside the old one, in a maintenance window."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.beside import name_aside, name_beside
from migrasafe.plan.changes.add_exclusion import build_exclusion, exclusion_body, no_two
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.dual_write.swapped import marked, says_replaced
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Constraint, Table
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ConstraintDef, Name


class ReplaceExclusion(Struct, frozen=True, kw_only=True):
    """Under the same name; at any moment one of the two is there."""

    table: Name
    old: Constraint
    wanted: ConstraintDef

    def plan(self, ground: Ground) -> Draft:
        """Nobody breaks either, the new one is built while others wait, and takes the name. Raises NoPlanError."""
        table, name = table_of(ground, self.table), self.old.name
        if table.partition_by is not None:
            raise NoPlanError(
                f"{table.ref} is partitioned: replace the constraint of each partition, one after the other"
            )
        body = exclusion_body(self.wanted)
        ready, dropped = name_beside(name), name_aside(name)
        note = says_replaced(ground.id, "CONSTRAINT", quote_ident(name), name_of(table.ref))
        is_new = predicates.constraint_says(table.ref, name, note.text)
        return Draft(
            title=f"replace {name} of {table.ref} by {body}",
            tables=(table.ref,),
            phases=(
                phases.deploy(f"obeys {body}, and the old {name} as well", f"obeys the old {name}"),
                phases.contract(
                    f"{name} is {body}; the old one goes",
                    f"obeys {body}, and is refused (23P01) where it does not",
                    (
                        *steps.superseded((build_exclusion(table, ready, body),), is_new),
                        Step(
                            title=f"The new constraint is {name}; the old one is kept as {dropped}",
                            statements=(*_renamed(table, (name, dropped), (ready, name)), note.there),
                            done=is_new,
                            undo=(note.back, *_renamed(table, (name, ready), (dropped, name))),
                        ),
                        Step(
                            title=f"Drop the old constraint, {dropped}",
                            statements=(f"ALTER TABLE {name_of(table.ref)} DROP CONSTRAINT {quote_ident(dropped)}",),
                            done=predicates.all_of(
                                is_new, predicates.not_(predicates.constraint_exists(table.ref, dropped))
                            ),
                            loses=f"the index of the old {name}: the way back is to plan the old constraint again",
                        ),
                    ),
                    needed=f"the old {name}",
                    old_application_name=ground.old_application_name,
                    gates=(no_two(table, self.wanted),),
                ),
            ),
            why=(
                "the old constraint stays until the new one is there: at no moment may a row be written that obeys neither",
            ),
            by_hand=(
                "choose an hour in which that long a wait hurts least; while it waits for its lock, others do not queue behind it"
                " for longer than lock_timeout",
                f"until the contract phase is over, a row has to obey the old {name}, too",
            ),
            differs=marked(ground.id, name, name),
        )


def _renamed(table: Table, *names: tuple[str, str]) -> tuple[str, ...]:
    alter = f"ALTER TABLE {name_of(table.ref)} RENAME CONSTRAINT"
    return tuple(f"{alter} {quote_ident(was)} TO {quote_ident(now)}" for was, now in names)
