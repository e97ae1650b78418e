"""Where a job is, as a value: for people, for machines, and for gates of a deploy."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from shlex import quote
from typing import Any

import msgspec
from msgspec import Struct

from migrasafe.backfill.job import shards
from migrasafe.backfill.job.jobs import Job
from migrasafe.backfill.kept import kept
from migrasafe.backfill.model import Gauge, Reason, Setting, Status
from migrasafe.backfill.progress.history import Happening, events, moment, samples
from migrasafe.backfill.progress.pace import LATELY_SECONDS, eta
from migrasafe.backfill.queries import query
from migrasafe.backfill.trouble.dead_rows import what_is_left
from migrasafe.postgres.scripts import ScriptSession
from migrasafe.quantities import say_count

EVENTS_SHOWN = 12
_BEGUN_BY = {
    Status.PAUSING: frozenset({"paused"}),
    Status.PAUSED: frozenset({"paused", "stopped"}),
    Status.THROTTLED: frozenset({"throttle-on"}),
    Status.VERIFYING: frozenset({"verifying"}),
    Status.FAILED: frozenset({"failed"}),
    Status.CANCELLED: frozenset({"cancelled"}),
    Status.DONE: frozenset({"done"}),
}


class WorkerStatus(Struct, frozen=True, kw_only=True):
    """One worker of a job."""

    owner: str
    state: str
    is_alive: bool
    seconds_since_seen: float
    batch_rows: int | None
    rows_per_second: float
    reasons: tuple[Reason, ...]
    gauges: tuple[Gauge, ...]


class JobStatus(Struct, frozen=True, kw_only=True):
    """All that `status` shows of a job."""

    name: str
    table: str
    status: Status
    reason: str | None
    rows_walked: int
    rows_changed: int
    rows_estimated: int
    dead_rows: int
    locked_rows: int
    parts: int
    parts_done: int
    passes: int
    rows_per_second: float
    eta_seconds: float | None
    """None where the pace or the number of rows is not known, or nothing moves."""
    eta_soonest_seconds: float | None = None
    """With the latest, the range of it: by how the pace went up and down lately. None where too little is known."""
    eta_latest_seconds: float | None = None
    settings: Mapping[str, Setting]
    warnings: tuple[str, ...]
    workers: tuple[WorkerStatus, ...]
    created_by: str
    created_at: datetime.datetime
    started_at: datetime.datetime | None
    finished_at: datetime.datetime | None
    asked_at: datetime.datetime
    """By the clock of the server."""
    since: datetime.datetime | None = None
    """When it came to be in this status."""
    pause_kind: str | None = None
    """Of a paused job: `operator`, `failure`, or `stop`, after which the next run goes on."""
    last_events: tuple[Happening, ...] = ()
    """Oldest first."""

    @property
    def share(self) -> float | None:
        """How much of the first pass is walked, from 0 to 1; None where the number of rows is not known."""
        if self.status is Status.DONE:
            return 1.0
        return min(self.rows_walked / self.rows_estimated, 1.0) if self.rows_estimated else None

    @property
    def is_done(self) -> bool:
        """Done, and no row was left out."""
        return self.status is Status.DONE and not self.dead_rows and not self.locked_rows


def status_of(session: ScriptSession, job: Job) -> JobStatus:
    """Look at a job."""
    asked_at = moment(session.rows("SELECT extract(epoch FROM clock_timestamp())::float8")[0][0])
    walked, changed, estimated, parts, parts_done = session.rows(query("progress", job_id=job.id))[0]
    left = what_is_left(session, job.id)
    workers = tuple(_worker(worker) for worker in shards.workers(session, job.id))
    pace = sum(worker.rows_per_second for worker in workers if worker.is_alive)
    happened = events(session, job.id, most=EVENTS_SHOWN)
    end = None
    if job.status in (Status.RUNNING, Status.THROTTLED) and any(worker.is_alive for worker in workers):
        lately = samples(session, job.id, last_seconds=LATELY_SECONDS)
        end = eta(estimated - walked, lately, asked_at.timestamp(), pace)
    return JobStatus(
        name=job.name,
        table=job.facts.table,
        status=job.status,
        reason=_why_throttled(workers) or job.status_reason if job.status is Status.THROTTLED else job.status_reason,
        rows_walked=walked,
        rows_changed=changed,
        rows_estimated=estimated,
        dead_rows=left.dead_rows,
        locked_rows=left.locked_rows,
        parts=parts,
        parts_done=parts_done,
        passes=job.passes,
        rows_per_second=pace,
        eta_seconds=end.seconds if end is not None else None,
        eta_soonest_seconds=end.soonest if end is not None else None,
        eta_latest_seconds=end.latest if end is not None else None,
        settings=job.settings,
        warnings=job.facts.warnings,
        workers=workers,
        created_by=job.created_by,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        asked_at=asked_at,
        since=_since(job.status, happened),
        pause_kind=job.pause_kind,
        last_events=happened,
    )


def _since(status: Status, happened: tuple[Happening, ...]) -> datetime.datetime | None:
    """When the job came to be in its status; None where that was longer ago than the events that were read."""
    kinds = _BEGUN_BY.get(status, frozenset())
    return max((event.at for event in happened if event.kind in kinds), default=None)


def _why_throttled(workers: tuple[WorkerStatus, ...]) -> str:
    """Why the throttle holds batches back now; it may be for another reason than when it began to."""
    texts = (reason.text for worker in workers if worker.is_alive for reason in worker.reasons if reason.stops)
    return "; ".join(dict.fromkeys(texts))


def why_not_done(status: JobStatus) -> str | None:
    """What a deploy that needs this job must be told; None when it may go on."""
    if status.is_done:
        return None
    if status.status is Status.DONE:
        number = status.dead_rows + status.locked_rows
        return f"{say_count(number, 'row')} could not be changed (`migrasafe backfill retry-dead {quote(status.name)}`)"
    share = (
        f"{status.share:.0%} walked" if status.share is not None else f"{say_count(status.rows_walked, 'row')} walked"
    )
    why = f": {status.reason}" if status.reason else ""
    return f"it is {status.status.value}, {share}{why}"


def as_data(status: JobStatus) -> dict[str, Any]:
    """The status for machines; times in ISO 8601."""
    data: dict[str, Any] = msgspec.to_builtins(status)
    data["share"] = status.share
    return data


def _worker(worker: shards.Worker) -> WorkerStatus:
    return WorkerStatus(
        owner=worker.owner,
        state=worker.state,
        is_alive=worker.is_alive,
        seconds_since_seen=worker.age_seconds,
        batch_rows=worker.batch_rows,
        rows_per_second=worker.rows_per_second or 0.0,
        reasons=tuple(kept(worker.reasons, list[Reason], "backfill_worker.reasons")),
        gauges=tuple(kept(worker.gauges, list[Gauge], "backfill_worker.gauges")),
    )
