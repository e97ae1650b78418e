"""What of a table's parts a statement has made: of a long list, only what is new is looked at."""

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
