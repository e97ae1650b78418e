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
"""A smaller backlog says more about when we looked than about how fast the replica is …"""
BUSY_SECONDS = 0.1
"""… unless even that takes it longer than this."""
STRETCH_SECONDS = 0.4
CLOCK_TICK_SECONDS = 1e-6
STRETCHES = 25
"""Rates are remembered of so many stretches of so long: ten seconds."""
SLOW = 0.3
"""What is in flight must not be late in the slow third of the stretches either."""
LOOKS_STILL = 2
SLOWER_WITHIN_SECONDS = 0.5
FASTER_WITHIN_SECONDS = 2.0


class Replay(Struct, frozen=True, kw_only=True):
    """What is known of the replay of one replica."""

    at: float
    """time.monotonic() of the last look."""
    replay_lsn: int
    log_end: int
    """Where the primary's log ended at that look."""
    rate: float = FIRST_RATE
    """Bytes per second, lately and on the average."""
    stretch_seconds: float = 0.0
    stretch_bytes: int = 0
    """What was replayed in the stretch that is not over yet."""
    has_rested: bool = False
    """It had caught up at one of the looks of that stretch."""
    paces: tuple[float, ...] = ()
    """Bytes per second in each stretch in which it was busy all the time, oldest first."""
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
    is_busy = before.log_end - before.replay_lsn > min(BUSY_BYTES, BUSY_SECONDS * rate)
    has_rested = replay_lsn >= before.log_end
    if is_busy and not has_rested:
        within = SLOWER_WITHIN_SECONDS if progress < rate else FASTER_WITHIN_SECONDS
        rate += (progress - rate) * (1 - math.exp(-seconds / within))
    before = _stretched(
        replace(before, rate=rate), seconds, replay_lsn - before.replay_lsn, has_rested=has_rested, is_busy=is_busy
    )
    rate = before.rate
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


def _stretched(replay: Replay, seconds: float, progress: int, *, has_rested: bool, is_busy: bool) -> Replay:
    """With one more look, in whose time so many bytes were replayed.

    A replica that had nothing to do in a stretch could have done more: its progress is the least it can do, and of what was
    seen before, the oldest stretch is forgotten. Shorter times than a stretch say little: replay comes in bursts.
    """
    took, done = replay.stretch_seconds + seconds, replay.stretch_bytes + progress
    rested = replay.has_rested or has_rested or not is_busy
    if took < STRETCH_SECONDS - CLOCK_TICK_SECONDS:
        return replace(replay, stretch_seconds=took, stretch_bytes=done, has_rested=rested)
    pace = done / took
    paces = replay.paces[1:] if rested else (*replay.paces, pace)[-STRETCHES:]
    rate = max(replay.rate, pace) if rested else replay.rate
    return replace(replay, stretch_seconds=0.0, stretch_bytes=0, has_rested=False, paces=paces, rate=rate)


def safe_rate(replay: Replay) -> float:
    """Bytes per second that the replica replays also when it is slow, as it was in a third of the time lately."""
    if len(replay.paces) < 3:
        return replay.rate
    slow = sorted(replay.paces)[int(len(replay.paces) * SLOW)]
    return max(min(replay.rate, slow), LOWEST_RATE)


def stands_still(replay: Replay) -> bool:
    """Whether nothing is replayed although there is something to replay: paused, held up by a query, or cut off.

    Small commits come with every look, so that a replica that is well moves with every look.
    """
    return replay.looks_still >= LOOKS_STILL


def drain_seconds(replay: Replay, log_end: int) -> float:
    """How long the replica needs to replay what lies between it and the end of the primary's log, if it is slow."""
    return max(0, log_end - replay.replay_lsn) / safe_rate(replay)
