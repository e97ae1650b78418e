"""For tools that send the statements of a file one by one: a file for each stretch of quick steps, one for each long step,
so that a run that was broken off repeats no more than it has to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from migrasafe.plan.model import PhaseName
from migrasafe.plan.output.model import Action, Piece

NO_TIMEOUT = ("SET lock_timeout = 0", "SET statement_timeout = 0")
OWN_TIMEOUT = ("RESET lock_timeout", "RESET statement_timeout")


class Stretch(Struct, frozen=True, kw_only=True):
    """One migration of several statements."""

    piece: str
    phase: PhaseName
    name: str
    """`verify`, or `verify_2` where the piece has several."""
    actions: tuple[Action, ...]


def stretches(pieces: Sequence[Piece]) -> Iterator[Stretch]:
    """The migrations in order."""
    for piece in pieces:
        found = list(_stretches(piece))
        for number, actions in enumerate(found, start=1):
            name = piece.name if len(found) == 1 else f"{piece.name}_{number}"
            yield Stretch(piece=piece.name, phase=piece.phase, name=name, actions=actions)


def _stretches(piece: Piece) -> Iterator[tuple[Action, ...]]:
    quick: list[Action] = []
    for action in piece.actions:
        if action.skip is None:
            quick.append(action)
            continue
        if quick:
            yield tuple(quick)
            quick = []
        yield (action,)
    if quick:
        yield tuple(quick)


def ahead_of(action: Action) -> tuple[str, ...]:
    """Its statements; those of a long step without a timeout, and after the remains of a run that was broken off."""
    if action.skip is None:
        return action.ahead
    return (*NO_TIMEOUT, *action.clear, *action.ahead, *OWN_TIMEOUT)


def back_of(action: Action) -> tuple[str, ...]:
    """What takes it back, likewise."""
    if action.skip_back is None:
        return action.back
    return (*NO_TIMEOUT, *action.back, *OWN_TIMEOUT)
