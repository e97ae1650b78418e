"""A CHECK gives way to another: meanwhile a row has to pass one of the two, so that each version may write its own."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.beside import name_beside
from migrasafe.plan.changes.add_constraint import left_not_valid, violators
from migrasafe.plan.changes.model import Draft, Ground, table_of
from migrasafe.plan.dual_write.swapped import marked, says_replaced
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.schema.definitions import constraint_body, name_of
from migrasafe.schema.model import Constraint, Table
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Name

_SHORT = 80
"""Characters that can be read in a title."""


class ReplaceCheck(Struct, frozen=True, kw_only=True):
    table: Name
    old: Constraint
    new: Constraint

    def plan(self, ground: Ground) -> Draft:
        """Either of both, then the new one alone. Raises NoPlanError."""
        table, old, new = table_of(ground, self.table), self.old, self.new
        either = name_beside(new.name, "either")
        ready = replace(new, name=name_beside(new.name))
        over = _is_over(ground, table, old, new, either, ready.name)
        was, now = _said(old, "old"), _said(new, "new")
        return Draft(
            title=f"replace {old.name} of {table.ref} by {now}",
            tables=(table.ref,),
            phases=(
                Phase(
                    name=PhaseName.EXPAND,
                    title=f"A row has to pass {was}, or {now}",
                    old_app=f"obeys {was}",
                    new_app=f"may obey {now} instead",
                    steps=steps.superseded((_either(table, old, new, either),), over),
                ),
                phases.deploy(f"obeys {now}", f"obeys {was}"),
                phases.contract(
                    f"{now} is asked of new rows, then of old ones, and is alone",
                    f"obeys {now}",
                    (
                        *steps.superseded(
                            (steps.add_not_valid(table.ref, ready), steps.validate(table.ref, ready.name)), over
                        ),
                        _alone(ground, table, old, new, either, ready.name, over),
                    ),
                    needed=f"to write rows that {new.name} refuses",
                    old_application_name=ground.old_application_name,
                    gates=(violators(table, new),),
                ),
            ),
            why=(
                "neither rule has to include the other: while both versions run, a row that obeys one of them is accepted",
            ),
            by_hand=(
                f"after the way back from the first step, VALIDATE CONSTRAINT {old.name} asks the old rows again",
            ),
            differs=(*marked(ground.id, old.name, new.name), *left_not_valid(new)),
        )


def _said(rule: Constraint, which: str) -> str:
    """The rule itself where it is short, else whose it is."""
    body = constraint_body(rule)
    return body if len(body) <= _SHORT else f"the {which} {rule.name}"


def _is_over(ground: Ground, table: Table, old: Constraint, new: Constraint, either: str, ready: str) -> str:
    gone = [predicates.not_(predicates.constraint_exists(table.ref, name)) for name in (either, ready)]
    if old.name != new.name:
        gone.append(predicates.not_(predicates.constraint_exists(table.ref, old.name)))
    replaced = says_replaced(ground.id, "CONSTRAINT", quote_ident(new.name), name_of(table.ref))
    there = (
        predicates.constraint_says(table.ref, new.name, replaced.text)
        if old.name == new.name
        else predicates.constraint_exists(table.ref, new.name)
    )
    return f"({predicates.all_of(there, *gone)})"


def _either(table: Table, old: Constraint, new: Constraint, either: str) -> Step:
    assert old.expression is not None and new.expression is not None  # of a CHECK
    rule = f"({deparse_expression(old.expression)}) OR ({deparse_expression(new.expression)})"
    alter = f"ALTER TABLE {name_of(table.ref)}"
    # Both in one statement: at no moment may a row be written that obeys neither.
    return Step(
        title=f"Accept what obeys {old.name}, or the rule that takes its place",
        statements=(
            f"{alter} ADD CONSTRAINT {quote_ident(either)} CHECK ({rule}) NOT VALID,"
            f" DROP CONSTRAINT {quote_ident(old.name)}",
        ),
        done=predicates.constraint_exists(table.ref, either),
        undo=(
            f"{alter} ADD CONSTRAINT {quote_ident(old.name)} {constraint_body(old)} NOT VALID,"
            f" DROP CONSTRAINT {quote_ident(either)}",
        ),
        stays=f"{old.name} comes back NOT VALID: old rows are not asked",
    )


def _alone(ground: Ground, table: Table, old: Constraint, new: Constraint, either: str, ready: str, over: str) -> Step:
    assert old.expression is not None and new.expression is not None  # of a CHECK
    rule = f"({deparse_expression(old.expression)}) OR ({deparse_expression(new.expression)})"
    alter = f"ALTER TABLE {name_of(table.ref)}"
    note = says_replaced(ground.id, "CONSTRAINT", quote_ident(new.name), name_of(table.ref))
    said = (note.there,) if old.name == new.name else ()
    unsaid = (note.back,) if old.name == new.name else ()
    return Step(
        title=f"{new.name} alone is what a row has to pass",
        statements=(
            f"{alter} DROP CONSTRAINT {quote_ident(either)}",
            f"{alter} RENAME CONSTRAINT {quote_ident(ready)} TO {quote_ident(new.name)}",
            *said,
        ),
        done=over,
        undo=(
            *unsaid,
            f"{alter} ADD CONSTRAINT {quote_ident(either)} CHECK ({rule}) NOT VALID",
            f"{alter} RENAME CONSTRAINT {quote_ident(new.name)} TO {quote_ident(ready)}",
        ),
    )
