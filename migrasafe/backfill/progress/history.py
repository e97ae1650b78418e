"""What happened to a job and how it went, as the state tables keep it: for the live screen and the report."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from migrasafe.backfill.kept import kept
from migrasafe.backfill.model import Gauge, JobId
from migrasafe.backfill.queries import query
from migrasafe.postgres.scripts import Row, ScriptSession
from migrasafe.quantities import say_count

MOST_SAMPLES = 4000
KEPT_SAMPLES = 1000
"""When a job has more than the most, they are made so few: two megabytes at the worst, however long it runs."""
MOST_EVENTS = 2000
_LOCK_KEY = 0x6D696772 << 24  # below it, the number of the job


class Happening(Struct, frozen=True, kw_only=True):
    """An event of a job: who did what, and when."""

    at: datetime.datetime
    actor: str
    kind: str
    """`started`, `paused`, `setting`, `throttle-on`, `dead-row` …"""
    text: str
    """In words, without who and when."""


class SampleSeen(Struct, frozen=True, kw_only=True):
    """What happened between two moments, of one worker or of all; times are seconds since 1970."""

    began: float
    ended: float
    seconds: float
    """Of work: more than from began to ended where several workers were put together."""
    batches: int
    rows_walked: int
    batch_rows: int
    batch_ms_median: float | None
    batch_ms_p90: float | None
    batch_ms_max: float | None
    throttled_seconds: float
    wal_bytes: int
    gauges: tuple[Gauge, ...]
    """Their means."""
    worst: tuple[Gauge, ...]
    reasons: Mapping[str, float]
    """Signal → seconds for which it held batches back."""


def events(session: ScriptSession, job_id: JobId, *, most: int = MOST_EVENTS) -> tuple[Happening, ...]:
    """The last events of a job, oldest first. Where waits alone would fill the list, the others are kept all the same."""
    found = _events(session, job_id, most, with_waits=True)
    if len(found) == most:
        others = _events(session, job_id, most, with_waits=False)
        found = (*(event for event in others if event.at < found[0].at), *found)
    return found


def samples(session: ScriptSession, job_id: JobId, *, last_seconds: float | None = None) -> tuple[SampleSeen, ...]:
    """The samples of a job, oldest first: all, or those of the last seconds."""
    seconds = last_seconds if last_seconds is not None else 1e9
    return tuple(_sample(row) for row in session.rows(query("samples", job_id=job_id, seconds=seconds)))


def thin_samples(session: ScriptSession, job_id: JobId) -> None:
    """Make several samples one where a job has too many."""
    script = query("samples_thin", job_id=job_id, most=MOST_SAMPLES, keep=KEPT_SAMPLES, lock_key=_LOCK_KEY + job_id)
    session.script(script)


def said(kind: str, detail: Mapping[str, Any]) -> str:
    """An event in words."""
    match kind:
        case "setting":
            return f"{detail.get('setting')} = {detail.get('new')} (was {detail.get('old')})"
        case "throttle-on":
            return f"waiting: {detail.get('reason', 'the throttle holds batches back')}"
        case "throttle-off":
            return "batches begin again"
        case "pass":
            left = detail.get("rows_left")
            return f"pass {detail.get('pass')} begins" + (f": {say_count(left, 'row')} to change still" if left else "")
        case "retry-dead":
            return f"dead rows tried again: {detail.get('changed')} set right, {detail.get('left')} left"
        case "split":
            return "a part was cut in two, so that another worker has something to do"
        case "started":
            return "begun"
        case "verifying":
            return "every part is at its end; looking whether a row still wants the change"
        case "resumed" | "retried":
            return "goes on"
    for word in ("reason", "text"):
        if isinstance(detail.get(word), str):
            return str(detail[word])
    return kind.replace("-", " ")


def _events(session: ScriptSession, job_id: JobId, most: int, *, with_waits: bool) -> tuple[Happening, ...]:
    rows = session.rows(query("events", job_id=job_id, most=most, with_waits=with_waits))
    return tuple(
        Happening(
            at=moment(at),
            actor=actor,
            kind=kind,
            text=said(kind, kept(detail, dict[str, Any], "backfill_event.detail")),
        )
        for at, actor, kind, detail in rows
    )


def moment(seconds: float) -> datetime.datetime:
    """A moment as the server says it, with the time zone of this machine."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).astimezone()


def _sample(row: Row) -> SampleSeen:
    values = dict(zip(SampleSeen.__struct_fields__, row, strict=True))
    for name in ("gauges", "worst"):
        values[name] = tuple(kept(values[name], list[Gauge], f"backfill_sample.{name}"))
    values["reasons"] = kept(values["reasons"], dict[str, float], "backfill_sample.reasons")
    return SampleSeen(**values)
