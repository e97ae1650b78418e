"""The limits that the throttle goes by, as values: nothing left open, durations in seconds, sizes in bytes."""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from msgspec import Struct

from migrasafe.backfill.throttle.checks import Check
from migrasafe.backfill.throttle.windows import Window
from migrasafe.backfill.walk.batch_size import BatchTarget


class Auto(Enum):
    """A limit that is worked out from what is measured."""

    AUTO = "auto"


AUTO = Auto.AUTO
Number: TypeAlias = float | Auto | None
"""None: the limit is off."""


class Limits(Struct, frozen=True, kw_only=True):
    """All limits of a job; what each means is said beside its name in throttle_settings.py. None switches one off."""

    target_time: float = 0.1
    batch_rows: int | Auto = AUTO
    min_batch_rows: int = 500
    max_batch_rows: int = 20_000
    nice: float = 0.0
    poll: float | Auto = AUTO
    max_lag: float | None = 1.0
    replicas: tuple[str, ...] | Auto = AUTO
    ignore_replicas: tuple[str, ...] = ()
    replica_dsns: tuple[tuple[str, str], ...] = ()
    max_logical_lag: float | None = 60.0
    max_commit_time: Number = AUTO
    max_active_sessions: Number = AUTO
    max_blocked_time: Number = AUTO
    max_archive_backlog: float | None = 42.0
    max_slot_wal: Number = AUTO
    ignore_slots: tuple[str, ...] = ()
    max_wal_rate: float | None = None
    wait_for_sync_standbys: bool = True
    wait_for_wraparound_vacuum: bool = True
    wait_for_autovacuum: bool = False
    max_horizon_xids: float | None = 10_000_000.0
    max_transaction_age: float | None = 3600.0
    windows: tuple[Window, ...] = ()
    blackouts: tuple[Window, ...] = ()
    timezone: str = "UTC"
    flag_files: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()

    @property
    def target(self) -> BatchTarget:
        """What batches aim at; a fixed size is a target whose ends meet."""
        if self.batch_rows is not AUTO:
            rows = self.batch_rows
            return BatchTarget(seconds=self.target_time, first_rows=rows, floor_rows=rows, most_rows=rows)
        return BatchTarget(seconds=self.target_time, floor_rows=self.min_batch_rows, most_rows=self.max_batch_rows)

    @property
    def poll_seconds(self) -> float:
        """How often the primary and its replicas are looked at: often enough for the limit on lag."""
        if self.poll is not AUTO:
            return self.poll
        return min(max(self.max_lag / 10, 0.02), 0.1) if self.max_lag is not None and self.max_lag <= 1.0 else 0.25

    @property
    def blocked_seconds(self) -> float | None:
        """How long a session may wait for our locks before batches shrink at once."""
        return 2 * self.target_time if self.max_blocked_time is AUTO else self.max_blocked_time
