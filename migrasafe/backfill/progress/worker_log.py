"""What a worker says and writes down of itself: events, samples, and why it waits."""

from __future__ import annotations

import time

from migrasafe.backfill.job import jobs
from migrasafe.backfill.job.jobs import Job
from migrasafe.backfill.model import BatchDone, Decision, Gauge
from migrasafe.backfill.progress.events import Emit, Event, waiting
from migrasafe.backfill.progress.history import thin_samples
from migrasafe.backfill.progress.samples import Sample
from migrasafe.backfill.queries import query
from migrasafe.postgres.scripts import ScriptSession
from migrasafe.quantities import say_seconds

EVERY_SECONDS = 10.0
CHANGES_EVERY_SECONDS = 2.0
THIN_EVERY_SAMPLES = 30


class WorkerLog:
    """The log of one worker of one job."""

    def __init__(self, emit: Emit, job: str, token: str) -> None:
        self._emit = emit
        self._job = job
        self._token = token
        self._sample = Sample(time.monotonic())
        self._sample_before: Sample | None = None
        self._is_working = True
        self._samples_written = 0
        self._reasons_said: tuple[str, ...] = ()
        self._reasons_said_at = 0.0

    def say(self, kind: str, text: str, *, is_trouble: bool = False, **fields: object) -> None:
        """Tell whoever watches."""
        self._emit(Event(kind=kind, job=self._job, text=text, fields=fields, is_trouble=is_trouble))

    def note(self, session: ScriptSession, job: Job, who: str, kind: str, text: str, **fields: object) -> None:
        """Tell who watches, and write it down for the audit."""
        self.say(kind, text, is_trouble=True, **fields)
        jobs.note(session, job.id, who, kind, text=text, **fields)

    def did_batch(self, done: BatchDone) -> None:
        self._sample.add(done)

    def was_held(self, decision: Decision, seconds: float) -> None:
        """Count the time for which the throttle holds the next batch back."""
        self._sample.waited(seconds, decision.reasons)

    def waits(self, decision: Decision) -> None:
        """Say why the throttle holds the next batch back: when the reasons change, and every ten seconds.

        Reasons that come and go are said once in two seconds at most.
        """
        now = time.monotonic()
        reasons = tuple(sorted(f"{reason.signal} {reason.subject}" for reason in decision.reasons if reason.stops))
        pause = EVERY_SECONDS if reasons == self._reasons_said else CHANGES_EVERY_SECONDS
        if not self._reasons_said or now - self._reasons_said_at > pause:
            self._reasons_said, self._reasons_said_at = reasons, now
            self._emit(waiting(self._job, decision.reasons, decision.wait_seconds))

    def goes_on(self) -> None:
        """The throttle lets batches begin again."""
        self._reasons_said = ()

    def rows_per_second(self, now: float) -> float:
        """Of the last ten to twenty seconds: a sample that has only just begun says little."""
        before, sample = self._sample_before, self._sample
        if before is None:
            return sample.rows_per_second(now)
        return (before.rows_walked + sample.rows_walked) / max(now - before.began, 1e-3)

    def close_sample(self, session: ScriptSession, job: Job, gauges: tuple[Gauge, ...], batch_rows: int) -> None:
        """Every ten seconds, write down how they went, and say how far the job is. `gauges` are those of this moment."""
        now, sample = time.monotonic(), self._sample
        if not self._is_working:
            self._sample = Sample(now)
            return
        sample.saw(gauges)
        if now - sample.began < EVERY_SECONDS:
            return
        self._write(session, job, now)
        if not sample.rows_walked:
            return
        walked, changed, estimated, _, _ = session.rows(query("progress", job_id=job.id))[0]
        share = f" of about {estimated:,} ({min(walked / estimated, 1):.0%})" if estimated else ""
        pace = sample.rows_per_second(now)
        self.say(
            "progress",
            f"{walked:,}{share} rows walked, {changed:,} changed; {pace:,.0f} rows/s in batches of {batch_rows:,}, the last in "
            f"{say_seconds(sample.batch_seconds[-1])}",
            rows_walked=walked,
            rows_changed=changed,
            rows_estimated=estimated,
            rows_per_second=round(pace, 1),
            batch_rows=batch_rows,
        )

    def stands_still(self, session: ScriptSession, job: Job) -> None:
        """From now on, nothing is done for a while: that is no sample."""
        self.last_sample(session, job)
        self._sample_before, self._is_working = None, False

    def works_again(self) -> None:
        """The end of standing still."""
        self._sample, self._is_working = Sample(time.monotonic()), True

    def last_sample(self, session: ScriptSession, job: Job) -> None:
        """Write down what happened since the last sample, when there is no later moment for it."""
        if self._sample.batch_seconds or self._sample.throttled_seconds:
            self._write(session, job, time.monotonic())

    def _write(self, session: ScriptSession, job: Job, now: float) -> None:
        sample = self._sample_before = self._sample
        self._sample = Sample(now)
        session.script(sample.insertion(job.id, self._token, now))
        self._samples_written += 1
        if self._samples_written % THIN_EVERY_SAMPLES == 0:
            thin_samples(session, job.id)
