"""What a quiet, healthy primary shows, so that each test says only what is different in it."""

from __future__ import annotations

from typing import Any

from migrasafe.backfill.model import BatchDone
from migrasafe.backfill.throttle.duty import Load
from migrasafe.backfill.throttle.limits import Limits
from migrasafe.backfill.throttle.state import State, first_state, saw_beat, saw_primary, saw_upkeep
from migrasafe.postgres.figures.load_signals import (
    PrimarySeen,
    ReplicaSeen,
    ReplicaState,
    SessionsSeen,
    SlotSeen,
    UpkeepSeen,
)

MB = 2**20


def replica(name: str = "r1", replay_lsn: int | None = 0, **changes: Any) -> ReplicaSeen:
    usual: dict[str, Any] = {
        "pid": 4711, "slot": "", "address": "10.0.0.5", "state": ReplicaState.STREAMING, "sync_state": "async",
        "seconds_since_reply": 0.0,
    }  # fmt: skip
    return ReplicaSeen(name=name, replay_lsn=replay_lsn, **(usual | changes))


def slot(name: str = "debezium", **changes: Any) -> SlotSeen:
    usual: dict[str, Any] = {
        "is_logical": True, "active": True, "temporary": False, "restart_lsn": 0, "confirmed_lsn": 0,
        "wal_status": "reserved",
    }  # fmt: skip
    return SlotSeen(name=name, **(usual | changes))


def primary(at: float = 0.0, lsn: int = 0, **changes: Any) -> PrimarySeen:
    usual: dict[str, Any] = {
        "in_recovery": False, "replicas": (), "slots": (), "sessions": SessionsSeen(active=0, in_transaction=0),
        "blocked": (), "synchronous_standby_names": "",
    }  # fmt: skip
    return PrimarySeen(at=at, lsn=lsn, **(usual | changes))


def upkeep(at: float = 0.0, **changes: Any) -> UpkeepSeen:
    usual: dict[str, Any] = {
        "archiver": None, "horizon": (), "vacuums": (), "wal_segment_bytes": 16 * MB, "slot_wal_limit_bytes": None,
    }  # fmt: skip
    return UpkeepSeen(at=at, **(usual | changes))


def quiet_load() -> Load:
    return Load(usual_beats=(0.001,) * 10, usual_sessions=(0,) * 10)


def state(limits: Limits | None = None, *looks: PrimarySeen, kept: UpkeepSeen | None = None) -> State:
    """The state after these looks at the primary (one, of a quiet one at 0 s, when none is given)."""
    limits = limits or Limits()
    looks = looks or (primary(),)
    after = first_state(limits)
    for _ in range(10):
        after = saw_beat(after, looks[-1].at - 0.001, 0.001)
    after = saw_upkeep(after, limits, kept or upkeep(looks[-1].at), None)
    for look in looks:
        after = saw_primary(after, limits, look)
    return after


def batch(at: float, rows: int = 1000, seconds: float = 0.1, **changes: Any) -> BatchDone:
    usual: dict[str, Any] = {"rows_changed": rows, "wal_bytes": rows * 600, "commit_lsn": 0, "backend_pid": 1}
    return BatchDone(rows_walked=rows, seconds=seconds, at=at, **(usual | changes))
