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
TRIED_WITH = 2.0
USUAL_CHANGES, USUAL_GROWS = 0.1, 0.03
WORTH_A_TRY = 0.1
"""Of its rate: with less to do, that a replica rests says nothing."""
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
    looks_rested: int = 0
    """At so many looks of that stretch it had caught up, or nearly so …"""
    looks_busy: int = 0
    """… and at so many it had not."""
    paces: tuple[float, ...] = ()
    """Bytes per second in each stretch in which it was busy all the time, oldest first."""
    usual_pace: float | None = None
    """The mean of longer ago; None: never seen busy."""
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
    has_much_to_do = before.log_end - before.replay_lsn > min(BUSY_BYTES, BUSY_SECONDS * rate)
    is_busy = has_much_to_do and replay_lsn < before.log_end
    if is_busy:
        within = SLOWER_WITHIN_SECONDS if progress < rate else FASTER_WITHIN_SECONDS
        rate += (progress - rate) * (1 - math.exp(-seconds / within))
    before = _stretched(replace(before, rate=rate), seconds, replay_lsn - before.replay_lsn, is_busy=is_busy)
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


def _stretched(replay: Replay, seconds: float, progress: int, *, is_busy: bool) -> Replay:
    """With one more look, in whose time so many bytes were replayed. Replay comes in bursts: less than a stretch says little.

    A replica that rested meanwhile could have done more: its progress is the least it can do. One that rested at each look,
    although it got something to do, is tried with more: of what was seen of its slow times, the oldest is forgotten, and its
    rate is taken to be higher, though at first not above what it was when it was last seen busy.
    """
    took, done = replay.stretch_seconds + seconds, replay.stretch_bytes + progress
    rested, busy = replay.looks_rested + (not is_busy), replay.looks_busy + is_busy
    if took < STRETCH_SECONDS - CLOCK_TICK_SECONDS:
        return replace(replay, stretch_seconds=took, stretch_bytes=done, looks_rested=rested, looks_busy=busy)
    pace, rate, paces, usual = done / took, replay.rate, replay.paces, replay.usual_pace
    if not rested:
        paces = (*paces, pace)[-STRETCHES:]
        usual = pace if usual is None else usual + (pace - usual) * USUAL_CHANGES
    elif not busy and pace > WORTH_A_TRY * safe_rate(replay):
        if safe_rate(replay) >= rate:
            rate = max(rate, min(rate * TRIED_WITH, usual if usual is not None else math.inf))
        rate, paces = max(rate, pace), paces[1:]
        usual = None if usual is None else usual * (1 + USUAL_GROWS)
    else:
        rate = max(rate, pace)
    return replace(
        replay,
        stretch_seconds=0.0,
        stretch_bytes=0,
        looks_rested=0,
        looks_busy=0,
        paces=paces,
        usual_pace=usual,
        rate=rate,
    )


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
