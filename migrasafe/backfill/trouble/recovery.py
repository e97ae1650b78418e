"""A worker after a failure: tries again, makes batches smaller, looks for the bad row, finds the server again, or gives up."""

from __future__ import annotations

import random
import time
from shlex import quote
from typing import TYPE_CHECKING

from migrasafe.backfill.control import live_workers
from migrasafe.backfill.end.ending import Ending, Outcome, obey
from migrasafe.backfill.job import jobs, shards
from migrasafe.backfill.job.moves import WORKING, move
from migrasafe.backfill.link import Link, open_link_again
from migrasafe.backfill.model import Status
from migrasafe.backfill.trouble.failures import TRIES, Answer, Failure, Step, answer, classify
from migrasafe.errors import MigrasafeError
from migrasafe.postgres.scripts import StatementError
from migrasafe.quantities import say_count, say_seconds

if TYPE_CHECKING:
    from migrasafe.backfill.run import Worker

_WORDS = {
    Failure.LOCK_TIMEOUT: "another session holds a lock that a batch needs",
    Failure.DEADLOCK: "a batch and another session waited for each other",
    Failure.SERIALIZATION: "another session changed the same rows",
    Failure.STATEMENT_TIMEOUT: "a batch took longer than statement_timeout",
}


class Recovery:
    """What a worker remembers of failures: it is forgotten with the next batch that commits."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.tries = 0
        self.max_outage_seconds: float | None = None
        self.only_free = False
        """The next batch leaves out the rows that others have locked."""

    def succeeded(self, *, rows_left: int) -> None:
        """A batch committed. Failures are forgotten by halves: a small batch before a locked row is no sign that it is free.

        Where rows were left out, their neighbours are likely to be locked for as long.
        """
        self.tries = TRIES - 1 if self.only_free and rows_left else self.tries // 2
        self.only_free = False

    def open_link(self, before: Link | None = None) -> Link | None:
        """Connect to the server that takes writes, whenever it is back; None when we are told to stop meanwhile.

        `before`: the way as it was, so that a failover is not taken back.
        """
        worker = self._worker
        return open_link_again(
            worker.dsn,
            f"migrasafe backfill {worker.name}",
            before=before,
            max_outage_seconds=self.max_outage_seconds,
            is_stopping=lambda: worker.stop.is_asked,
            waiting=lambda reason, seconds: worker.log.say(
                "outage", f"waiting: {reason}; next look in {say_seconds(seconds)}", is_trouble=True
            ),
        )

    def recover(self, failure: StatementError) -> Ending | None:
        """Do what the failure asks for; an ending when the worker cannot go on."""
        worker = self._worker
        kind = self._kind(failure)
        if kind is Failure.SERIALIZATION and self.tries == 0:
            worker.note("isolation", "this role forces another isolation level on us: batches may fail and run again")
        if kind not in (Failure.LOST, Failure.READ_ONLY):
            try:
                worker.link.session.roll_back()
            except StatementError as lost:
                failure, kind = lost, Failure.LOST
        self.tries += 1
        rows = worker.walker.trying.rows if worker.walker is not None and worker.walker.trying is not None else 1
        if worker.walker is None and kind is Failure.BAD_ROW:
            kind = Failure.UNUSABLE  # nothing is changed there: no row is to blame
        longest = worker.settings.max_retry_wait_seconds
        what = answer(kind, tries=self.tries, rows=rows, jitter=random.random(), longest_wait=longest)
        return self._do(what, kind, failure, rows)

    def _kind(self, failure: StatementError) -> Failure:
        worker = self._worker
        began = worker.walker.began if worker.walker is not None else time.monotonic()
        return classify(
            failure.sqlstate,
            failure.message,
            is_lost=failure.is_lost,
            seconds=time.monotonic() - began,
            statement_timeout_seconds=worker.settings.statement_timeout_seconds,
        )

    def _do(self, what: Answer, kind: Failure, failure: StatementError, rows: int) -> Ending | None:
        worker = self._worker
        match what.step:
            case Step.RETRY | Step.SKIP_LOCKED:
                self._retry(what, kind, failure)
            case Step.BISECT:
                assert worker.walker is not None
                if worker.walker.bad is None:
                    worker.note("bad-row", f"a row among {rows:,} cannot be changed ({failure.message}); looking for it",
                                sqlstate=failure.sqlstate, rows=rows)  # fmt: skip
                worker.walker.found_bad(failure)
                self.only_free = False
            case Step.PAUSE:
                self._pause(kind, failure)
            case Step.CLAIM_AGAIN:
                self._look_again()
            case Step.RECONNECT:
                return self._reconnect(kind, failure)
            case Step.FAIL:
                return worker.fail(self._why_it_fails(kind, failure, rows))
        return None

    def _look_again(self) -> None:
        """Our view of our part is old: another worker took half of it, or all."""
        worker = self._worker
        walker, worker.walker, worker.finisher = worker.walker, None, None
        if walker is None:
            return
        if shards.look_again(worker.link.session, worker.job.id, walker.shard.no, worker.token) is None:
            worker.note("lease-lost", "another worker has taken over our part of the job")
        self.tries = 0

    def _retry(self, what: Answer, kind: Failure, failure: StatementError) -> None:
        worker = self._worker
        self.only_free = what.step is Step.SKIP_LOCKED and worker.walker is not None
        if what.cut is not None:
            worker.throttle.after_cut(what.cut)
            if worker.walker is not None:
                worker.walker.forget_bound()
        worker.rest_until = time.monotonic() + what.wait_seconds
        smaller = ", with a smaller batch" if what.cut is not None else ""
        left_out = ", without the rows that are locked" if self.only_free else ""
        worker.log.say(
            "retry",
            f"{_WORDS[kind]} ({failure.message}); try {self.tries + 1} in {say_seconds(what.wait_seconds)}{smaller}{left_out}",
            is_trouble=True,
            sqlstate=failure.sqlstate,
            tries=self.tries,
        )

    def _pause(self, kind: Failure, failure: StatementError) -> None:
        worker = self._worker
        said = f"{failure.message}{f' ({failure.context})' if failure.context else ''}"
        reason = f"paused itself: the server is out of a resource: {said}"
        if kind is Failure.CANCELLED:
            reason = f"paused itself: somebody cancelled its statement on the server ({failure.message})"
        if move(worker.link.session, worker.job.id, worker.who, WORKING, Status.PAUSED, reason=reason, pause_kind="failure",
                event="paused", detail={"sqlstate": failure.sqlstate}):  # fmt: skip
            obey(worker, Status.PAUSED, reason)  # at once, not at the next look: no further batch may begin
        self.tries = 0

    def _why_it_fails(self, kind: Failure, failure: StatementError, rows: int) -> str:
        if kind is Failure.STATEMENT_TIMEOUT:
            limit = say_seconds(self._worker.settings.statement_timeout_seconds)
            return (
                f"even a batch of {say_count(rows, 'row')} takes longer than {limit} (statement_timeout): does its expression need "
                f"an index? `migrasafe backfill set {quote(self._worker.name)} statement_timeout=30s` gives it more time"
            )
        more = f" ({failure.context})" if failure.context else ""
        return f"the change cannot run: {failure.message}{more} (SQLSTATE {failure.sqlstate})"

    def _reconnect(self, kind: Failure, failure: StatementError) -> Ending | None:
        """Find the server that takes writes, look up whether the last batch took effect, and go on behind it."""
        worker = self._worker
        worker.link.session.close()
        why = "it takes no writes" if kind is Failure.READ_ONLY else failure.message
        worker.log.say(
            "lost", f"the session is lost ({why}); connecting again", is_trouble=True, sqlstate=failure.sqlstate
        )
        try:
            link = self.open_link(worker.link)
        except MigrasafeError as error:
            return Ending(outcome=Outcome.FAILED, text=str(error))
        if link is None:
            return Ending(outcome=Outcome.STOPPED, text=f"{worker.stop.word}: stopped while the server was away")
        before, worker.link = worker.link, link
        worker.job = jobs.reload_job(link.session, worker.job)
        shards.begin_work(link.session, worker.job.id, worker.token, worker.who, is_direct=link.is_direct)
        if (link.system_identifier, link.timeline) != (before.system_identifier, before.timeline):
            worker.note("failover", f"the server was replaced: timeline {before.timeline} → {link.timeline}",
                        system_identifier=link.system_identifier, before=before.timeline, now=link.timeline)  # fmt: skip
        worker.start_throttle()
        self._go_on_behind()
        return None

    def _go_on_behind(self) -> None:
        worker = self._worker
        walker, worker.walker, worker.finisher = worker.walker, None, None
        if walker is None:
            worker.note("reconnected", "connected again")
            return
        now = shards.look_again(worker.link.session, worker.job.id, walker.shard.no, worker.token)
        committed = now is not None and now.batch_no > walker.shard.batch_no
        settled = "it had committed" if committed else "it is undone, and runs again"
        worker.note("reconnected", f"connected again; the batch that was running: {settled}", committed=committed)
        # The part is claimed anew: the database says where it stands.


def leave(worker: Worker) -> None:
    """Give the lease back and say why the job stands still; a session that is gone has done so itself."""
    session = worker.link.session
    try:
        if session.is_open:
            session.roll_back()
            worker.log.last_sample(session, worker.job)
            shards.release(session, worker.job.id, worker.token)
            if worker.stop.is_asked and not live_workers(session, worker.job):
                reason = f"its last worker was stopped ({worker.stop.word}); `migrasafe backfill run {quote(worker.name)}` goes on"
                move(session, worker.job.id, worker.who, WORKING, Status.PAUSED, reason=reason, pause_kind="stop",
                     event="stopped", detail={"signal": worker.stop.word})  # fmt: skip
    except StatementError:
        pass  # the lease ends by itself
    finally:
        session.close()
