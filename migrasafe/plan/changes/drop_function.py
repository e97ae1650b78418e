"""A function that nobody calls any more goes."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.changes.model import Draft, Ground
from migrasafe.plan.model import Step
from migrasafe.plan.objects.overloads import (
    definition_of,
    exists,
    exists_not,
    hidden,
    kind_of,
    refuse_what_stands_on,
    rename,
    signature,
)
from migrasafe.schema.model import Function


class DropFunction(Struct, frozen=True, kw_only=True):
    function: Function

    def plan(self, ground: Ground) -> Draft:
        """Out of sight when the old version is gone, then for good. Raises NoPlanError where something is bound to it."""
        function = self.function
        refuse_what_stands_on(ground, function)
        name = signature(function)
        return Draft(
            title=f"drop the function {name}",
            tables=(),
            phases=(
                phases.deploy(f"does not call {name}", f"calls {name}"),
                phases.contract(
                    f"{name} goes: out of sight first, for good when nobody has missed it",
                    f"does not call {name}",
                    (take_away(function), drop_hidden(function)),
                    needed=name,
                    old_application_name=ground.old_application_name,
                ),
            ),
            by_hand=(UNTRACKED.format(name=function.ref.name),),
        )


UNTRACKED = "PostgreSQL does not know which functions call {name}: look for the name in their bodies, and in the app"


def take_away(function: Function) -> Step:
    """It gets another name: who still calls it fails, and nothing is lost."""
    aside = hidden(function)
    return Step(
        title=f"Take {signature(function)} out of sight; it is kept as {aside.name}",
        statements=(rename(function, function.ref, aside),),
        done=exists_not(function),
        undo=(rename(function, aside, function.ref),),
        undoable=exists(function, aside),
    )


def drop_hidden(function: Function, gone: str | None = None) -> Step:
    """The end of a function that is out of sight. `gone`: what else has to hold for it to be over."""
    aside = hidden(function)
    return Step(
        title=f"Drop {aside.name} for good",
        statements=(f"DROP {kind_of(function)} {signature(function, aside)}",),
        done=predicates.all_of(gone or exists_not(function), exists_not(function, aside)),
        loses=f"{signature(function)}: pg_dump has its text"
        if function.definition is None
        else f"{signature(function)}, which this makes again: {' '.join(definition_of(function).split())[:200]}",
    )
