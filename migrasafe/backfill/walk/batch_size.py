"""How many rows the next batch has: as many as fit into the target time, by what the last batches took.

A writer that meets a row of a batch waits for as long as the batch lasts, so time is the promise and rows follow. What
a batch takes is judged by its slowest recent neighbours (the 90th percentile of the last ten, per row), growth is slow
and a batch that took far too long is answered at once.
"""

from __future__ import annotations

import math

import msgspec
from msgspec.structs import replace

REMEMBERED = 10
PERCENTILE = 0.9
MOST_GROWTH = 1.5
MOST_SHRINKING = 0.5
FAR_TOO_LONG = 5.0
"""Times the target: a batch that took longer makes the next one ten times smaller at once."""
CLOCK_TICK_SECONDS = 1e-6
AT_MOST_LATE = 2.0
"""Times the target: what a waiting writer is promised at the worst. The usual floor gives way above it."""


class BatchTarget(msgspec.Struct, frozen=True, kw_only=True):
    """What batches aim at."""

    seconds: float = 0.1
    first_rows: int = 1000
    floor_rows: int = 500
    """Smaller batches cost throughput and help nobody, unless even so many rows take longer than is promised."""
    most_rows: int = 20_000


class BatchSize(msgspec.Struct, frozen=True, kw_only=True):
    """The size of the next batch, and what it rests on."""

    rows: int
    seconds_per_row: tuple[float, ...] = ()
    """Of the last batches, oldest first."""


def first_size(target: BatchTarget) -> BatchSize:
    """The size to start with: known to hurt nobody on an ordinary table."""
    return BatchSize(rows=max(1, min(target.first_rows, target.most_rows)))


def after_batch(size: BatchSize, target: BatchTarget, *, rows: int, seconds: float) -> BatchSize:
    """The size after a batch of so many rows (those in its key range) that held its locks for so long.

    A batch much smaller than allowed (the end of a table, or little room at a replica) says how long rows take, not
    that more of them would fit: it never lets the size grow.
    """
    if rows <= 0 or seconds <= 0:
        return size
    if seconds > FAR_TOO_LONG * target.seconds:
        return BatchSize(rows=max(1, min(size.rows, rows) // 10))
    remembered = (*size.seconds_per_row, max(seconds, CLOCK_TICK_SECONDS) / rows)[-REMEMBERED:]
    slow = sorted(remembered)[math.ceil(PERCENTILE * len(remembered)) - 1]
    wanted = size.rows * min(max(target.seconds / (slow * size.rows), MOST_SHRINKING), MOST_GROWTH)
    if rows < size.rows * MOST_SHRINKING:
        wanted = min(wanted, size.rows) if seconds > target.seconds else size.rows
    return BatchSize(rows=_within(wanted, slow, target), seconds_per_row=remembered)


def after_timeout(size: BatchSize) -> BatchSize:
    """Half the size, below any floor: the last batch ran into lock_timeout or statement_timeout."""
    return BatchSize(rows=max(1, size.rows // 2))


def after_blocking(size: BatchSize) -> BatchSize:
    """A tenth of the size: another session was seen to wait for our row locks for longer than promised."""
    return BatchSize(rows=max(1, size.rows // 10))


def retargeted(size: BatchSize, before: BatchTarget, target: BatchTarget) -> BatchSize:
    """The size after an operator changed the target, at once in proportion; what rows cost is still known."""
    if before == target:
        return size
    rows = size.rows * target.seconds / before.seconds
    slow = max(size.seconds_per_row, default=0.0)
    return replace(size, rows=_within(rows, slow, target))


def _within(wanted: float, seconds_per_row: float, target: BatchTarget) -> int:
    floor = min(target.floor_rows, target.most_rows)
    if seconds_per_row * floor > AT_MOST_LATE * target.seconds:
        floor = 1  # the promise to those who wait comes before throughput
    return max(1, min(max(round(wanted), floor), target.most_rows))
