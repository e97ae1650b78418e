"""Which share of the time batches may take: less while others on the primary feel it, slowly more when they do not.

What is judged is the part of the room that is used up: 0 is as usual, 1 is the limit. Usual is what was measured while
no batch of ours ran, before the first one and in the rests between them. When nobody else is at work, nobody is hurt.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

LEAST, FIRST, WHOLE = 0.05, 0.25, 1.0
RAISED_BELOW, LOWERED_FROM, HALVED_FROM = 0.4, 0.7, 1.0
RAISE_PER_SECOND, LOWER_BY = 0.05, 0.1
LOWER_PAUSE_SECONDS, RAISE_PAUSE_SECONDS = 2.0, 5.0
BEATS_JUDGED, BEATS_USUAL = 20, 100
FEWEST_BEATS = 5
"""Fewer say nothing about what is usual."""
COMMIT_FACTOR, COMMIT_SLACK_SECONDS = 1.5, 0.003
"""A commit may take half as long again as usual, and that much at least: nobody feels one millisecond more."""
SESSIONS_FACTOR, FEWEST_SESSIONS = 2.0, 8.0
SESSIONS_JUDGED, SESSIONS_USUAL = 20, 600
ALONE_SECONDS = 5.0
"""Nobody else was seen at work for so long: nobody is hurt."""


class Load(Struct, frozen=True, kw_only=True):
    """What others on the primary feel, and what is usual there."""

    beats: tuple[float, ...] = ()
    """Seconds that the last small commits took while a batch ran."""
    usual_beats: tuple[float, ...] = ()
    """… and while none did."""
    sessions: tuple[int, ...] = ()
    usual_sessions: tuple[int, ...] = ()
    others_seen_at: float | None = None
    """time.monotonic() when somebody else was last at work."""


class Strain(Struct, frozen=True, kw_only=True):
    """One measure of what others feel."""

    signal: str
    value: float
    usual: float
    limit: float

    @property
    def used(self) -> float:
        """The part of the room between usual and limit that is used up."""
        return max(0.0, self.value - self.usual) / max(self.limit - self.usual, 1e-9)


class Duty(Struct, frozen=True, kw_only=True):
    """The share of the time that batches may take."""

    share: float = FIRST
    changed_at: float | None = None
    """time.monotonic() of the last judgement."""
    lowered_at: float | None = None
    strain: Strain | None = None
    """The worst at the last judgement, where there was any."""


def with_beat(load: Load, seconds: float, *, resting: bool) -> Load:
    """The load after a small commit that took so long; `resting`: no batch of ours ran meanwhile."""
    if resting:
        return replace(load, usual_beats=(*load.usual_beats, seconds)[-BEATS_USUAL:])
    return replace(load, beats=(*load.beats, seconds)[-BEATS_JUDGED:])


def with_sessions(load: Load, active: int, at: float, *, resting: bool) -> Load:
    """The load after a look that showed so many sessions of others at work."""
    if active:
        load = replace(load, others_seen_at=at)
    if resting:
        return replace(load, usual_sessions=(*load.usual_sessions, active)[-SESSIONS_USUAL:])
    return replace(load, sessions=(*load.sessions, active)[-SESSIONS_JUDGED:])


def is_alone(load: Load, now: float) -> bool:
    """Whether nobody else was seen at work lately."""
    return load.others_seen_at is None or now - load.others_seen_at > ALONE_SECONDS


def commit_strain(load: Load) -> Strain | None:
    """How much slower small commits are than usual; None while too few were seen."""
    if min(len(load.beats), len(load.usual_beats)) < FEWEST_BEATS:
        return None
    usual = statistics.median(load.usual_beats)
    limit = max(usual * COMMIT_FACTOR, usual + COMMIT_SLACK_SECONDS)
    return Strain(signal="commit-time", value=statistics.median(load.beats), usual=usual, limit=limit)


def sessions_strain(load: Load) -> Strain | None:
    """How many more sessions of others work at once than usual: they pile up when a server cannot keep up."""
    if min(len(load.sessions), len(load.usual_sessions)) < FEWEST_BEATS:
        return None
    usual = statistics.fmean(load.usual_sessions)
    limit = max(usual * SESSIONS_FACTOR, FEWEST_SESSIONS)
    return Strain(signal="active-sessions", value=statistics.fmean(load.sessions), usual=usual, limit=limit)


def judged(duty: Duty, strains: Sequence[Strain], now: float, *, alone: bool) -> Duty:
    """The duty by what is felt now: raised slowly, lowered at once and then not again before that could show."""
    if alone:
        return Duty(share=WHOLE, changed_at=now)
    worst = max(strains, key=lambda strain: strain.used, default=None)
    seconds = 0.0 if duty.changed_at is None else min(max(now - duty.changed_at, 0.0), 1.0)
    after = replace(duty, changed_at=now, strain=worst)
    used = worst.used if worst is not None else 0.0
    since_lowered = float("inf") if duty.lowered_at is None else now - duty.lowered_at
    if used >= LOWERED_FROM:
        if since_lowered < LOWER_PAUSE_SECONDS:
            return after
        share = duty.share / 2 if used >= HALVED_FROM else duty.share - LOWER_BY
        return replace(after, share=max(share, LEAST), lowered_at=now)
    if used < RAISED_BELOW and since_lowered >= RAISE_PAUSE_SECONDS:
        return replace(after, share=min(duty.share + RAISE_PER_SECOND * seconds, WHOLE))
    return after


def hurried_down(duty: Duty, now: float) -> Duty:
    """Half the share, at once: somebody waits for our locks for longer than was promised."""
    return replace(duty, share=max(duty.share / 2, LEAST), lowered_at=now)


def rest_seconds(share: float, worked_seconds: float) -> float:
    """How long to rest after so much work."""
    return worked_seconds * (1 - share) / share
