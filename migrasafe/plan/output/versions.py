"""The next numbers of a folder of migrations: timestamps where it has timestamps, else numbers like its own."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

from migrasafe.errors import InputError
from migrasafe.plan.output.model import Place

_TIMESTAMP = "%Y%m%d%H%M%S"


def next_versions(place: Place, count: int) -> list[str]:
    """So many versions that follow the last one, and one another. Raises InputError for one that is no number."""
    last = place.last
    if last is None:
        return _timestamps(place.now, count)
    match = re.fullmatch(r"(\d+)(?:[._]\d+)*", last)
    if match is None:
        raise InputError(f"--migrations: the last migration is {last!r}, and what follows that is not known")
    number = match[1]
    time = _time(number, place.now.tzinfo)
    if time is not None:
        return _timestamps(max(place.now, time + timedelta(seconds=1)), count)
    return [str(int(number) + more).zfill(len(number)) for more in range(1, count + 1)]


def _timestamps(first: datetime, count: int) -> list[str]:
    return [(first + timedelta(seconds=place)).strftime(_TIMESTAMP) for place in range(count)]


def _time(number: str, zone: tzinfo | None) -> datetime | None:
    if len(number) != 14:
        return None
    try:
        return datetime.strptime(number, _TIMESTAMP).replace(tzinfo=zone)
    except ValueError:
        return None
