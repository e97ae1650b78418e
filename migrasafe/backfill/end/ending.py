"""How a worker ends, and the end of a job: one worker looks at the whole table, and has it walked again or calls it done."""

from __future__ import annotations

import time
from enum import Enum
from shlex import quote
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.backfill.end.finish import (
    MOST_PASSES,
    PASSES_WITHOUT_PROGRESS,
    ROWS_A_LOOK,
    Verdict,
    Verification,
    blocks_of,
    can_count,
    parts_of,
    retry_locked,
    walk_again,
)
from migrasafe.backfill.end.recompute import recompute
from migrasafe.backfill.job import shards
from migrasafe.backfill.job.jobs import Job, reload_job
from migrasafe.backfill.job.moves import ENDED, WORKING, move
from migrasafe.backfill.job.shards import Shard
from migrasafe.backfill.model import Status
from migrasafe.backfill.queries import query
from migrasafe.backfill.trouble.dead_rows import what_is_left
from migrasafe.backfill.walk.batches import Place
from migrasafe.backfill.walk.places import place_of
from migrasafe.backfill.walk.walker import Bad
from migrasafe.quantities import say_count

if TYPE_CHECKING:
    from migrasafe.backfill.run import Worker

LOCKED_AGAIN_SECONDS = 2.0


class Outcome(Enum):
    """Why a worker ended."""

    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    """By a signal."""


class Ending(Struct, frozen=True, kw_only=True):
    outcome: Outcome
    text: str
    dead_rows: int = 0


class Finisher:
    """Brings a job to its end; whoever holds the lease of its first part does it."""

    def __init__(self, worker: Worker, shard_no: int) -> None:
        self._worker = worker
        self.shard_no = shard_no
        session = worker.link.session
        self._parts = parts_of(session, worker.job)
        self._places: dict[int, Place] = {
            part.rel: place_of(worker.link, worker.job, part.rel, part.filenode, worker.token) for part in self._parts
        }
        self._verification: Verification | None = None
        self._locked_again_at = 0.0

    @classmethod
    def claim(cls, worker: Worker) -> Finisher | None:
        """The one who ends the job, if that is us: all parts are done, and no other worker does it."""
        session = worker.link.session
        worker.job = reload_job(session, worker.job)
        left = what_is_left(session, worker.job.id)
        if left.parts:
            return None
        parts = parts_of(session, worker.job)
        if not parts:  # the table was empty
            return cls(worker, 0)
        shard = shards.claim(session, worker.claimant(), is_done=True)
        return cls(worker, shard.no) if shard is not None else None

    def step(self, batch_rows: int) -> Ending | None:
        """Take one step towards the end. Raises StatementError, after which the step is taken again."""
        worker = self._worker
        if time.monotonic() < self._locked_again_at:
            time.sleep(0.05)
            return None
        left = what_is_left(worker.link.session, worker.job.id)
        if left.locked_rows and self._verification is None:
            still = retry_locked(worker.link.session, self._places, worker.job)
            if still:
                worker.log.say("waiting", f"waiting: {say_count(left.locked_rows, 'row')} locked by others, until they let go; "
                           f"next look in {LOCKED_AGAIN_SECONDS:.0f} s")  # fmt: skip
                self._locked_again_at = time.monotonic() + LOCKED_AGAIN_SECONDS
            return None
        if not worker.settings.verify or not can_count(worker.job) or not self._parts:
            return self._done(verified=False)
        if self._verification is None:
            worker.state = "verifying"
            move(worker.link.session, worker.job.id, worker.who, WORKING, Status.VERIFYING, event="verifying")
            worker.log.say("verifying", "every part is at its end; looking whether a row still wants the change")
            self._verification = Verification(worker.link.session, self._places, self._parts)
        verdict = self._verification.step(batch_rows * ROWS_A_LOOK)
        if verdict is None:
            return None
        if verdict.rows_left:
            return self._again(verdict)
        self._recompute()
        return self._done(verified=True)

    def _recompute(self) -> None:
        """Say so when rows have other values than the change gives: others wrote them, which is not ours to mend."""
        worker = self._worker
        found = recompute(worker.link.session, self._places.values())
        if found.different:
            worker.note("differs", found.text, rows=found.rows, different=found.different)

    def _again(self, verdict: Verdict) -> Ending | None:
        """Walk the parts again in which rows are left, unless that does not help."""
        worker = self._worker
        job, session = worker.job, worker.link.session
        before = session.rows(query("left_before", job_id=job.id))
        counts = [row[0] for row in before][-(PASSES_WITHOUT_PROGRESS - 1) :]
        stuck = len(counts) == PASSES_WITHOUT_PROGRESS - 1 and verdict.rows_left >= min(counts)
        if stuck or job.passes >= MOST_PASSES:
            return worker.fail(
                f"{say_count(verdict.rows_left, 'row')} still to change after {job.passes} passes: either new ones keep coming (is "
                "there a trigger or a default for them?), or the change does not make its own predicate false for them: "
                f"{job.spec.where}"
            )
        worker.note("rows-left", f"{say_count(verdict.rows_left, 'row')} to change again or still; what has them is walked again",
                    rows=verdict.rows_left)  # fmt: skip
        again = [part for part in self._parts if part.no in verdict.left]
        blocks: dict[int, int] = {}
        if job.walk_kind == "blocks":
            blocks = {part.rel: blocks_of(session, part.rel) for part in again}
        walk_again(session, job, worker.who, again, blocks, rows_left=verdict.rows_left)
        shards.give_back(session, job.id, worker.token)
        worker.job = reload_job(session, job)
        worker.finisher = None
        worker.state = "running"
        return None

    def _done(self, *, verified: bool) -> Ending | None:
        worker = self._worker
        left = what_is_left(worker.link.session, worker.job.id)
        walked, changed, _, _, _ = worker.link.session.rows(query("progress", job_id=worker.job.id))[0]
        dead = f", {say_count(left.dead_rows, 'dead row')} left" if left.dead_rows else ""
        checked = ", and none is left that wants it" if verified and not left.dead_rows else ""
        text = f"done: {changed:,} of {walked:,} rows changed{checked}{dead}"
        if not move(worker.link.session, worker.job.id, worker.who, WORKING, Status.DONE, reason=text, event="done",
                    detail={"rows_walked": walked, "rows_changed": changed, "verified": verified}):  # fmt: skip
            worker.job = reload_job(worker.link.session, worker.job)
            if worker.job.status not in ENDED:
                return None  # somebody has paused it meanwhile: it is done when it goes on
        return Ending(outcome=Outcome.DONE, text=text, dead_rows=left.dead_rows)


