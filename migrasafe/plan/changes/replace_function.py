"""A function with another body, other arguments or another result."""

from __future__ import annotations

import re

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.beside import ref_beside
from migrasafe.plan.changes.add_function import create
from migrasafe.plan.changes.drop_function import UNTRACKED, drop_hidden, take_away
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.dual_write.swapped import Note, says_replaced
from migrasafe.plan.model import Step
from migrasafe.plan.objects.overloads import (
    definition_of,
    exists,
    facts_of,
    gives_what_the_other_gives,
    hidden,
    kind_of,
    may_be_mixed_up,
    refuse_what_stands_on,
    rename,
    says,
    signature,
    takes_what_the_other_takes,
)
from migrasafe.plan.objects.put_aside import clear_away
from migrasafe.plan.templates import filled
from migrasafe.schema.evolve.functions import input_types, same_types
from migrasafe.schema.model import Function
from migrasafe.sql.quote import quote_literal


class ReplaceFunction(Struct, frozen=True, kw_only=True):
    old: Function
    new: Function

    def plan(self, ground: Ground) -> Draft:
        """In place, side by side, or one after the other under the same name. Raises NoPlanError where the name is not enough
        to tell the two apart."""
        old, new = self.old, self.new
        alike = same_types(input_types(old.arguments), input_types(new.arguments))
        if alike and _is_replaceable(old, new):
            return self._in_place(ground)
        refuse_what_stands_on(ground, old)
        if takes_what_the_other_takes(new, old) and gives_what_the_other_gives(new, old):
            return self._swapped(ground)
        if not alike and not may_be_mixed_up(old, new):
            return self._side_by_side(ground)
        other = f"{new.ref.name}_2"
        why = "give another result" if alike else "could both be meant by one call (42725)"
        raise NoPlanError(
            f"{signature(old)} and the new {signature(new)} {why}, so both versions cannot call them by one name: give the new one"
            f" another name (CREATE {kind_of(new)} {other} …, then DROP {kind_of(old)} {signature(old)}), and both are there"
        )

    def _in_place(self, ground: Ground) -> Draft:
        old, new = self.old, self.new
        name, was, now = signature(new), facts_of(old), facts_of(new)
        differ = {key: value for key, value in now.items() if was.get(key) != value}
        note = says_replaced(ground.id, kind_of(new), name)
        seen = bool(differ) and "prosrc" in now
        step = Step(
            title=f"Replace {name}",
            statements=(_replacing(new), *(() if seen else (note.there,))),
            done=says(new, differ) if seen else _commented(new, note),
            undo=(_replacing(old), *(() if seen else (note.back,))),
        )
        return Draft(
            title=f"change the function {name}",
            tables=(),
            phases=(
                phases.expand(
                    f"{name} does something else, for both versions",
                    f"calls the new {name}, too: it has to be able to live with it",
                    f"calls {name}",
                    (step,),
                ),
            ),
            why=("calls that are under way end with the old body; privileges and what is bound to it stay",),
            by_hand=(f"see that the old version can live with what {name} does then",),
            differs=()
            if seen
            else (f"{name} has the comment {note.text!r}: nothing else tells it from the one before",),
        )

    def _swapped(self, ground: Ground) -> Draft:
        """The new one takes whatever the old one took: one name, in an instant."""
        old, new, aside = self.old, self.new, hidden(self.old)
        note = says_replaced(ground.id, kind_of(new), signature(new))
        is_new = _commented(new, note)
        seen = ref_beside(new.ref)
        cleared = clear_away(
            f"the new {new.ref}", f"({exists(new, seen)})", f"DROP {kind_of(new)} IF EXISTS {signature(new, seen)}"
        )
        swap = Step(
            title=f"{signature(new)} takes the place of {signature(old)}, which is kept as {aside.name}",
            statements=(rename(old, old.ref, aside), definition_of(new), _called_by_the_same(old, new), note.there),
            done=is_new,
            undo=(rename(new, new.ref, seen), rename(old, aside, old.ref)),
            undoable=predicates.all_of(is_new, exists(old, aside)),
        )
        return Draft(
            title=f"change the function {signature(old)}",
            tables=(),
            phases=(
                phases.expand(
                    f"{signature(new)} takes the place of {signature(old)}",
                    "calls the new one: it takes what the old one took, and gives what that gave",
                    f"calls {signature(new)}",
                    (cleared, swap),
                ),
                phases.contract(
                    "The old one goes",
                    f"calls {signature(new)}",
                    (drop_hidden(old, is_new),),
                    needed=aside.name,
                    old_application_name=ground.old_application_name,
                ),
            ),
            why=(
                "the old one is renamed, not dropped: calls that have looked it up already end well",
                "both beside each other under one name would make calls ambiguous (42725)",
            ),
            by_hand=(
                UNTRACKED.format(name=old.ref.name),
                *_named(old, new),
            ),
            differs=(
                f"{signature(new)} has the comment {note.text!r}: nothing else tells it from the one before",
                f"whoever may EXECUTE {signature(old)} may EXECUTE {signature(new)}",
            ),
        )

    def _side_by_side(self, ground: Ground) -> Draft:
        old, new = self.old, self.new
        return Draft(
            title=f"change the function {signature(old)}",
            tables=(),
            phases=(
                phases.expand(
                    f"{signature(new)} stands beside {signature(old)}",
                    f"calls {signature(old)}",
                    f"calls {signature(new)}",
                    (create(new),),
                ),
                phases.deploy(f"calls {signature(new)}", f"calls {signature(old)}"),
                phases.contract(
                    "The old one goes: out of sight first, for good when nobody has missed it",
                    f"calls {signature(new)}",
                    (take_away(old), drop_hidden(old)),
                    needed=signature(old),
                    old_application_name=ground.old_application_name,
                ),
            ),
            why=("a call tells the two apart by the number of its arguments",),
            by_hand=(UNTRACKED.format(name=old.ref.name),),
        )


