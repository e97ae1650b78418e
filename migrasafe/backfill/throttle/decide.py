"""Decides whether the next batch may start now, and how big it is: everything that says no counts, the slowest wins."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from datetime import datetime

from migrasafe.backfill.model import Decision, Reason
from migrasafe.backfill.throttle.checks import judge
from migrasafe.backfill.throttle.duty import BEATS_JUDGED, FEWEST_BEATS, rest_seconds
from migrasafe.backfill.throttle.followers import least_room, required, waits
from migrasafe.backfill.throttle.gates import (
    archive_wait,
    flag_waits,
    horizon_waits,
    hours_wait,
    lost_wait,
    slot_waits,
    standby_wait,
    vacuum_waits,
    wal_rate_wait,
)
from migrasafe.backfill.throttle.limits import AUTO, Limits
from migrasafe.backfill.throttle.state import NOT_YET, UPKEEP_SECONDS, State, is_closed, poll_seconds, workers_lately
from migrasafe.postgres.figures.load_signals import Lost
from migrasafe.quantities import say_bytes, say_count, say_seconds

STALE_POLLS = 3
"""Looks that did not come: then nothing is known any more."""
STALE_SECONDS = 0.3
"""A busy server may take so long to answer a look, however short the poll."""
BEAT_WITHIN_SECONDS = 1.0
ASK_AGAIN_SECONDS = 0.02
"""A decision costs microseconds: whoever waits hears at once that it is over."""
CLOSED_ASK_AGAIN_SECONDS = 0.25
LONGEST_REST_SECONDS = 10.0
HELD_UNTIL = 0.8


def decide(state: State, limits: Limits, now: float, wall: datetime) -> Decision:
    """Whether a batch may start at `now` (time.monotonic()); `wall` is the same moment, with a time zone."""
    stops = _starts(state, limits) or [
        *_primary_waits(state, limits, now),
        *_replica_waits(state, limits, now),
        *_upkeep_waits(state, limits, now),
        *_load_waits(state, limits, now),
        *_check_waits(state, limits, now),
        *hours_wait(limits, wall),
    ]
    rows, smaller = _rows(state, limits)
    rest, rarer = _rest(state, limits, now)
    reasons = (*stops, *smaller, *rarer, *_blocked(state, limits, now))
    if stops:
        again = CLOSED_ASK_AGAIN_SECONDS if is_closed(state) else ASK_AGAIN_SECONDS
        return Decision(may_run=False, batch_rows=rows, wait_seconds=again, reasons=reasons)
    return Decision(may_run=True, batch_rows=rows, wait_seconds=rest, reasons=reasons)


def share_of_time(state: State, limits: Limits) -> float:
    """The share of the time that batches may take: what others can bear, and never more than `nice` leaves."""
    is_judged = limits.max_commit_time is AUTO or limits.max_active_sessions is AUTO
    return min(state.duty.share if is_judged else 1.0, 1.0 - limits.nice)


def _stale_seconds(state: State, limits: Limits) -> float:
    """After how long a look counts no more."""
    return max(STALE_POLLS * poll_seconds(state, limits), STALE_SECONDS)


def _starts(state: State, limits: Limits) -> list[Reason]:
    """Nothing was looked at yet, or too little to know what is usual on this server."""
    looked = NOT_YET not in (state.primary, state.upkeep, state.aurora)
    few = limits.max_commit_time is AUTO and state.last_batch is None and len(state.load.usual_beats) < FEWEST_BEATS
    if looked and (not few or state.beat_lost):
        return []
    return [
        Reason(
            signal="starting", subject="primary", value=None, limit=None, unit="", stops=True,
            until="until each signal was read once and a few small commits were timed",
            text="load is looked at before the first batch",
        )
    ]  # fmt: skip


def _primary_waits(state: State, limits: Limits, now: float) -> list[Reason]:
    seen = state.primary
    if isinstance(seen, Lost):
        return [lost_wait("the primary's state", seen.why)]
    if now - seen.at > _stale_seconds(state, limits):
        return [lost_wait("the primary's state", f"it has not answered for {say_seconds(now - seen.at)}")]
    if seen.in_recovery:
        return [lost_wait("the primary's state", "the server is a standby now (was there a failover?)")]
    upkeep = state.upkeep if not isinstance(state.upkeep, Lost) else None
    keep = upkeep.slot_wal_limit_bytes if upkeep is not None else None
    reasons = wal_rate_wait(state.clock, limits, state.log_end, now)
    if isinstance(seen.slots, Lost):
        if limits.max_slot_wal is not None or limits.max_logical_lag is not None:
            reasons.append(lost_wait("replication slots", seen.slots.why, "max_slot_wal=off, max_logical_lag=off"))
    else:
        reasons += slot_waits(seen.slots, limits, state.clock, keep, now, state.held)
    if not isinstance(seen.replicas, Lost):
        reasons += standby_wait(seen.synchronous_standby_names, seen.replicas, limits)
    return reasons


def _replica_waits(state: State, limits: Limits, now: float) -> list[Reason]:
    if limits.max_lag is None or isinstance(state.primary, Lost):
        return []
    reasons = []
    if isinstance(state.primary.replicas, Lost):
        reasons.append(lost_wait("the lag of replicas", state.primary.replicas.why, "max_lag=off"))
    if isinstance(state.aurora, Lost):
        reasons.append(lost_wait("the lag of Aurora's replicas", state.aurora.why, "max_lag=off"))
    stale_after = _stale_seconds(state, limits)
    followers = required(state.followers, limits)
    never = {f"dsn {name}" for name, _ in limits.replica_dsns} - state.followers.keys()
    reasons += [
        lost_wait(f"the lag of replica {key.removeprefix('dsn ')}", "it has not been asked yet") for key in never
    ]
    return reasons + waits(followers, limits.max_lag, state.clock, state.log_end, now, stale_after)


def _upkeep_waits(state: State, limits: Limits, now: float) -> list[Reason]:
    seen = state.upkeep
    if isinstance(seen, Lost):
        return [lost_wait("archiving, vacuum and transactions", seen.why)]
    if now - seen.at > STALE_POLLS * UPKEEP_SECONDS:
        return [lost_wait("archiving, vacuum and transactions", f"no answer for {say_seconds(now - seen.at)}")]
    reasons = []
    if not isinstance(seen.archiver, Lost):
        reasons += archive_wait(seen.archiver, limits, state.held)
    elif limits.max_archive_backlog is not None:
        reasons.append(lost_wait("archiving", seen.archiver.why, "max_archive_backlog=off"))
    if not isinstance(seen.vacuums, Lost):
        reasons += vacuum_waits(seen.vacuums, limits)
    elif limits.wait_for_wraparound_vacuum or limits.wait_for_autovacuum:
        switches = "wait_for_wraparound_vacuum=false, wait_for_autovacuum=false"
        reasons.append(lost_wait("vacuum of the table", seen.vacuums.why, switches))
    if not isinstance(seen.horizon, Lost):
        reasons += horizon_waits(seen.horizon, limits)
    elif limits.max_horizon_xids is not None or limits.max_transaction_age is not None:
        switches = "max_horizon_xids=off, max_transaction_age=off"
        reasons.append(lost_wait("transactions of others", seen.horizon.why, switches))
    return reasons


def _load_waits(state: State, limits: Limits, now: float) -> list[Reason]:
    """What a small commit and the sessions of others say: a number that was set stops, one worked out only slows."""
    reasons = []
    load = state.load
    if limits.max_commit_time is not None:
        late = None if state.beat_at is None else now - state.beat_at
        patience = max(_stale_seconds(state, limits), BEAT_WITHIN_SECONDS)
        if state.beat_lost or late is None or late > patience:
            since = "none has ended yet" if late is None else f"none has ended for {say_seconds(late)}"
            reasons.append(lost_wait("the time of small commits", state.beat_lost or since, "max_commit_time=off"))
        elif limits.max_commit_time is not AUTO:
            beats = (*load.usual_beats, *load.beats)[-BEATS_JUDGED:] if not load.beats else load.beats
            value = statistics.median(beats)
            reasons += _stop_above(
                state, "commit-time", "small commits", value, limits.max_commit_time, "s",
                lambda number: f"small commits take {say_seconds(number)}", say_seconds,
            )  # fmt: skip
    if isinstance(state.primary, Lost):
        return reasons
    if limits.max_active_sessions is not None and isinstance(state.primary.sessions, Lost):
        reasons.append(lost_wait("sessions of others", state.primary.sessions.why, "max_active_sessions=off"))
    elif limits.max_active_sessions is not None and limits.max_active_sessions is not AUTO:
        lately = (load.sessions or load.usual_sessions)[-10:] or (0,)
        reasons += _stop_above(
            state, "active-sessions", "sessions of others", statistics.fmean(lately), limits.max_active_sessions,
            "sessions", lambda number: f"{number:.1f} sessions of others are at work", lambda number: f"{number:.1f}",
        )  # fmt: skip
    if limits.max_blocked_time is not None and isinstance(state.primary.blocked, Lost):
        reasons.append(lost_wait("who waits for our locks", state.primary.blocked.why, "max_blocked_time=off"))
    return reasons


def _stop_above(
    state: State, signal: str, subject: str, value: float, limit: float, unit: str, say: Callable[[float], str],
    say_number: Callable[[float], str],
) -> list[Reason]:  # fmt: skip
    goal = limit * HELD_UNTIL if (signal, subject) in state.held else limit
    if value <= goal:
        return []
    return [
        Reason(
            signal=signal, subject=subject, value=value, limit=limit, unit=unit, stops=True,
            until=f"until it is {say_number(limit * HELD_UNTIL)} or less",
            text=f"{say(value)}; the limit is {say_number(limit)}",
        )
    ]  # fmt: skip


def _check_waits(state: State, limits: Limits, now: float) -> list[Reason]:
    reasons = []
    if not isinstance(state.flags, Lost):
        reasons += flag_waits(path for path in state.flags if path in limits.flag_files)
    elif limits.flag_files:
        reasons.append(lost_wait("flag files", state.flags.why, "flag_files=none"))
    for check in limits.checks:
        at, seen = state.checks.get(check.label, (now, Lost(why="it has not been asked yet")))
        if isinstance(seen, Lost):
            reasons.append(lost_wait(f"check {check.label}", seen.why))
        elif now - at > STALE_POLLS * check.every_seconds + check.timeout_seconds:
            reasons.append(lost_wait(f"check {check.label}", f"no answer for {say_seconds(now - at)}"))
        elif (reason := judge(check, seen, say_seconds(check.every_seconds))) is not None:
            reasons.append(reason)
    return reasons


def _rows(state: State, limits: Limits) -> tuple[int, list[Reason]]:
    """How many rows: as many as fit into the target time, and no more log than a replica can take."""
    rows, wanted = state.size.rows, state.size.rows
    room = None
    if limits.max_lag is not None:
        room = least_room(
            (one for one in required(state.followers, limits) if not one.away), limits.max_lag, state.log_end
        )
    if room is None:
        return rows, []
    rows = max(1, min(rows, int(room.size / (state.wal_per_row * workers_lately(state)))))
    if rows >= wanted:
        return rows, []
    return rows, [
        Reason(
            signal="replica-room", subject=room.label, value=rows, limit=wanted, unit="rows", stops=False,
            until="until it is seen to replay faster",
            text=f"{room.label} replays {say_bytes(room.rate)} per second: batches of {say_count(rows, 'row')} instead of {wanted:,}",
        )
    ]  # fmt: skip


def _rest(state: State, limits: Limits, now: float) -> tuple[float, list[Reason]]:
    """How long to rest before the next batch, by the share of the time that batches may take."""
    share = share_of_time(state, limits)
    if share >= 1.0 or state.last_batch is None:
        return 0.0, []
    rest = min(rest_seconds(share, state.last_batch.seconds), LONGEST_REST_SECONDS)
    left = max(0.0, state.last_batch.at + rest - now)
    strain = state.duty.strain
    if share >= 1.0 - limits.nice:
        signal, why, until = "nice", f"nice={limits.nice:g}", "until nice is set to less"
    elif strain is not None and strain.signal == "commit-time":
        signal, until = "duty", "raised step by step while others do not feel it"
        why = f"small commits take {say_seconds(strain.value)}, usually {say_seconds(strain.usual)}"
    elif strain is not None:
        signal, until = "duty", "raised step by step while others do not feel it"
        why = f"{strain.value:.1f} sessions of others are at work, usually {strain.usual:.1f}"
    else:
        signal, why, until = "duty", "others are at work", "raised step by step while others do not feel it"
    return left, [
        Reason(
            signal=signal, subject="primary", value=share, limit=1.0, unit="", stops=False, until=until,
            text=f"batches take {share:.0%} of the time: {why}",
        )
    ]  # fmt: skip


def _blocked(state: State, limits: Limits, now: float) -> list[Reason]:
    limit = limits.blocked_seconds
    longest = max((now - since for since in state.blocked_since.values()), default=0.0)
    if limit is None or longest <= limit:
        return []
    number = len(state.blocked_since)
    who = f"{say_count(number, 'session')} {'waits' if number == 1 else 'wait'}"
    return [
        Reason(
            signal="blocked-sessions", subject="our locks", value=longest, limit=limit, unit="s", stops=False,
            until="until they have their locks; batches are a tenth as big meanwhile",
            text=f"{who} for our locks, the longest for {say_seconds(longest)}",
        )
    ]  # fmt: skip
