"""How fast a replica replays, and how long it needs for what it has been sent: known before its lag is.

When the clock shows a second of lag, the log of that second is on its way already. Bytes in flight, divided by the rate
at which the replica replays, tell the time it will need now.
"""

from __future__ import annotations

import math

from msgspec import Struct
from msgspec.structs import replace

FIRST_RATE = 300e3
"""Bytes per second, until something better is known: a slow start that doubles with every look."""
LOWEST_RATE = 50e3
BUSY_BYTES = 256 * 1024
"""A smaller backlog says more about when we looked than about how fast the replica is."""
LOOKS_STILL = 2
SLOWER_WITHIN_SECONDS = 1.0
FASTER_WITHIN_SECONDS = 2.0


class Replay(Struct, frozen=True, kw_only=True):
    """What is known of the replay of one replica."""

    at: float
    """time.monotonic() of the last look."""
    replay_lsn: int
    log_end: int
    """Where the primary's log ended at that look."""
    rate: float = FIRST_RATE
    """Bytes per second."""
    moved_at: float | None = None
    """When it was last seen to move, or to have nothing left; None: at the first look."""
    looks_still: int = 0
    """Looks since then at which it stood where it was, with something left to replay all the time."""


def first_look(at: float, replay_lsn: int, log_end: int) -> Replay:
    """What is known after the first look: where it is, and nothing about its rate."""
    return Replay(at=at, replay_lsn=replay_lsn, log_end=log_end)


def observed(before: Replay, at: float, replay_lsn: int, log_end: int, *, heard: bool = True) -> Replay:
    """What is known after another look; `heard`: something was written since, so that the replica must have replied.

    A replica that has not even replayed what was there at the look before was busy all the time between: its progress
    is its rate, learned gradually, and bad news sooner than good. One that has caught up could have done more: its
    progress is the least it can do.
    """
    seconds = at - before.at
    if seconds <= 0:
        return before
    if replay_lsn < before.replay_lsn or log_end < before.log_end:
        return first_look(at, replay_lsn, log_end)  # another server, or another log
    progress = (replay_lsn - before.replay_lsn) / seconds
    rate = before.rate
    if replay_lsn >= before.log_end:
        rate = max(rate, progress)
    elif before.log_end - before.replay_lsn > BUSY_BYTES:
        within = SLOWER_WITHIN_SECONDS if progress < rate else FASTER_WITHIN_SECONDS
        rate += (progress - rate) * (1 - math.exp(-seconds / within))
    stands = replay_lsn == before.replay_lsn < before.log_end
    return replace(
        before,
        at=at,
        replay_lsn=replay_lsn,
        log_end=log_end,
        rate=max(rate, LOWEST_RATE),
        moved_at=before.moved_at if stands else at,
        looks_still=before.looks_still + heard if stands else 0,
    )


def stands_still(replay: Replay) -> bool:
    """Whether nothing is replayed although there is something to replay: paused, held up by a query, or cut off.

    Small commits come with every look, so that a replica that is well moves with every look.
    """
    return replay.looks_still >= LOOKS_STILL


def drain_seconds(replay: Replay, log_end: int) -> float:
    """How long the replica needs to replay what lies between it and the end of the primary's log."""
    return max(0, log_end - replay.replay_lsn) / replay.rate
