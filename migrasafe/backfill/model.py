"""The words of a backfill as values: what is to be done, what a batch did, why the next one waits."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Protocol

from msgspec import Struct

JobId = int
Setting = str | int | float | bool
"""As people write it: "100ms", 5000, true. It is kept so in the state tables, so that it is shown as it was said."""


class Status(Enum):
    """Where a job is, as the state table says it."""

    PENDING = "pending"
    RUNNING = "running"
    PAUSING = "pausing"
    """An operator asked for a pause, and a worker has not seen it yet."""
    PAUSED = "paused"
    THROTTLED = "throttled"
    VERIFYING = "verifying"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Reason(Struct, frozen=True, kw_only=True):
    """One signal that holds the next batch back or makes it smaller, with its number."""

    signal: str
    """A short name that metrics and logs use as a label: `replica-lag`, `time-window`, `flag-file`."""
    subject: str
    """What it is about, in an operator's words: `replica r1`, `slot debezium`, `/etc/stop-backfill`."""
    value: float | None
    """None where there is no number, or where the signal is lost."""
    limit: float | None
    unit: str
    """Of value and limit: `s`, `bytes`, `rows`, `sessions`, ``."""
    until: str
    """When it ends: `until the replica has 0.35 s or less left to replay`, `until 22:00`."""
    stops: bool
    """Whether no batch may start; otherwise it only makes batches smaller or rarer."""
    text: str
    """The whole sentence: `replica r1 needs 1.9 s to replay what it was sent, more than 1.0 s`."""


class Decision(Struct, frozen=True, kw_only=True):
    """Whether the next batch may start now, and how big it is."""

    may_run: bool
    batch_rows: int
    """Rows in the key range of the next batch, at least 1."""
    wait_seconds: float
    """How long to wait before the batch (duty cycle), or, when it may not run, before asking again."""
    reasons: tuple[Reason, ...] = ()
    """All that are active now, the one that costs most first."""


class BatchDone(Struct, frozen=True, kw_only=True):
    """What a committed batch took. Every worker tells its throttle about each."""

    rows_walked: int
    """In its key range."""
    rows_changed: int
    seconds: float
    """From sending the batch to its commit as the client saw it: no row lock was held longer."""
    wal_bytes: int
    """Written by the whole server meanwhile, so at least what the batch wrote."""
    commit_lsn: int
    """Where the primary's WAL ended after the commit."""
    backend_pid: int
    at: float
    """time.monotonic() when it ended."""


class Cut(Enum):
    """Why a batch has to be smaller at its next try."""

    LOCK_TIMEOUT = "lock_timeout"
    DEADLOCK = "deadlock"
    STATEMENT_TIMEOUT = "statement_timeout"


class Gauge(Struct, frozen=True, kw_only=True):
    """A number about the throttle at this moment, for status, metrics and the report."""

    name: str
    """`replica_lag_seconds`, `replica_drain_seconds`, `duty`, `commit_seconds`, `wal_bytes_per_row`."""
    subject: str
    """The replica, slot …; empty where there is only one."""
    value: float | None


class Place(Struct, frozen=True, kw_only=True):
    """Where a job runs: what the throttle needs to look at the same server."""

    dsn: str
    job_id: JobId
    table_oid: int
    schema_of_state: str
    is_direct: bool
    """False behind a pooler that shares server sessions, where a session keeps nothing between transactions."""


class Throttle(Protocol):
    """What run.py asks before each batch. It owns the sampling of signals (threads and connections of its own)."""

    def start(self, place: Place, settings: Mapping[str, Setting]) -> None:
        """Begin to sample. Called again after a reconnect to another primary. Raises InputError on a bad setting."""

    def decide(self, now: float) -> Decision:
        """Say whether a batch may start now (time.monotonic()). Reads what was sampled last: no I/O, microseconds."""

    def after_batch(self, done: BatchDone) -> None:
        """Learn from a batch that committed."""

    def after_cut(self, cut: Cut) -> None:
        """Make the next batch smaller: the last one ran into a limit."""

    def change(self, settings: Mapping[str, Setting]) -> None:
        """Go by new settings from now on. They were checked with `check_setting` before."""

    def gauges(self) -> tuple[Gauge, ...]:
        """The numbers of this moment."""

    def stop(self) -> None:
        """End sampling and close connections. May be called twice."""
