"""A job's status changes here and nowhere else: only from a state in which that makes sense, and never without an event."""

from __future__ import annotations

from collections.abc import Mapping

from migrasafe.backfill.model import JobId, Status
from migrasafe.backfill.queries import query
from migrasafe.postgres.scripts import ScriptSession

WORKING = (Status.RUNNING, Status.THROTTLED, Status.VERIFYING)
OPEN = (Status.PENDING, *WORKING, Status.PAUSING, Status.PAUSED)
"""Not at an end."""
ENDED = (Status.DONE, Status.FAILED, Status.CANCELLED)


def move(
    session: ScriptSession,
    job_id: JobId,
    who: str,
    before: tuple[Status, ...],
    to: Status,
    *,
    reason: str | None = None,
    pause_kind: str | None = None,
    event: str | None = None,
    detail: Mapping[str, object] | None = None,
) -> bool:
    """Bring a job from one of the states `before` to `to`; False when it was in none of them. `event` None: no event."""
    rows = session.rows(
        query(
            "job_move",
            job_id=job_id,
            actor=who,
            before=[status.value for status in before],
            status=to.value,
            reason=reason,
            pause_kind=pause_kind,
            kind=event,
            detail={"reason": reason, **(detail or {})} if reason else dict(detail or {}),
        )
    )
    return bool(rows[0][0])
