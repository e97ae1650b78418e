"""A worker: takes parts of a job, asks the throttle before each batch, obeys operators, and survives what can happen."""

from __future__ import annotations

import time
import uuid

from msgspec.structs import replace

from migrasafe.backfill.end.ending import Ending, Finisher, Outcome, obey, too_many_dead_rows, walk_rewritten
from migrasafe.backfill.job import jobs, shards
from migrasafe.backfill.job.jobs import Job
from migrasafe.backfill.job.moves import WORKING, move
from migrasafe.backfill.job.settings import RunSettings, run_settings, throttle_part
from migrasafe.backfill.job.split import split_largest
from migrasafe.backfill.link import Link
from migrasafe.backfill.model import BatchDone, Decision, Place, Status, Throttle
from migrasafe.backfill.progress.events import Emit
from migrasafe.backfill.progress.worker_log import WorkerLog
from migrasafe.backfill.stopping import Stop
from migrasafe.backfill.trouble.recovery import Recovery, leave
from migrasafe.backfill.vacuum import Vacuum
from migrasafe.backfill.walk.places import RewrittenError, place_of
from migrasafe.backfill.walk.walker import Done, Walker
from migrasafe.errors import InputError, ServerError
from migrasafe.postgres.scripts import StatementError
from migrasafe.quantities import say_count

LOOK_EVERY_SECONDS = 0.5
ASK_AGAIN_SECONDS = 1.0
REST_SECONDS = 0.05
TELL_AFTER_SECONDS = 1.0
"""Waits that end sooner are how a throttle works, many in a second; longer ones are a state of the job, with a reason."""


