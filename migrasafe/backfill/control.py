"""What operators do to a job: through its row, so that it works from any machine and behind any pooler."""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote

import msgspec

from migrasafe.backfill.job import shards
from migrasafe.backfill.job.jobs import Job
from migrasafe.backfill.job.moves import OPEN, move
from migrasafe.backfill.job.settings import known_settings
from migrasafe.backfill.model import Setting, Status
from migrasafe.backfill.queries import Sql, literal, query
from migrasafe.errors import InputError
from migrasafe.postgres.scripts import ScriptSession


def live_workers(session: ScriptSession, job: Job) -> int:
    """How many workers live."""
    return sum(worker.is_alive for worker in shards.workers(session, job.id))


def pause(session: ScriptSession, job: Job, who: str, why: str | None) -> str:
    """Let no further batch begin; what was done, in words. Raises InputError for a job at its end."""
    if job.status is Status.PAUSED:
        return f"is paused already: {job.status_reason}"
    _must_be_open(job, "paused")
    alive = live_workers(session, job)
    reason = f"paused by {who}{f': {why}' if why else ''}"
    to = Status.PAUSING if alive else Status.PAUSED
    move(session, job.id, who, OPEN, to, reason=reason, pause_kind="operator", event="paused")
    return "no further batch begins" if alive else "paused; no worker is running"


def resume(session: ScriptSession, job: Job, who: str) -> str:
    """Go on after a pause or a failure. Raises InputError for a job that is done or cancelled."""
    if job.status in (Status.DONE, Status.CANCELLED):
        _must_be_open(job, "resumed")
    if job.status not in (Status.PAUSED, Status.PAUSING, Status.FAILED):
        return f"is not paused: {job.status.value}"
    alive = live_workers(session, job)
    to = Status.RUNNING if alive else Status.PENDING
    move(session, job.id, who, (Status.PAUSED, Status.PAUSING, Status.FAILED), to, event="resumed")
    return (
        "goes on"
        if alive
        else f"may go on, but no worker is running: `migrasafe backfill run {quote(job.name)}` starts one"
    )


def cancel(session: ScriptSession, job: Job, who: str, why: str | None) -> str:
    """End a job for good. Raises InputError for one that has ended."""
    if job.status is Status.CANCELLED:
        return f"is cancelled already: {job.status_reason}"
    if job.status is Status.DONE:
        _must_be_open(job, "cancelled")
    reason = f"by {who}{f': {why}' if why else ''}"
    move(session, job.id, who, (*OPEN, Status.FAILED), Status.CANCELLED, reason=reason, event="cancelled")
    return "cancelled; rows that are changed stay so"


def change_settings(session: ScriptSession, job: Job, changed: Mapping[str, Setting], who: str) -> list[str]:
    """Change settings for all workers, with their next batch; each change in words, from what to what."""
    changes = [{"setting": key, "old": value_of(job, key), "new": value} for key, value in changed.items()]
    session.script(
        query(
            "job_settings",
            job_id=job.id,
            actor=who,
            changes=Sql(literal(msgspec.json.encode(changes).decode()) + "::jsonb"),
            changed=dict(changed),
        )
    )
    return [f"{change['setting']} = {change['new']} (was {change['old']})" for change in changes]


def value_of(job: Job, key: str) -> Setting:
    """What a setting of a job is now: as it was said, or its default."""
    default, _ = known_settings().get(key, ("none", ""))
    return job.settings.get(key, default)


def _must_be_open(job: Job, what: str) -> None:
    if job.status in OPEN or job.status is Status.FAILED:
        if job.status is Status.FAILED and what == "paused":
            raise InputError(f"backfill {job.name} has failed ({job.status_reason}), so there is nothing to pause")
        return
    raise InputError(f"backfill {job.name} is {job.status.value}, and cannot be {what}")
