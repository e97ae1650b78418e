"""The numbers of a backfill as Prometheus reads them: of this worker, and of the whole job as the database has it.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from migrasafe.backfill.model import BatchDone, Cut, Decision, Gauge, Place, Reason, Setting, Status, Throttle
from migrasafe.backfill.progress.events import Emit, Event
from migrasafe.backfill.progress.status import JobStatus
from migrasafe.errors import ConfigError

PREFIX = "migrasafe_backfill_"
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""

Labels = Mapping[str, str]


class Meter:
    """Counts what one worker does, from the questions it asks its throttle and from what it tells. Safe across threads."""

    def __init__(self, throttle: Throttle) -> None:
        self._throttle = throttle
        self._lock = threading.Lock()
        self._batches = [0] * (len(BUCKETS) + 1)
        self._batch_seconds = 0.0
        self._rows_walked = self._rows_changed = self._wal_bytes = 0
        self._batch_rows = 0
        self._held_seconds: Counter[str] = Counter()
        self._retries: Counter[str] = Counter()
        self._cuts: Counter[str] = Counter()
        self._reasons: tuple[Reason, ...] = ()
        self._held_since: float | None = None

    # What a worker asks: passed on, and counted. See model.Throttle.

    def start(self, place: Place, settings: Mapping[str, Setting]) -> None:
        """Begin to sample."""
        self._throttle.start(place, settings)

    def decide(self, now: float) -> Decision:
        """Whether a batch may start now."""
        decision = self._throttle.decide(now)
        with self._lock:
            if self._held_since is not None:
                for signal in {reason.signal for reason in self._reasons if reason.stops}:
                    self._held_seconds[signal] += now - self._held_since  # type: ignore[assignment]  # Counter adds floats, too
            self._held_since = None if decision.may_run else now
            self._reasons, self._batch_rows = decision.reasons, decision.batch_rows
        return decision

    def after_batch(self, done: BatchDone) -> None:
        """Learn from a batch that committed."""
        self._throttle.after_batch(done)
        with self._lock:
            self._batches[bisect_left(BUCKETS, done.seconds)] += 1
            self._batch_seconds += done.seconds
            self._rows_walked += done.rows_walked
            self._rows_changed += done.rows_changed
            self._wal_bytes += done.wal_bytes

    def after_cut(self, cut: Cut) -> None:
        """Make the next batch smaller."""
        self._throttle.after_cut(cut)
        with self._lock:
            self._cuts[cut.value] += 1

    def change(self, settings: Mapping[str, Setting]) -> None:
        """Go by new settings."""
        self._throttle.change(settings)

    def gauges(self) -> tuple[Gauge, ...]:
        """The throttle's numbers of this moment."""
        return self._throttle.gauges()

    def stop(self) -> None:
        """End sampling."""
        self._throttle.stop()

    # What a worker tells.

    def listening(self, emit: Emit) -> Emit:
        """An `emit` that also counts retries."""

        def emit_and_count(event: Event) -> None:
            if event.kind in ("retry", "lost"):
                with self._lock:
                    self._retries[str(event.fields.get("sqlstate") or "none")] += 1
            emit(event)

        return emit_and_count

    def lines(self, job: str) -> list[str]:
        """This worker's numbers in Prometheus' text format."""
        of_job = {"job_name": job}
        with self._lock:
            total = sum(self._batches)
            buckets, below = [], 0
            for bound, count in zip((*(f"{bound:g}" for bound in BUCKETS), "+Inf"), self._batches, strict=True):
                below += count
                buckets.append(("_bucket", {**of_job, "le": bound}, float(below)))
            active = [({**of_job, "signal": reason.signal, "subject": reason.subject}, 1.0) for reason in self._reasons]
            found = [
                *_family("batch_seconds", "histogram", "Seconds from sending a batch to its commit.",
                         [*buckets, ("_sum", of_job, self._batch_seconds), ("_count", of_job, float(total))]),
                *_simple("worker_rows_walked_total", "counter", "Rows in the ranges of this worker's batches.",
                         [(of_job, self._rows_walked)]),
                *_simple("worker_rows_changed_total", "counter", "Rows that this worker's batches changed.",
                         [(of_job, self._rows_changed)]),
                *_simple("wal_bytes_total", "counter", "Log that the server wrote during this worker's batches.",
                         [(of_job, self._wal_bytes)]),
                *_simple("batch_rows", "gauge", "Rows of the next batch.", [(of_job, self._batch_rows)]),
                *_simple("held_seconds_total", "counter", "Seconds for which a signal held batches back.",
                         [({**of_job, "signal": signal}, value) for signal, value in sorted(self._held_seconds.items())]),
                *_simple("reason", "gauge", "1 for each signal that holds batches back or slows them down now.", active),
                *_simple("retries_total", "counter", "Batches that failed and were tried again, by SQLSTATE.",
                         [({**of_job, "sqlstate": state}, count) for state, count in sorted(self._retries.items())]),
                *_simple("cuts_total", "counter", "Batches made smaller after a time-out or deadlock.",
                         [({**of_job, "cause": cause}, count) for cause, count in sorted(self._cuts.items())]),
            ]  # fmt: skip
        return [*found, *_gauge_lines(job, self.gauges())]


