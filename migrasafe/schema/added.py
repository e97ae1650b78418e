"""What of a table's parts a statement has made or taken away: of a long list, only what is different is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

P = TypeVar("P")


def added(before: Sequence[P], after: Sequence[P]) -> Sequence[P]:
    """The parts that were not there, each hashable; nearly always they are the last ones."""
    kept = len(before)
    if after[:kept] == before:
        return after[kept:]
    known = set(before)
    return [part for part in after if part not in known]


def different(before: Sequence[P], after: Sequence[P]) -> tuple[Sequence[P], Sequence[P]]:
    """The parts that are gone, and those that are new; one that was changed is among both. What both lists begin and end with
    is passed over quickly: that is nearly all of them."""
    start = _alike(before, after)
    before, after = before[start:], after[start:]
    end = _alike(before[::-1], after[::-1])
    gone, made = before[: len(before) - end], after[: len(after) - end]
    if not gone or not made:
        return gone, made
    was, now = {*map(id, gone)}, {*map(id, made)}
    return [part for part in gone if id(part) not in now], [part for part in made if id(part) not in was]


def _alike(some: Sequence[P], others: Sequence[P]) -> int:
    """How many parts both begin with."""
    most = min(len(some), len(others))
    if some[:most] == others[:most]:
        return most
    count = 0
    for one, other in zip(some, others, strict=False):
        if one is not other:
            break
        count += 1
    return count
