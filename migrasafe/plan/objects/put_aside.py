"""What a way back takes away while the old version is at work: out of sight first, gone when nobody is left who has seen it.

A statement looks up a function or a type once, and no lock keeps what it has found: were it dropped in that moment, the
statement would fail.
"""

from __future__ import annotations

from migrasafe.plan import predicates
from migrasafe.plan.model import Step
from migrasafe.plan.templates import filled

_SECONDS = 0.05
"""Between two looks."""
_TURNS = 600
"""Looks before the step lets go, and tries again."""


def clear_away(what: str, put_aside: str, *drops: str) -> Step:
    """The first step of its phase, and the last one on the way back. `put_aside`: the condition under which `what` is out of
    sight, where a way back has just put it, or one that was cut off; `drops` have to pass over what is not there.
    """
    statements = (filled("statements_of_before.sql", turns=_TURNS, seconds=_SECONDS).strip(), *drops)
    return Step(
        title=f"Clear away what a way back has left of {what}",
        statements=statements,
        done=predicates.not_(put_aside),
        undo=statements,
        undoable=put_aside,
        undone_late=True,
    )