def job_lines(status: JobStatus) -> list[str]:
    """The numbers of the whole job, all its workers together, in Prometheus' text format."""
    of_job = {"job_name": status.name}
    alive = Counter(worker.state if worker.is_alive else "silent" for worker in status.workers)
    families: list[tuple[str, str, str, list[tuple[Labels, float | None]]]] = [
        ("rows_walked_total", "counter", "Rows that the job has walked.", [(of_job, status.rows_walked)]),
        ("rows_changed_total", "counter", "Rows that the job has changed.", [(of_job, status.rows_changed)]),
        ("rows_estimated", "gauge", "Rows of the table, about.", [(of_job, status.rows_estimated)]),
        ("rows_per_second", "gauge", "Rows walked per second lately.", [(of_job, status.rows_per_second)]),
        ("eta_seconds", "gauge", "Seconds until the walk is at its end, about.", [(of_job, status.eta_seconds)]),
        ("progress_ratio", "gauge", "Share of the walk that is done.", [(of_job, status.share)]),
        ("dead_rows", "gauge", "Rows that cannot be changed and are set aside.", [(of_job, status.dead_rows)]),
        ("locked_rows", "gauge", "Rows left to the end because others lock them.", [(of_job, status.locked_rows)]),
        ("status", "gauge", "1 for the status that the job has.",
         [({**of_job, "status": each.value}, float(each is status.status)) for each in Status]),
        ("workers", "gauge", "Workers by what they do.",
         [({**of_job, "state": state}, count) for state, count in sorted(alive.items())]),
    ]  # fmt: skip
    return [line for name, kind, words, samples in families for line in _simple(name, kind, words, samples)]


def state_of_database(*, is_up: bool) -> list[str]:
    """Whether the state of the job could be read for this answer."""
    return _simple("database_up", "gauge", "1 where the job's state could be read.", [({}, float(is_up))])


def address_from(text: str) -> tuple[str, int]:
    """`9187` (on all interfaces) or `127.0.0.1:9187`, `[::1]:9187` as host and port; 0: any free port. Raises ConfigError."""
    host, colon, port = text.strip().rpartition(":")
    if not port.isdecimal() or int(port) > 65535 or (colon and not host):
        raise ConfigError(
            f"--metrics-port must be a port such as 9187, or an address such as 127.0.0.1:9187, not {text!r}"
        )
    return host.removeprefix("[").removesuffix("]"), int(port)


def _gauge_lines(job: str, gauges: Iterable[Gauge]) -> list[str]:
    by_name: dict[str, list[tuple[Labels, float | None]]] = {}
    for gauge in gauges:
        labels = {"job_name": job}
        if gauge.subject:
            labels[gauge.name.split("_")[0] if gauge.name.startswith(("replica_", "slot_")) else "subject"] = (
                gauge.subject
            )
        by_name.setdefault(gauge.name, []).append((labels, gauge.value))
    return [
        line
        for name, samples in by_name.items()
        for line in _simple(name, "gauge", f"What the throttle sees: {name.replace('_', ' ')}.", samples)
    ]


def _simple(name: str, kind: str, words: str, samples: Iterable[tuple[Labels, float | None]]) -> list[str]:
    return _family(name, kind, words, [("", labels, value) for labels, value in samples if value is not None])


def _family(name: str, kind: str, words: str, samples: Sequence[tuple[str, Labels, float]]) -> list[str]:
    """A metric with its samples: what is put behind the name, the labels, the value."""
    full = f"{PREFIX}{name}"
    lines = [f"# HELP {full} {words}", f"# TYPE {full} {kind}"] if samples else []
    for suffix, labels, value in samples:
        inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        lines.append(f"{full}{suffix}{{{inside}}} {float(value)!r}" if inside else f"{full}{suffix} {float(value)!r}")
    return lines


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
