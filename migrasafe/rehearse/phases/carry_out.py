"""Runs the steps of a plan as its SQL files would: what is done is stepped over, locks are waited for in short tries."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from migrasafe.backfill.job.file import JobFile
from migrasafe.backfill.job.spec import Spec
from migrasafe.backfill.run import Worker
from migrasafe.backfill.start import start_job
from migrasafe.backfill.stopping import Stop
from migrasafe.backfill.throttle.throttling import SampledThrottle
from migrasafe.plan.model import Backfill, Step
from migrasafe.plan.output.write_sql import ATTEMPTS, LOCK_TIMEOUT
from migrasafe.postgres.attempt import attempt
from migrasafe.postgres.connect import Connection, run
from migrasafe.postgres.watch.observed import SqlState

_AGAIN = ("55P03", "40P01")
"""No lock in time, or a deadlock: what the files try again."""
LONGEST_PAUSE_SECONDS = 0.5


def is_open(session: Connection, step: Step) -> bool:
    """Whether the step is still to be run."""
    skip = step.done if step.past is None else f"({step.done}) OR ({step.past})"
    return not _holds(session, skip)


def is_done(session: Connection, step: Step) -> bool:
    return _holds(session, step.done)


def is_undoable(session: Connection, step: Step) -> bool:
    return bool(step.undo) and _holds(session, step.undoable or step.done)


def do(session: Connection, step: Step) -> SqlState | None:
    """Run a step unless it is done, or pointless by now."""
    if not is_open(session, step):
        return None
    if step.long and step.leftover is not None and _holds(session, step.leftover):
        refused = _each(session, step.clear)
        if refused is not None:
            return refused
    return _each(session, step.statements) if step.long else _together(session, step.statements)


def undo(session: Connection, step: Step) -> SqlState | None:
    """Take a step back, if there is anything to take back."""
    if not is_undoable(session, step):
        return None
    return _each(session, step.undo) if step.long else _together(session, step.undo)


def fill(dsn: str, plan_id: str, number: int, job: Backfill) -> str | None:
    """Run a backfill job of the plan with `migrasafe backfill`; None when it is done, else what it said."""
    wanted = JobFile(
        spec=Spec(table=job.table, set=", ".join(job.assignments) or None, where=job.where, delete=job.deletes),
        name=f"rehearsal_{plan_id}_{number}",
        settings={},
    )
    name = start_job(dsn, wanted, lambda _: None, settings={}, restart=True, allow_seq_scan=True, dry_run=False)
    if name is None:
        return None
    ending = Worker(dsn=dsn, job=name, throttle=SampledThrottle(), emit=lambda _: None, stop=Stop()).run()
    return None if ending.outcome.value == "done" and not ending.dead_rows else ending.text


def _holds(session: Connection, condition: str) -> bool:
    return bool(run(session, f"SELECT {condition}")[0][0])


def _each(session: Connection, statements: Sequence[str]) -> SqlState | None:
    run(session, "SET lock_timeout = 0")
    return next((refused for one in statements if (refused := attempt(session, one)) is not None), None)


def _together(session: Connection, statements: Sequence[str]) -> SqlState | None:
    """All in one transaction, tried again when a lock is not to be had."""
    rng = random.Random(0)
    refused: SqlState | None = None
    for number in range(ATTEMPTS):
        run(session, "BEGIN")
        run(session, f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        refused = next((said for one in statements if (said := attempt(session, one)) is not None), None)
        ended = attempt(session, "COMMIT" if refused is None else "ROLLBACK")
        refused = refused or ended
        if refused is None or refused.code not in _AGAIN:
            return refused
        time.sleep(rng.random() * min(0.05 * 2**number, LONGEST_PAUSE_SECONDS))
    return refused
