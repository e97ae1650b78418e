"""A new function, or one more overload of one that is there."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.model import Step
from migrasafe.plan.objects.overloads import definition_of, exists, kind_of, may_be_mixed_up, signature
from migrasafe.schema.model import Function


class AddFunction(Struct, frozen=True, kw_only=True):
    function: Function

    def plan(self, ground: Ground) -> Draft:
        """One step. Raises NoPlanError where calls of an overload would not be unique any more."""
        function, name = self.function, signature(self.function)
        for other in ground.schema.functions.get(function.ref, ()):
            if may_be_mixed_up(function, other):
                raise NoPlanError(
                    f"a call of {function.ref} could mean {name} as well as {signature(other)}, and PostgreSQL refuses such calls"
                    f" (42725): give the new one another name, or drop {signature(other)} in the same migration"
                )
        return Draft(
            title=f"add the function {name}",
            tables=(),
            phases=(phases.expand(f"{name} is there", "goes on as before", f"may call {name}", (create(function),)),),
        )


def create(function: Function) -> Step:
    return Step(
        title=f"Create {signature(function)}",
        statements=(definition_of(function),),
        done=exists(function),
        undo=(f"DROP {kind_of(function)} {signature(function)}",),
    )