def _called_by_the_same(old: Function, new: Function) -> str:
    """In the transaction of the swap: at no moment may a role be refused that was not."""
    return filled(
        "execute_as_before.sql",
        old=quote_literal(signature(old, hidden(old))),
        new=signature(new),
        new_text=quote_literal(signature(new)),
        kind=kind_of(new),
        kind_text=quote_literal(kind_of(new)),
    ).strip()


def _is_replaceable(old: Function, new: Function) -> bool:
    """Whether CREATE OR REPLACE does it: the same result, the same names, no default less (42P13)."""
    was = [(one.name, one.mode, one.type.name, one.type.array) for one in old.arguments]
    now = [(one.name, one.mode, one.type.name, one.type.array) for one in new.arguments]
    renamed = any(before[0] not in (None, after[0]) for before, after in zip(was, now, strict=False))
    fewer = any(a.default is not None and b.default is None for a, b in zip(old.arguments, new.arguments, strict=False))
    same_result = [one[1:] for one in was] == [one[1:] for one in now] and gives_what_the_other_gives(new, old)
    return same_result and not renamed and not fewer and old.procedure == new.procedure


def _named(old: Function, new: Function) -> tuple[str, ...]:
    gone = {one.name for one in old.arguments if one.name} - {one.name for one in new.arguments}
    return tuple(
        f"no call may say {name} => …: that argument is called something else" for name in sorted(map(str, gone))
    )


def _replacing(function: Function) -> str:
    return re.sub(
        r"\A\s*CREATE\s+(?!OR\b)", "CREATE OR REPLACE ", definition_of(function), count=1, flags=re.IGNORECASE
    )


def _commented(function: Function, note: Note) -> str:
    return (
        f"coalesce(obj_description(to_regprocedure({quote_literal(signature(function))}), 'pg_proc')"
        f" = {quote_literal(note.text)}, false)"
    )