def too_many_dead_rows(job: Job, last: Bad, dead_rows: int, allowed: int) -> str:
    """Why a job ends that met a row too many that cannot be changed, and what to do."""
    return (
        f"row ({', '.join(last.high)}) of {job.facts.table} cannot be changed: {last.message} (SQLSTATE {last.sqlstate}); that "
        f"makes {dead_rows} dead row{'s' * (dead_rows != 1)}, and max_dead_rows is {allowed}. Mend the row and run the job "
        f"again, or allow more with `migrasafe backfill set {quote(job.name)} max_dead_rows=100`"
    )


def walk_rewritten(worker: Worker, shard: Shard, why: str) -> None:
    """Begin a table again whose blocks are others now: what is done does not match the predicate any more."""
    session = worker.link.session
    found = shards.relation_of(session, shard.rel)
    blocks = {shard.rel: blocks_of(session, shard.rel)}
    worker.note("rewritten", f"{why}; its walk begins again")
    part = replace(shard, filenode=found[1] if found else 0)
    walk_again(session, worker.job, worker.who, [part], blocks, rows_left=None)
    worker.job = reload_job(session, worker.job)


def obey(worker: Worker, status: Status, reason: str) -> Ending | None:
    """Do what the status of the job asks of a worker; an ending where it has to go."""
    match status:
        case Status.CANCELLED:
            return Ending(outcome=Outcome.CANCELLED, text=f"cancelled: {reason}")
        case Status.FAILED:
            return Ending(outcome=Outcome.FAILED, text=reason)
        case Status.DONE:
            return Ending(outcome=Outcome.DONE, text="done")
        case Status.PAUSING | Status.PAUSED:
            if status is Status.PAUSING:
                move(worker.link.session, worker.job.id, worker.who, (status,), Status.PAUSED, reason=reason,
                     pause_kind="operator")  # fmt: skip
            if worker.state != "paused":
                worker.log.say("paused", f"{reason}; `migrasafe backfill resume {quote(worker.name)}` goes on")
                worker.state = "paused"
                worker.log.stands_still(worker.link.session, worker.job)
        case _ if worker.state == "paused":
            worker.log.say("resumed", "goes on")
            worker.log.works_again()
            worker.state = "running"
            worker.recovery.tries = 0
    return None
