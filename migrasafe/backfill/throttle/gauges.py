"""The numbers behind the decisions of the throttle, for status, metrics and the report."""

from __future__ import annotations

import statistics

from migrasafe.backfill.model import Gauge
from migrasafe.backfill.throttle.decide import share_of_time
from migrasafe.backfill.throttle.followers import gauges_of, required
from migrasafe.backfill.throttle.gates import wal_rate
from migrasafe.backfill.throttle.limits import Limits
from migrasafe.backfill.throttle.state import State
from migrasafe.postgres.figures.load_signals import Lost, PrimarySeen, UpkeepSeen


def gauges(state: State, limits: Limits, now: float) -> tuple[Gauge, ...]:
    """The numbers behind the last decision."""

    def gauge(name: str, value: float | None, subject: str = "") -> Gauge:
        return Gauge(name=name, subject=subject, value=value)

    load = state.load
    found = [
        gauge("duty", share_of_time(state, limits)),
        gauge("commit_seconds", statistics.median(load.beats) if load.beats else None),
        gauge("usual_commit_seconds", statistics.median(load.usual_beats) if load.usual_beats else None),
        gauge("active_sessions", load.sessions[-1] if load.sessions else None),
        gauge("blocked_sessions", float(len(state.blocked_since))),
        gauge("wal_bytes_per_row", state.wal_per_row if state.last_batch else None),
        gauge("wal_bytes_per_second", wal_rate(state.clock, state.log_end, now)),
        *gauges_of(required(state.followers, limits), state.clock, state.log_end, now),
    ]
    if isinstance(state.primary, PrimarySeen) and not isinstance(state.primary.slots, Lost):
        found += [
            gauge("slot_wal_bytes", max(0, state.log_end - slot.restart_lsn), slot.name)
            for slot in state.primary.slots
            if slot.restart_lsn is not None
        ]
    if isinstance(state.upkeep, UpkeepSeen) and not isinstance(state.upkeep.archiver, Lost) and state.upkeep.archiver:
        found.append(gauge("archive_backlog_segments", state.upkeep.archiver.backlog_segments))
    return tuple(found)
