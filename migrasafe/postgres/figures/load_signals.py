"""What can be seen of a server under load: values only, as `load.py` reads them and the throttle judges them.

Log positions are bytes since the beginning of the write-ahead log. Each question that cannot be answered is `Lost`,
with the reason: a hidden column, a missing privilege or a function that a managed service does not have is never zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Why a signal cannot be read, and what makes it readable, in one line for an operator."""

    why: str


T = TypeVar("T")
Reading: TypeAlias = T | Lost


class ReplicaState(Enum):
    """How a standby stands to its primary."""

    STREAMING = "streaming"
    CATCHING_UP = "catching up"
    OTHER = "other"
    """It takes a base backup, or only stores the log: it has no rows that could be old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaSeen:
    """One connection of pg_stat_replication, a physical one."""

    pid: int
    """Of its walsender: the same for as long as the connection lives."""
    name: str
    """Its application_name, which is cluster_name or `walreceiver` unless primary_conninfo says otherwise."""
    slot: str
    """Empty where it has none."""
    address: str
    """Empty over a Unix socket."""
    state: ReplicaState
    replay_lsn: int | None
    """None before its first report, and for what never replays."""
    sync_state: str
    """async, potential, sync or quorum."""
    seconds_since_reply: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotSeen:
    """A replication slot."""

    name: str
    is_logical: bool
    active: bool
    temporary: bool
    restart_lsn: int | None
    """From where the server keeps log for it; None: never used, or lost."""
    confirmed_lsn: int | None
    """Logical: up to where its reader has confirmed what it got."""
    wal_status: str | None
    """reserved, extended, unreserved or lost; None before PostgreSQL 13 and for a slot never used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsSeen:
    """Client sessions, those of others and ours."""

    active: int
    """Run a statement right now."""
    in_transaction: int
    """Have a transaction open, the active ones included."""
    ours_writing: int = 0
    """Sessions of ours, all workers of all jobs in this database, that have written something and not committed yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedSeen:
    """A session that waits for a lock of ours."""

    pid: int
    waited_seconds: float | None
    """None before PostgreSQL 14, which does not say since when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimarySeen:
    """What one quick look at the primary showed, by one clock."""

    at: float
    """The time.monotonic() of the client in the middle of the look."""
    lsn: int
    in_recovery: bool
    replicas: Reading[tuple[ReplicaSeen, ...]]
    slots: Reading[tuple[SlotSeen, ...]]
    sessions: Reading[SessionsSeen]
    blocked: Reading[tuple[BlockedSeen, ...]]
    synchronous_standby_names: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StandbySeen:
    """What one quick look at a replica itself showed."""

    at: float
    replay_lsn: int
    replay_paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiverSeen:
    """How far archiving is behind."""

    backlog_segments: int
    failing_since_seconds: float | None
    """How long ago archive_command last failed, if it has not succeeded since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonSeen:
    """Somebody who keeps vacuum from removing the row versions that a backfill leaves behind."""

    kind: str
    """session, prepared transaction, slot or replica."""
    name: str
    """A pid, the id of a prepared transaction, the name of a slot or of a replica."""
    who: str
    """User, program, state: for people."""
    xids: int | None
    """Age of the oldest transaction it still wants to see, in transactions; None where it keeps none."""
    seconds: float | None
    """Age of its transaction, where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VacuumSeen:
    """An autovacuum at work on a table of the job."""

    pid: int
    table: str
    prevents_wraparound: bool
    share_done: float | None
    """Of the scan of the heap, from 0 to 1, where it can be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpkeepSeen:
    """What changes slowly: archiving, the horizon, vacuum, and settings of the server."""

    at: float
    archiver: Reading[ArchiverSeen | None]
    """None: the server does not archive."""
    horizon: Reading[tuple[HorizonSeen, ...]]
    vacuums: Reading[tuple[VacuumSeen, ...]]
    wal_segment_bytes: int
    slot_wal_limit_bytes: int | None
    """max_slot_wal_keep_size; None: none, or before PostgreSQL 13."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuroraReplicaSeen:
    """A reader of an Aurora cluster, which does not appear in pg_stat_replication."""

    name: str
    lag_seconds: float | None
    """None while it is new and has told nothing."""
