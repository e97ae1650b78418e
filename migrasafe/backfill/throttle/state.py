"""What the throttle has learned so far, and how each look, small commit and batch changes it: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.backfill.model import BatchDone, Decision
from migrasafe.backfill.throttle.checks import CheckSeen
from migrasafe.backfill.throttle.duty import (
    Duty,
    Load,
    Strain,
    commit_strain,
    hurried_down,
    is_alone,
    judged,
    sessions_strain,
    with_beat,
    with_sessions,
)
from migrasafe.backfill.throttle.followers import Follower, follow, follow_direct, follow_told, held
from migrasafe.backfill.throttle.limits import AUTO, Limits
from migrasafe.backfill.throttle.log_clock import LogClock, looked
from migrasafe.backfill.walk.batch_size import (
    BatchSize,
    after_batch,
    after_blocking,
    after_timeout,
    first_size,
    retargeted,
)
from migrasafe.postgres.figures.load_signals import (
    AuroraReplicaSeen,
    BlockedSeen,
    Lost,
    PrimarySeen,
    Reading,
    StandbySeen,
    UpkeepSeen,
)

NOT_YET = Lost(why="it has not been read yet")
UNKNOWN_WAL_PER_ROW = 2000.0
"""Bytes, before the first batch: more than most rows write, so that the first batches are small."""
UPKEEP_SECONDS = 1.0
"""How often what changes slowly is looked at."""
UPKEEP_SIGNALS = frozenset(
    {"archive-backlog", "wraparound-vacuum", "autovacuum", "old-transaction", "old-xmin", "signal-lost"}
)
CLOSED_POLL_SECONDS = 1.0
WORKERS_SEEN_SECONDS = 2.0
PANIC_PAUSE_SECONDS = 2.0


class State(Struct, frozen=True, kw_only=True):
    """All that the next decision rests on."""

    size: BatchSize
    clock: LogClock = LogClock()
    followers: Mapping[str, Follower] = {}
    load: Load = Load()
    duty: Duty = Duty()
    primary: Reading[PrimarySeen] = NOT_YET
    looks: int = 0
    """How many looks at the primary there were, with or without success."""
    upkeep: Reading[UpkeepSeen] = NOT_YET
    aurora: Reading[tuple[AuroraReplicaSeen, ...] | None] = NOT_YET
    beat_at: float | None = None
    """time.monotonic() when the last small commit had ended."""
    beat_lost: str = ""
    checks: Mapping[str, tuple[float, Reading[CheckSeen]]] = {}
    flags: Reading[tuple[str, ...]] = NOT_YET
    """The flag files that exist."""
    last_batch: BatchDone | None = None
    batch_began_at: float | None = None
    """None while no batch runs."""
    wal_per_row: float = UNKNOWN_WAL_PER_ROW
    workers: tuple[tuple[float, int], ...] = ()
    """How many sessions of ours were seen to write, lately: (time.monotonic(), number)."""
    blocked_since: Mapping[int, float] = {}
    """Sessions that wait for us, by pid, since when."""
    panicked_at: float | None = None
    held: frozenset[tuple[str, str]] = frozenset()
    """Signal and subject of the reasons that were active at the last decision: they end below where they began."""

    @property
    def log_end(self) -> int:
        """Where the primary's log ends, as far as is known: the last commit may be newer than the last look."""
        return max(self.clock.end, self.last_batch.commit_lsn if self.last_batch is not None else 0)


def first_state(limits: Limits) -> State:
    """Nothing is known yet."""
    return State(size=first_size(limits.target))


def started_again(before: State, limits: Limits) -> State:
    """After a reconnect, perhaps to another primary: nothing is known of the server, and all that was of batches is."""
    if before.last_batch is None:
        return first_state(limits)
    return State(size=before.size, wal_per_row=before.wal_per_row, duty=before.duty)


def saw_primary(state: State, limits: Limits, seen: PrimarySeen) -> State:
    """After a look at the primary."""
    clock = looked(state.clock, seen.at, seen.lsn)
    followers = state.followers
    if not isinstance(seen.replicas, Lost):
        followers = follow(followers, seen.replicas, seen.slots, at=seen.at, log_end=seen.lsn, beat_at=state.beat_at)
    followers = _held(followers, limits, clock, seen.at)
    after = replace(state, primary=seen, looks=state.looks + 1, clock=clock, followers=followers)
    if not isinstance(seen.sessions, Lost):
        resting = _was_resting(state, seen.at)
        lately = tuple(look for look in state.workers if look[0] > seen.at - WORKERS_SEEN_SECONDS)
        after = replace(
            after,
            load=with_sessions(state.load, seen.sessions.active, seen.at, resting=resting),
            workers=(*lately, (seen.at, seen.sessions.ours_writing)),
        )
    if not isinstance(seen.blocked, Lost):
        after = _saw_blocked(after, limits, seen.blocked, seen.at)
    alone = is_alone(after.load, seen.at) and not isinstance(seen.sessions, Lost)
    return replace(after, duty=judged(after.duty, strains(after.load, limits), seen.at, alone=alone))


def saw_standby(state: State, limits: Limits, name: str, seen: Reading[StandbySeen]) -> State:
    """After a look at a replica itself."""
    followers = follow_direct(state.followers, name, seen, log_end=state.clock.end)
    now = seen.at if not isinstance(seen, Lost) else None
    return replace(state, followers=followers if now is None else _held(followers, limits, state.clock, now))


