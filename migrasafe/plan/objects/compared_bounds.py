"""What can be told of the bounds of partitions without a server: whether they have rows in common, or leave some out."""

from __future__ import annotations

import re
from collections.abc import Iterable

from migrasafe.plan.objects.partition_bounds import is_open
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.statements import Expression, PartitionBound

_NUMBER = re.compile(r"-?\d+")
_TIME = re.compile(r"'(\d{4}-\d\d-\d\d)( \d\d:\d\d:\d\d)?(\+00)?'")
_BEFORE_ALL, _AFTER_ALL = (0, 0, ""), (2, 0, "")

_Place = tuple[int, int, str]
"""Where a value stands among those of its kind."""


def cover(bounds: Iterable[PartitionBound], old: PartitionBound) -> bool:
    """Whether every row of `old` is surely in one of these; False where that cannot be told."""
    pieces = list(bounds)
    if old.strategy == "list":
        known = {deparse_expression(value) for one in pieces for value in one.values}
        return all(deparse_expression(value) in known for value in old.values)
    if not _of_one_kind([old, *pieces]):
        return False
    reached = _place(old.lower)
    end = _place(old.upper)
    ranges = [_ends(one) for one in pieces if one.strategy == "range"]
    while reached is not None and end is not None and reached < end:
        further = [last for first, last in ranges if first is not None and last is not None and first <= reached < last]
        if not further:
            return False
        reached = max(further)
    return reached is not None and end is not None


def overlap(one: PartitionBound, other: PartitionBound) -> bool:
    """Whether a row may be in both; True where that cannot be told."""
    if one.strategy == "list":
        return bool({*map(deparse_expression, one.values)} & {*map(deparse_expression, other.values)})
    if not _of_one_kind([one, other]):
        return True
    (first, last), (start, end) = _ends(one), _ends(other)
    if first is None or last is None or start is None or end is None:
        return True
    return first < end and start < last


def _of_one_kind(bounds: list[PartitionBound]) -> bool:
    """Whether all of their times have a zone, or none has: a session gives its own to those without."""
    places = [place for one in bounds for place in _ends(one) if place is not None and place[2]]
    return len({place[2].endswith("+00") for place in places}) < 2


def _ends(bound: PartitionBound) -> tuple[_Place | None, _Place | None]:
    return _place(bound.lower), _place(bound.upper)


def _place(values: tuple[Expression, ...]) -> _Place | None:
    """None for a value that only the server can compare: a time in another zone, a text, a fraction."""
    if len(values) != 1:
        return None
    text = deparse_expression(values[0])
    if is_open(values[0]):
        return _AFTER_ALL if text.strip('"').upper() == "MAXVALUE" else _BEFORE_ALL
    if _NUMBER.fullmatch(text.strip("'")):
        return 1, int(text.strip("'")), ""
    time = _TIME.fullmatch(text)
    return (1, 0, f"{time[1]}{time[2] or ' 00:00:00'}{time[3] or ''}") if time is not None else None