class Worker:
    """One worker of one job, in one process and one session. The job exists."""

    def __init__(
        self,
        *,
        dsn: str,
        job: str,
        throttle: Throttle,
        emit: Emit,
        stop: Stop,
        takeover: bool = False,
    ) -> None:
        self.dsn = dsn
        self.name = job
        self.throttle = throttle
        self.stop = stop
        self.token = str(uuid.uuid4())
        self.log = WorkerLog(emit, job, self.token)
        self._takeover = takeover
        self.link: Link
        self.job: Job
        self.who = ""
        self.settings: RunSettings
        self.state = "running"
        self.walker: Walker | None = None
        self.vacuum = Vacuum(dsn, job)
        self.finisher: Finisher | None = None
        self.rest_until = 0.0
        self.recovery = Recovery(self)
        self._decision = Decision(may_run=True, batch_rows=1000, wait_seconds=0.0)
        self._looked_at = 0.0
        self._held_since: float | None = None

    def run(self) -> Ending:
        """Work until the job is at an end or we are told to stop. Raises InputError and ServerError."""
        if not self._connect():
            return Ending(outcome=Outcome.STOPPED, text="stopped while the server was away")
        try:
            while True:
                ending = self._turn()
                if ending is not None:
                    return ending
        except KeyboardInterrupt:
            return Ending(outcome=Outcome.STOPPED, text="stopped; the batch that was running is undone")
        finally:
            self.throttle.stop()
            leave(self)

    def _connect(self) -> bool:
        """Begin to work, however often the session is lost meanwhile; False when we are told to stop."""
        while (link := self.recovery.open_link()) is not None:
            self.link = link
            try:
                self._begin()
            except StatementError as failure:
                link.session.close()
                if not failure.is_lost:
                    raise ServerError(f"the server said: {failure.message}") from failure
            else:
                return True
        return False

    def note(self, kind: str, text: str, **fields: object) -> None:
        """Tell who watches, and write it down for the audit."""
        self.log.note(self.link.session, self.job, self.who, kind, text, **fields)

    def _begin(self) -> None:
        session = self.link.session
        self.job = jobs.find_job(session, self.name)
        self.who = jobs.actor(session)
        self.settings = run_settings(self.job.settings)
        self.stop.grace_seconds = self.settings.grace_seconds
        self.recovery.max_outage_seconds = self.settings.max_outage_seconds
        shards.begin_work(session, self.job.id, self.token, self.who, is_direct=self.link.is_direct)
        self.start_throttle()
        move(session, self.job.id, self.who, (Status.PENDING,), Status.RUNNING, event="started")

    def _turn(self) -> Ending | None:
        try:
            ending = self._obey()
            if ending is not None:
                return ending
            if self.state == "paused" or self.vacuum.is_running or time.monotonic() < self.rest_until:
                time.sleep(min(max(self.rest_until - time.monotonic(), 0.02), 0.1))
                return None
            if self.walker is None and self.finisher is None:
                return self._find_work()
            return self._work()
        except StatementError as failure:
            return self._recover(failure)

    def _recover(self, failure: StatementError) -> Ending | None:
        while True:  # the way back can fail, too
            try:
                return self.recovery.recover(failure)
            except StatementError as another:
                failure = another

    def _obey(self) -> Ending | None:
        """Twice a second: say how we are, keep the lease, and do what operators want."""
        if self.stop.is_asked:
            return Ending(
                outcome=Outcome.STOPPED, text=f"{self.stop.word}: the batch is finished, the lease given back"
            )
        now = time.monotonic()
        if now - self._looked_at < LOOK_EVERY_SECONDS:
            return None
        self._looked_at = now
        orders = shards.beat(
            self.link.session,
            job_id=self.job.id,
            token=self.token,
            shard_no=self.walker.shard.no
            if self.walker is not None
            else self.finisher.shard_no
            if self.finisher
            else None,
            state=self.state,
            decision=self._decision,
            gauges=self.throttle.gauges(),
            rows_per_second=self.log.rows_per_second(now),
            lease_seconds=self.settings.lease_seconds,
        )
        if orders is None:
            raise InputError(f"backfill {self.name} is not in this database any more")
        if orders.settings_version != self.job.settings_version:
            self.take_settings()
        self.log.close_sample(self.link.session, self.job, self.throttle.gauges(), self._decision.batch_rows)
        return obey(self, Status(orders.status), orders.reason or "")

    def _find_work(self) -> Ending | None:
        """Take a part of the job that is free; where none is left, bring the job to its end."""
        session = self.link.session
        shard = shards.claim(session, self.claimant(), takeover=self._takeover)
        if shard is not None:
            self._takeover = False
            try:
                place = place_of(self.link, self.job, shard.rel, shard.filenode, self.token)
            except RewrittenError as rewritten:
                walk_rewritten(self, shard, str(rewritten))
                return None
            self.walker = Walker(session, place, shard)
            return None
        self.finisher = Finisher.claim(self)
        if self.finisher is None and not split_largest(self.link, self.job, self.who, self.token):
            self.state = "waiting"
            self.rest_until = time.monotonic() + ASK_AGAIN_SECONDS
        return None

    def _work(self) -> Ending | None:
        """One batch, or one look at the end of the job, if the throttle lets us."""
        now = time.monotonic()
        self._decision = self.throttle.decide(now)
        if not self._decision.may_run:
            self._throttled(self._decision, now)
            return None
        self._held_since = None
        if self._decision.wait_seconds > 0:  # signals may change during a rest: ask again
            time.sleep(min(self._decision.wait_seconds, REST_SECONDS))
            return None
        if self.state in ("throttled", "waiting"):
            self.state = "running"
            self.log.goes_on()
            move(self.link.session, self.job.id, self.who, (Status.THROTTLED,), Status.RUNNING, event="throttle-off")
        if self.finisher is not None:
            return self.finisher.step(self._decision.batch_rows)
        assert self.walker is not None
        done = self.walker.step(self._decision.batch_rows, only_free=self.recovery.only_free)
        return self._did(self.walker, done)

    def _did(self, walker: Walker, done: Done) -> Ending | None:
        self.recovery.succeeded(rows_left=done.committed.rows_left)
        if done.committed.rows_left:
            self.note("rows-left", f"{say_count(done.committed.rows_left, 'row')} still locked by other sessions; tried again "
                          "at the end", rows=done.committed.rows_left)  # fmt: skip
        batch = BatchDone(
            rows_walked=done.part.rows,
            rows_changed=done.committed.rows_changed,
            seconds=done.seconds,
            wal_bytes=done.committed.wal_bytes,
            commit_lsn=done.committed.commit_lsn,
            backend_pid=self.link.session.login_pid,
            at=done.at,
        )
        self.log.did_batch(batch)
        if done.dead is None and walker.bad is None:
            self.throttle.after_batch(batch)
        if self.vacuum.is_due(batch.rows_changed, self.settings.vacuum_every, self.job.est_rows or 0):
            self.vacuum.start(walker.place.relation)
        if walker.is_done:
            self.walker = None
        return self._set_aside(done) if done.dead is not None else None

    def _set_aside(self, done: Done) -> Ending | None:
        assert done.dead is not None
        key = ", ".join(done.dead.high)
        self.note("dead-row", f"row ({key}) cannot be changed and is set aside: {done.dead.message} "
                  f"(SQLSTATE {done.dead.sqlstate})", key=list(done.dead.high), sqlstate=done.dead.sqlstate)  # fmt: skip
        if done.dead_rows <= self.settings.max_dead_rows:
            return None
        return self.fail(too_many_dead_rows(self.job, done.dead, done.dead_rows, self.settings.max_dead_rows))

    def fail(self, reason: str) -> Ending:
        """End the job for all workers, with the words that an operator needs."""
        move(self.link.session, self.job.id, self.who, WORKING, Status.FAILED, reason=reason, event="failed")
        return Ending(outcome=Outcome.FAILED, text=reason)

    def start_throttle(self) -> None:
        """Let the throttle look at the server that we are on now."""
        place = Place(
            dsn=self.dsn,
            job_id=self.job.id,
            table_oid=self.job.rel,
            schema_of_state="migrasafe",
            is_direct=self.link.is_direct,
        )
        self.throttle.start(place, throttle_part(self.job.settings))

    def take_settings(self) -> None:
        """Go by what an operator changed."""
        self.job = jobs.reload_job(self.link.session, self.job)
        self.settings = run_settings(self.job.settings)
        self.stop.grace_seconds = self.settings.grace_seconds
        self.recovery.max_outage_seconds = self.settings.max_outage_seconds
        self.throttle.change(throttle_part(self.job.settings))
        if self.walker is not None:
            self.walker.place = replace(self.walker.place, job=self.job, settings=self.settings)
            self.walker.forget_bound()
        self.log.say("settings", "goes by the changed settings from now on", settings=dict(self.job.settings))

    def claimant(self) -> shards.Claimant:
        return shards.Claimant(
            job_id=self.job.id, token=self.token, owner=self.who, lease_seconds=self.settings.lease_seconds
        )

    def _throttled(self, decision: Decision, now: float) -> None:
        wait = min(max(decision.wait_seconds, 0.01), LOOK_EVERY_SECONDS)
        self._held_since = self._held_since or now
        self.log.was_held(decision, wait)
        if now - self._held_since >= TELL_AFTER_SECONDS:
            if self.state != "throttled":
                self.state = "throttled"
                text = "; ".join(reason.text for reason in decision.reasons if reason.stops)
                signals = [reason.signal for reason in decision.reasons]
                move(self.link.session, self.job.id, self.who, (Status.RUNNING,), Status.THROTTLED, reason=text,
                     event="throttle-on", detail={"signals": signals})  # fmt: skip
            self.log.waits(decision)
        time.sleep(wait)