def saw_upkeep(
    state: State, limits: Limits, seen: UpkeepSeen, aurora: Reading[tuple[AuroraReplicaSeen, ...] | None]
) -> State:
    """After a look at what changes slowly, and after Aurora was asked for its replicas."""
    after = replace(state, upkeep=seen, aurora=aurora)
    if isinstance(aurora, Lost) or aurora is None:
        return after
    followers = follow_told(state.followers, {one.name: one.lag_seconds for one in aurora})
    return replace(after, followers=_held(followers, limits, state.clock, seen.at))


def poll_seconds(state: State, limits: Limits) -> float:
    """How often the server is looked at now: while the hours alone hold batches back for long, only once in a while."""
    return max(limits.poll_seconds, CLOSED_POLL_SECONDS) if is_closed(state) else limits.poll_seconds


def is_closed(state: State) -> bool:
    """Whether it is outside of the hours at which the job may run."""
    return any(signal == "time-window" for signal, _ in state.held)


def upkeep_is_due(state: State, now: float) -> bool:
    """Whether what changes slowly is to be looked at: once a second, and at each look while it holds batches back."""
    if isinstance(state.upkeep, Lost) or now - state.upkeep.at >= UPKEEP_SECONDS:
        return True
    return any(signal in UPKEEP_SIGNALS for signal, _ in state.held)


def lost_primary(state: State, why: str) -> State:
    """After a look at the primary failed."""
    return replace(state, primary=Lost(why=why), looks=state.looks + 1)


def lost_beat(state: State, why: str) -> State:
    """After a small commit failed."""
    return replace(state, beat_lost=why)


def saw_flags(state: State, existing: Reading[tuple[str, ...]]) -> State:
    """After a look for flag files."""
    return replace(state, flags=existing)


def saw_beat(state: State, began_at: float, seconds: float) -> State:
    """After a small commit."""
    load = with_beat(state.load, seconds, resting=_was_resting(state, began_at))
    return replace(state, load=load, beat_at=began_at + seconds, beat_lost="")


def saw_check(state: State, label: str, seen: Reading[CheckSeen], now: float) -> State:
    """After a team's own check was asked."""
    return replace(state, checks={**state.checks, label: (now, seen)})


def decided(state: State, decision: Decision, now: float) -> State:
    """After a decision: what holds batches back ends lower than it began, and a batch that may start has begun."""
    active = frozenset((reason.signal, reason.subject) for reason in decision.reasons)
    if decision.may_run and decision.wait_seconds == 0:
        return replace(state, held=active, batch_began_at=now)
    return replace(state, held=active, batch_began_at=None)


def did_batch(state: State, limits: Limits, done: BatchDone) -> State:
    """After a batch committed."""
    size = after_batch(state.size, limits.target, rows=done.rows_walked, seconds=done.seconds)
    wal_per_row = state.wal_per_row
    if done.rows_walked:
        per_row = done.wal_bytes / done.rows_walked
        # More at once (first touches after a checkpoint write whole pages), less only gradually.
        is_first = state.last_batch is None
        wal_per_row = per_row if is_first or per_row > wal_per_row else wal_per_row + (per_row - wal_per_row) / 5
    return replace(state, size=size, wal_per_row=max(wal_per_row, 1.0), last_batch=done, batch_began_at=None)


def did_cut(state: State) -> State:
    """After a batch ran into a limit and was rolled back."""
    return replace(state, size=after_timeout(state.size), batch_began_at=None)


def with_limits(state: State, before: Limits, limits: Limits) -> State:
    """After an operator changed settings: what was learned stays, what was connected by a name that is gone goes."""
    direct = {f"dsn {name}" for name, _ in limits.replica_dsns}
    followers = {
        key: follower for key, follower in state.followers.items() if not key.startswith("dsn ") or key in direct
    }
    labels = {check.label for check in limits.checks}
    return replace(
        state,
        size=retargeted(state.size, before.target, limits.target),
        followers=followers,
        checks={label: seen for label, seen in state.checks.items() if label in labels},
    )


def strains(load: Load, limits: Limits) -> list[Strain]:
    """What others feel, by the limits that are worked out from what is usual."""
    found = []
    if limits.max_commit_time is AUTO:
        found.append(commit_strain(load))
    if limits.max_active_sessions is AUTO:
        found.append(sessions_strain(load))
    return [strain for strain in found if strain is not None]


def workers_lately(state: State) -> int:
    """How many workers write at once, as far as was seen; at least this one."""
    return max(1, max((number for _, number in state.workers), default=1))


def _held(followers: Mapping[str, Follower], limits: Limits, clock: LogClock, now: float) -> Mapping[str, Follower]:
    return followers if limits.max_lag is None else held(followers, limits.max_lag, clock, now)


def _was_resting(state: State, since: float) -> bool:
    """Whether no batch of ours ran at that moment."""
    if state.batch_began_at is not None:
        return False
    return state.last_batch is None or state.last_batch.at < since


def _saw_blocked(state: State, limits: Limits, blocked: Sequence[BlockedSeen], now: float) -> State:
    known = state.blocked_since
    since = {
        one.pid: now - one.waited_seconds if one.waited_seconds is not None else known.get(one.pid, now)
        for one in blocked
    }
    after = replace(state, blocked_since=since)
    limit = limits.blocked_seconds
    recently = state.panicked_at is not None and now - state.panicked_at < PANIC_PAUSE_SECONDS
    if limit is None or recently or not any(now - at > limit for at in since.values()):
        return after
    return replace(after, size=after_blocking(state.size), duty=hurried_down(state.duty, now), panicked_at=now)
