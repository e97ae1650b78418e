"""What has to be over before the next batch may start: slots, archiving, standbys, vacuum, transactions, hours, files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from migrasafe.backfill.model import Reason
from migrasafe.backfill.throttle.limits import AUTO, Limits
from migrasafe.backfill.throttle.log_clock import LogClock, seconds_behind
from migrasafe.backfill.throttle.windows import closed_until, zone
from migrasafe.postgres.figures.load_signals import (
    ArchiverSeen,
    HorizonSeen,
    ReplicaSeen,
    SlotSeen,
    VacuumSeen,
)
from migrasafe.quantities import say_bytes, say_count, say_seconds

HELD_UNTIL = 0.8
"""Of the limit: what was above it has to come down to this, so that the job does not stop and go with every batch."""
MOST_SLOT_WAL_BYTES = 10 * 2**30
"""Where max_slot_wal_keep_size sets no bound, or a far one: so much disk may be waiting for the reader of a slot."""
RATE_OVER_SECONDS = 2.0

_NEEDED_STANDBYS = re.compile(r"\s*(?:(?:first|any)\s+)?(\d+)\s*\(", re.IGNORECASE)

Held = frozenset[tuple[str, str]]
"""Signal and subject of the reasons that were active at the last look."""


def slot_waits(
    slots: Sequence[SlotSeen], limits: Limits, clock: LogClock, keep_bytes: int | None, now: float, held: Held
) -> list[Reason]:
    """Slots that keep too much log, or whose logical reader is too far behind. `keep_bytes`: max_slot_wal_keep_size."""
    reasons = []
    for slot in slots:
        if slot.name in limits.ignore_slots:
            continue
        reason = _slot_wal(slot, limits, clock.end, keep_bytes, held) or _logical_lag(slot, limits, clock, now, held)
        if reason is not None:
            reasons.append(reason)
    return reasons


def _slot_wal(slot: SlotSeen, limits: Limits, log_end: int, keep_bytes: int | None, held: Held) -> Reason | None:
    if limits.max_slot_wal is None:
        return None
    subject = f"slot {slot.name}"
    away = "" if slot.active else ", and nobody reads it"
    if slot.wal_status in ("unreserved", "lost"):
        state = "has lost log that it needs" if slot.wal_status == "lost" else "is about to lose log that it needs"
        return Reason(
            signal="slot-wal", subject=subject, value=None, limit=None, unit="bytes", stops=True,
            until=f"until it has caught up, is dropped, or ignore_slots={slot.name} is set",
            text=f"{subject} {state}: max_slot_wal_keep_size is used up{away}",
        )  # fmt: skip
    if slot.restart_lsn is None:
        return None  # never used: it keeps nothing
    kept = max(0, log_end - slot.restart_lsn)
    limit = limits.max_slot_wal
    if limit is AUTO:
        limit = min(keep_bytes / 2 if keep_bytes is not None else MOST_SLOT_WAL_BYTES, MOST_SLOT_WAL_BYTES)
    goal = _mark(limit, "slot-wal", subject, held)
    if kept <= goal:
        return None
    return Reason(
        signal="slot-wal", subject=subject, value=kept, limit=limit, unit="bytes", stops=True,
        until=f"until it keeps {say_bytes(HELD_UNTIL * limit)} or less, is dropped, or ignore_slots={slot.name} is set",
        text=f"{subject} keeps {say_bytes(kept)} of log on the primary's disk; the limit is {say_bytes(limit)}{away}",
    )  # fmt: skip


def _logical_lag(slot: SlotSeen, limits: Limits, clock: LogClock, now: float, held: Held) -> Reason | None:
    limit = limits.max_logical_lag
    if limit is None or not slot.is_logical or slot.confirmed_lsn is None:
        return None
    subject = f"slot {slot.name}"
    behind = seconds_behind(clock, slot.confirmed_lsn, now)
    if behind <= _mark(limit, "logical-lag", subject, held):
        return None
    reader = "its reader is" if slot.active else "nobody reads it, it is"
    return Reason(
        signal="logical-lag", subject=subject, value=behind, limit=limit, unit="s", stops=True,
        until=f"until it is {say_seconds(HELD_UNTIL * limit)} or less behind, or ignore_slots={slot.name} is set",
        text=f"{subject}: {reader} {say_seconds(behind)} behind; max_logical_lag is {say_seconds(limit)}",
    )  # fmt: skip


def archive_wait(archiver: ArchiverSeen | None, limits: Limits, held: Held) -> list[Reason]:
    """Too many segments of the log wait to be archived: the disk of the primary fills up."""
    limit = limits.max_archive_backlog
    if archiver is None or limit is None:
        return []
    if archiver.backlog_segments <= _mark(limit, "archive-backlog", "archiving", held):
        return []
    failing = ""
    if archiver.failing_since_seconds is not None:
        failing = f", and it failed {say_seconds(archiver.failing_since_seconds)} ago for the last time"
    return [
        Reason(
            signal="archive-backlog", subject="archiving", value=archiver.backlog_segments, limit=limit,
            unit="segments", stops=True, until=f"until {int(HELD_UNTIL * limit)} segments or less wait",
            text=f"{archiver.backlog_segments} segments of the log wait to be archived; the limit is {limit:.0f}{failing}",
        )
    ]  # fmt: skip


def wal_rate(clock: LogClock, log_end: int, now: float) -> float:
    """Bytes of log per second lately, of all sessions together."""
    looks = [look for look in clock.looks[-200:] if look[0] >= now - RATE_OVER_SECONDS]
    if not looks:
        return 0.0
    return max(0, log_end - looks[0][1]) / max(now - looks[0][0], RATE_OVER_SECONDS / 2)


def wal_rate_wait(clock: LogClock, limits: Limits, log_end: int, now: float) -> list[Reason]:
    """More log per second than is allowed: wait until the mean of the last two seconds is below."""
    limit = limits.max_wal_rate
    rate = wal_rate(clock, log_end, now)
    if limit is None or rate <= limit:
        return []
    return [
        Reason(
            signal="wal-rate", subject="primary", value=rate, limit=limit, unit="bytes", stops=True,
            until=f"until it is {say_bytes(limit)} or less",
            text=f"the primary writes {say_bytes(rate)} of log per second; max_wal_rate is {say_bytes(limit)}",
        )
    ]  # fmt: skip


def standby_wait(names: str, replicas: Sequence[ReplicaSeen], limits: Limits) -> list[Reason]:
    """A synchronous standby is missing, so that every commit waits for it."""
    if not names.strip() or not limits.wait_for_sync_standbys:
        return []
    match = _NEEDED_STANDBYS.match(names)
    needed = int(match[1]) if match else 1
    there = sum(seen.sync_state in ("sync", "quorum") for seen in replicas)
    if there >= needed:
        return []
    return [
        Reason(
            signal="sync-standby", subject="synchronous standbys", value=there, limit=needed, unit="standbys",
            stops=True, until=f"until {needed} of {names} {'is' if needed == 1 else 'are'} connected",
            text=f"commits wait for {say_count(needed, 'synchronous standby')} ({names}), "
            f"and {there or 'none'} {'is' if there < 2 else 'are'} connected",
        )
    ]  # fmt: skip


def vacuum_waits(vacuums: Iterable[VacuumSeen], limits: Limits) -> list[Reason]:
    """An autovacuum works on the table, and settings say to let it."""
    reasons = []
    for vacuum in vacuums:
        if vacuum.prevents_wraparound and limits.wait_for_wraparound_vacuum:
            signal, why = "wraparound-vacuum", "is vacuumed to prevent wraparound, which must come first"
        elif limits.wait_for_autovacuum:
            signal, why = "autovacuum", "is vacuumed (wait_for_autovacuum)"
        else:
            continue
        done = "" if vacuum.share_done is None else f", {vacuum.share_done:.0%} of the table is scanned"
        reasons.append(
            Reason(
                signal=signal, subject=vacuum.table, value=vacuum.share_done, limit=None, unit="", stops=True,
                until="until the vacuum has ended", text=f"{vacuum.table} {why} (process {vacuum.pid}{done})",
            )
        )  # fmt: skip
    return reasons


def horizon_waits(holders: Iterable[HorizonSeen], limits: Limits) -> list[Reason]:
    """Somebody keeps vacuum from removing the row versions that batches leave behind."""
    reasons = []
    for holder in holders:
        subject = f"{holder.kind} {holder.name}"
        who = f"{subject} ({holder.who})" if holder.who else subject
        if _above(holder.seconds, limits.max_transaction_age) and holder.kind in ("session", "prepared transaction"):
            signal, value, limit, unit = "old-transaction", holder.seconds, limits.max_transaction_age, "s"
            what = f"has a transaction open for {say_seconds(value or 0)}, more than {say_seconds(limit or 0)}"
        elif _above(holder.xids, limits.max_horizon_xids):
            signal, value, limit, unit = "old-xmin", holder.xids, limits.max_horizon_xids, "transactions"
            what = f"holds the xmin horizon back by {say_count(value or 0, 'transaction')}, more than {limit:,.0f}"
        else:
            continue
        reasons.append(
            Reason(
                signal=signal, subject=subject, value=value, limit=limit, unit=unit, stops=True,
                until=_until_horizon(holder),
                text=f"{who} {what}: vacuum cannot remove what batches leave behind",
            )
        )  # fmt: skip
    return reasons


def _until_horizon(holder: HorizonSeen) -> str:
    match holder.kind:
        case "session":
            return f"until it ends; SELECT pg_terminate_backend({holder.name}) ends it"
        case "prepared transaction":
            return f"until COMMIT PREPARED or ROLLBACK PREPARED '{holder.name}'"
        case "slot":
            return f"until its reader moves on; SELECT pg_drop_replication_slot('{holder.name}') gives it up"
    return "until its oldest query ends (hot_standby_feedback)"


def hours_wait(limits: Limits, wall: datetime) -> list[Reason]:
    """It is not the time of the day at which the job may run; `wall` knows its time zone."""
    if not limits.windows and not limits.blackouts:
        return []
    local_zone = zone(limits.timezone)
    opens = closed_until(wall, limits.windows, limits.blackouts, local_zone)
    if opens is None:
        return []
    local = wall.astimezone(local_zone)
    said = "; ".join(window.text for window in limits.windows) or "any time"
    if limits.blackouts:
        said += f" but not {'; '.join(window.text for window in limits.blackouts)}"
    if opens == datetime.max:
        until, value = "for ever: windows and blackouts leave no time at all", None
    else:
        value = (opens - wall).total_seconds()
        until = f"until {opens.astimezone(local_zone):%a %Y-%m-%d %H:%M} {limits.timezone}, in {say_seconds(value)}"
    return [
        Reason(
            signal="time-window", subject="windows", value=value, limit=None, unit="s", stops=True, until=until,
            text=f"it is {local:%a %H:%M} {limits.timezone}, and the job may run {said}",
        )
    ]  # fmt: skip


def flag_waits(existing: Iterable[str]) -> list[Reason]:
    """A flag file exists."""
    return [
        Reason(
            signal="flag-file", subject=path, value=None, limit=None, unit="", stops=True,
            until=f"until somebody removes {path}", text=f"the flag file {path} exists",
        )
        for path in existing
    ]  # fmt: skip


def lost_wait(what: str, why: str, switch: str = "") -> Reason:
    """A signal that cannot be read: nothing is known, so nothing starts. `switch` is what gives the signal up."""
    until = "until it can be read again"
    if switch:
        until += f", or {switch} {'are' if ', ' in switch else 'is'} set"
    return Reason(
        signal="signal-lost", subject=what, value=None, limit=None, unit="", stops=True, until=until,
        text=f"{what} cannot be read, so nothing is started: {why}",
    )  # fmt: skip


def _above(value: float | None, limit: float | None) -> bool:
    return value is not None and limit is not None and value > limit


def _mark(limit: float, signal: str, subject: str, held: Held) -> float:
    return limit * HELD_UNTIL if (signal, subject) in held else limit
