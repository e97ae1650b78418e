"""Which replicas have to keep up, how far each is behind, and whether the next batch has to wait for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.backfill.model import Gauge, Reason
from migrasafe.backfill.throttle.limits import AUTO, Limits
from migrasafe.backfill.throttle.log_clock import LogClock, seconds_behind
from migrasafe.backfill.throttle.replay import Replay, drain_seconds, first_look, observed, safe_rate, stands_still
from migrasafe.postgres.figures.load_signals import Lost, Reading, ReplicaSeen, ReplicaState, SlotSeen, StandbySeen
from migrasafe.quantities import say_seconds

IN_FLIGHT = 0.3
"""Of the limit: what may be on its way to a replica, the next batch with it. What goes wrong then needs the rest."""
LEAST_ROOM = 0.05
"""Of the limit: with less room than that, no batch starts; with a bit more, a small one does."""
START_BELOW = IN_FLIGHT - LEAST_ROOM
HELD_FROM, HELD_UNTIL = 0.7, 0.2
"""Of the limit: above the first, nothing starts before the lag is down to the second."""
MOST_ROOM = 0.08
"""Of the limit: what the log of one batch may take to replay."""


class Follower(Struct, frozen=True, kw_only=True):
    """A replica that was seen, or that has to be there."""

    key: str
    """Tells it from all others for as long as it lives."""
    names: frozenset[str]
    """By which people may mean it: application_name, slot, address, the name of its connection string."""
    label: str
    """How it is called in reasons: `replica r1`."""
    replay: Replay | None = None
    """None: never seen."""
    lag: float | None = None
    """Told by the replica itself, where there is no log position (Aurora)."""
    away: str = ""
    """Why it cannot be seen now; empty while it can."""
    pid: int | None = None
    """Of the walsender that served it last."""
    is_glimpsed: bool = False
    """Without a slot, and seen in one look only."""
    is_held: bool = False


def replica_positions(
    replicas: Sequence[ReplicaSeen], slots: Reading[tuple[SlotSeen, ...]], known: Mapping[int, Follower]
) -> dict[str, tuple[Follower, int]]:
    """What a look at pg_stat_replication shows: by key, those that have rows which could be old, and where they are.

    Readers of logical slots are in that view, too; they are followed by their slots. `known`: those of before, by the pid
    of their walsender. One that ends gives its slot back before it leaves the view: it is still who it was.
    """
    logical = {slot.name for slot in slots if slot.is_logical} if not isinstance(slots, Lost) else set()
    found: dict[str, tuple[Follower, int]] = {}
    for seen in sorted(replicas, key=lambda replica: replica.pid not in known):
        if seen.state is ReplicaState.OTHER or seen.replay_lsn is None or seen.slot in logical:
            continue
        if not seen.slot and seen.pid in known:
            found[known[seen.pid].key] = known[seen.pid], seen.replay_lsn
            continue
        key = seen.slot or f"{seen.name}@{seen.address or 'local'}"
        number = 2
        while key in found:  # several without a slot, all called walreceiver: then it is their number that counts
            key, number = f"{key.split('#')[0]}#{number}", number + 1
        is_unnamed = seen.name in ("", "walreceiver") and bool(seen.slot or seen.address)
        label = f"replica {(seen.slot or seen.address) if is_unnamed else seen.name}"
        names = frozenset({seen.name, seen.slot, seen.address} - {""})
        found[key] = (
            Follower(key=key, names=names, label=label, pid=seen.pid, is_glimpsed=not seen.slot),
            seen.replay_lsn,
        )
    return found


def follow(
    followers: Mapping[str, Follower],
    replicas: Sequence[ReplicaSeen],
    slots: Reading[tuple[SlotSeen, ...]],
    *,
    at: float,
    log_end: int,
    beat_at: float | None,
) -> dict[str, Follower]:
    """The followers after a look at the primary; one that was there before and is not any more is away.

    One without a slot that came and went between two looks is forgotten: it was one with a slot, which it had given back or
    not taken yet, and would be missed for ever. `beat_at`: when the last small commit had ended. A replica replies to what
    it gets, and to nothing else for seconds.
    """
    there = (follower for follower in followers.values() if not follower.away)
    by_pid = {follower.pid: follower for follower in there if follower.pid is not None}
    now_seen = replica_positions(replicas, slots, by_pid)
    after = {
        key: follower
        if key in now_seen or _is_direct(key)
        else replace(follower, away="is not connected to the primary")
        for key, follower in followers.items()
        if key in now_seen or not follower.is_glimpsed
    }
    for key, (seen, replay_lsn) in now_seen.items():
        before = followers.get(key)
        replay = _next(before or seen, at, replay_lsn, log_end, beat_at)
        after[key] = replace(
            before or seen,
            names=seen.names,
            pid=seen.pid,
            replay=replay,
            away="",
            is_glimpsed=seen.is_glimpsed and before is None,
        )
    return after


def follow_direct(
    followers: Mapping[str, Follower], name: str, seen: Reading[StandbySeen], *, log_end: int
) -> dict[str, Follower]:
    """The followers after a look at a replica itself, by its own connection string."""
    key = f"dsn {name}"
    known = followers.get(key, Follower(key=key, names=frozenset({name}), label=f"replica {name}"))
    if isinstance(seen, Lost):
        after = replace(known, away=seen.why)
    elif seen.replay_paused:
        after = replace(known, away="has its replay paused; SELECT pg_wal_replay_resume() there goes on")
    else:
        after = replace(known, replay=_next(known, seen.at, seen.replay_lsn, log_end, seen.at), away="")
    return {**followers, key: after}


def follow_told(followers: Mapping[str, Follower], lags: Mapping[str, float | None]) -> dict[str, Follower]:
    """The followers after Aurora told how far each of its readers is behind."""
    told = {f"aurora {name}": lag for name, lag in lags.items()}
    after = {
        key: replace(follower, away="is not in the list of Aurora's replicas any more")
        if key.startswith("aurora ") and key not in told
        else follower
        for key, follower in followers.items()
    }
    for key, lag in told.items():
        name = key.removeprefix("aurora ")
        known = followers.get(key, Follower(key=key, names=frozenset({name}), label=f"replica {name}"))
        after[key] = replace(known, lag=lag, away="" if lag is not None else "has not told its lag yet")
    return after


def required(followers: Mapping[str, Follower], limits: Limits) -> tuple[Follower, ...]:
    """Those that the next batch has to wait for: all that were seen, or those that the settings name.

    One that is named and was never seen is away.
    """
    ignored = set(limits.ignore_replicas)
    counted = [follower for follower in followers.values() if not follower.names & ignored]
    if limits.replicas is AUTO:
        return tuple(sorted(counted, key=lambda follower: follower.key))
    found = [follower for follower in counted if follower.names & set(limits.replicas) or _is_direct(follower.key)]
    seen = {name for follower in found for name in follower.names}
    never = (
        Follower(key=f"never {name}", names=frozenset({name}), label=f"replica {name}", away="has not been seen")
        for name in limits.replicas
        if name not in seen and name not in ignored
    )
    return (*sorted(found, key=lambda follower: follower.key), *never)


def seconds_late(follower: Follower, clock: LogClock, log_end: int, now: float) -> float:
    """How far a replica is behind, or will be when it has replayed what is on its way to it: the worse of the two."""
    if follower.replay is None:
        return follower.lag or 0.0
    return max(seconds_behind(clock, follower.replay.replay_lsn, now), drain_seconds(follower.replay, log_end))


def held(followers: Mapping[str, Follower], limit: float, clock: LogClock, now: float) -> dict[str, Follower]:
    """The followers, with those marked that passed the upper mark and have not come down to the lower one yet."""
    after: dict[str, Follower] = {}
    for key, follower in followers.items():
        mark = HELD_UNTIL if follower.is_held else HELD_FROM
        is_held = seconds_late(follower, clock, clock.end, now) > mark * limit
        after[key] = follower if is_held == follower.is_held else replace(follower, is_held=is_held)
    return after


def waits(
    followers: Iterable[Follower], limit: float, clock: LogClock, log_end: int, now: float, stale_after: float
) -> list[Reason]:
    """The replicas that the next batch has to wait for. `stale_after`: seconds after which a look counts no more."""
    reasons = []
    for follower in followers:
        if follower.away:
            reasons.append(_away(follower, limit))
            continue
        if follower.replay is not None and now - follower.replay.at > stale_after:
            silent = f"has not answered for {say_seconds(now - follower.replay.at)}"
            reasons.append(_away(replace(follower, away=silent), limit))
            continue
        late = seconds_late(follower, clock, log_end, now)
        if follower.replay is not None and stands_still(follower.replay):
            reasons.append(_still(follower, follower.replay, late, limit, now))
            continue
        mark = HELD_UNTIL if follower.is_held else START_BELOW
        if late > mark * limit:
            reasons.append(_late(follower, late, limit, clock, now, mark * limit))
    return reasons


class Room(Struct, frozen=True, kw_only=True):
    """How many bytes of log one batch may write, and the replica that says so, with its rate."""

    size: float
    label: str
    rate: float


def least_room(followers: Iterable[Follower], limit: float, log_end: int) -> Room | None:
    """How much log one batch may write; None where no replica is followed by log positions.

    As much as fits on top of what is in flight: the nearer a replica is to its limit, the smaller batches get.
    """
    rooms = [
        Room(
            size=safe_rate(follower.replay) * limit * _room(drain_seconds(follower.replay, log_end) / limit),
            label=follower.label,
            rate=follower.replay.rate,
        )
        for follower in followers
        if follower.replay is not None
    ]
    return min(rooms, key=lambda room: room.size, default=None)


def _room(in_flight: float) -> float:
    """The share of the limit that the next batch may take, on top of the share that is in flight."""
    return min(max(IN_FLIGHT - in_flight, LEAST_ROOM), MOST_ROOM)


def gauges_of(followers: Iterable[Follower], clock: LogClock, log_end: int, now: float) -> list[Gauge]:
    """Lag, time to drain and rate of each replica; None where it is away."""
    gauges = []
    for follower in followers:
        subject = follower.label.removeprefix("replica ")
        replay = None if follower.away else follower.replay
        behind = seconds_behind(clock, replay.replay_lsn, now) if replay is not None else None
        if replay is None and not follower.away:
            behind = follower.lag
        gauges.append(Gauge(name="replica_lag_seconds", subject=subject, value=behind))
        drain = drain_seconds(replay, log_end) if replay is not None else None
        gauges.append(Gauge(name="replica_drain_seconds", subject=subject, value=drain))
        rate = replay.rate if replay is not None else None
        gauges.append(Gauge(name="replica_replay_bytes_per_second", subject=subject, value=rate))
    return gauges


def _is_direct(key: str) -> bool:
    return key.startswith(("dsn ", "aurora "))


def _next(known: Follower, at: float, replay_lsn: int, log_end: int, beat_at: float | None) -> Replay:
    if known.replay is None or known.away:
        return first_look(at, replay_lsn, log_end)
    heard = beat_at is not None and beat_at > known.replay.at
    return observed(known.replay, at, replay_lsn, log_end, heard=heard)


def _away(follower: Follower, limit: float) -> Reason:
    name = follower.label.removeprefix("replica ")
    return Reason(
        signal="replica-away", subject=follower.label, value=None, limit=limit, unit="s", stops=True,
        until=f"until it is back and keeps up, or ignore_replicas={name} is set",
        text=f"{follower.label} {follower.away}",
    )  # fmt: skip


def _still(follower: Follower, replay: Replay, late: float, limit: float, now: float) -> Reason:
    since = "" if replay.moved_at is None else f" for {say_seconds(now - replay.moved_at)}"
    return Reason(
        signal="replica-still", subject=follower.label, value=late, limit=limit, unit="s", stops=True,
        until="until it replays again",
        text=f"{follower.label} has replayed nothing{since}, although there is log to replay "
        "(is replay paused, or does a query there hold it up?)",
    )  # fmt: skip


def _late(follower: Follower, late: float, limit: float, clock: LogClock, now: float, goal: float) -> Reason:
    behind = seconds_behind(clock, follower.replay.replay_lsn, now) if follower.replay else late
    what = (
        f"{follower.label} is {say_seconds(behind)} behind"
        if behind >= late
        else f"{follower.label} needs {say_seconds(late)} to replay what it was sent"
    )
    return Reason(
        signal="replica-lag", subject=follower.label, value=late, limit=limit, unit="s", stops=True,
        until=f"until it has {say_seconds(goal)} or less left to replay",
        text=f"{what}; batches start at {say_seconds(goal)} or less, so that it stays within max_lag={say_seconds(limit)}",
    )  # fmt: skip
