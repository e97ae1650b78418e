"""How long a job will still take, and how sure that is: by how its pace went up and down lately."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from migrasafe.backfill.progress.history import SampleSeen

LATELY_SECONDS = 900.0
"""The pace of more than a quarter of an hour ago says little about the next."""
SLICE_SECONDS = 60.0
FEWEST_SLICES = 4
UNLIKELY = 0.1
"""The share of slices that were slower, or faster, than the ends of the range."""
ENDLESS = 50.0
"""Times the expected time: a range that reaches further says only that nobody knows."""


class Eta(Struct, frozen=True, kw_only=True):
    """When a job will be at its end, from now, in seconds."""

    seconds: float
    soonest: float | None = None
    """None: too little is known for a range."""
    latest: float | None = None
    """None with a `soonest`: it stood still so often lately that there is no saying."""


def eta(rows_left: int, lately: Sequence[SampleSeen], now: float, pace_now: float) -> Eta | None:
    """When `rows_left` rows will be walked; None where nothing moves.

    `lately` are the samples of the last LATELY_SECONDS, `pace_now` is rows per second of what is not in a sample yet.
    Time in which the throttle held batches back counts: it will again.
    """
    if rows_left <= 0:
        return None
    paces = paces_of(lately, now)
    pace = sum(paces) / len(paces) if paces else pace_now
    if pace <= 0:
        return None
    seconds = rows_left / pace
    if len(paces) < FEWEST_SLICES:
        return Eta(seconds=seconds)
    ordered = sorted(paces)
    most = int(len(ordered) * UNLIKELY)
    slow, fast = ordered[most], ordered[-1 - most]
    latest = rows_left / slow if slow > pace / ENDLESS else None
    return Eta(seconds=seconds, soonest=rows_left / fast, latest=latest)


def paces_of(lately: Iterable[SampleSeen], now: float) -> list[float]:
    """Rows per second of all workers together in each slice of the time, oldest first.

    A slice lasts a minute, or less while the job is young: then there are still enough of them. Time in which nobody
    worked (a pause, no worker) does not count.
    """
    found = [sample for sample in lately if sample.ended > now - LATELY_SECONDS]
    found = [sample for sample in found if sample.batches or sample.throttled_seconds]
    if not found:
        return []
    first = max(min(sample.began for sample in found), now - LATELY_SECONDS)
    last = max(sample.ended for sample in found)
    width = min(SLICE_SECONDS, max((last - first) / FEWEST_SLICES, 1.0))
    number = max(1, int((last - first) / width + 1e-6))
    begins = (last - (number - index) * width for index in range(number))
    paces = (_pace(found, begin, begin + width) for begin in begins)
    return [pace for pace in paces if pace is not None]


def _pace(found: Sequence[SampleSeen], begin: float, end: float) -> float | None:
    """Rows per second between two moments; None where nobody worked for most of the time."""
    rows = worked = 0.0
    seen_until = begin
    for sample in sorted(found, key=lambda sample: sample.began):
        inside = min(sample.ended, end) - max(sample.began, begin)
        if inside <= 0:
            continue
        rows += sample.rows_walked * inside / max(sample.ended - sample.began, 1e-3)
        worked += max(0.0, min(sample.ended, end) - max(sample.began, seen_until))
        seen_until = max(seen_until, min(sample.ended, end))
    return rows / worked if worked > (end - begin) / 2 else None
