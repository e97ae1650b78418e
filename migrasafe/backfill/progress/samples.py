"""What a worker did in the last seconds, added up batch by batch: for progress lines, plots and metrics."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from migrasafe.backfill.model import BatchDone, Gauge, JobId, Reason
from migrasafe.backfill.queries import Sql, literal, query


class Sample:
    """The sums since `began` (time.monotonic())."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.rows_walked = 0
        self.rows_changed = 0
        self.wal_bytes = 0
        self.batch_rows = 0
        self.throttled_seconds = 0.0
        self.batch_seconds: list[float] = []
        self.reasons: Counter[str] = Counter()
        self._gauges: dict[tuple[str, str], _Seen] = {}

    def add(self, done: BatchDone) -> None:
        self.rows_walked += done.rows_walked
        self.rows_changed += done.rows_changed
        self.wal_bytes += done.wal_bytes
        self.batch_rows = done.rows_walked
        self.batch_seconds.append(done.seconds)

    def waited(self, seconds: float, reasons: tuple[Reason, ...]) -> None:
        """Count time in which the throttle held the next batch back, for each signal that did."""
        self.throttled_seconds += seconds
        for reason in reasons:
            if reason.stops:
                self.reasons[reason.signal] += seconds  # type: ignore[assignment]  # Counter adds floats, too

    def saw(self, gauges: Iterable[Gauge]) -> None:
        """Remember the numbers of this moment."""
        for gauge in gauges:
            if gauge.value is not None:
                self._gauges.setdefault((gauge.name, gauge.subject), _Seen()).add(gauge.value)

    def rows_per_second(self, now: float) -> float:
        return self.rows_walked / max(now - self.began, 1e-3)

    def insertion(self, job_id: JobId, token: str, now: float) -> str:
        """The script that writes the sample down."""
        took = sorted(self.batch_seconds)
        return query(
            "sample",
            job_id=job_id,
            token=token,
            seconds=round(now - self.began, 3),
            batches=len(took),
            rows_walked=self.rows_walked,
            rows_changed=self.rows_changed,
            batch_rows=self.batch_rows,
            batch_ms_median=_ms(statistics.median(took) if took else None),
            batch_ms_p90=_ms(took[len(took) * 9 // 10] if took else None),
            batch_ms_max=_ms(took[-1] if took else None),
            throttled_seconds=round(self.throttled_seconds, 3),
            wal_bytes=self.wal_bytes,
            gauges=self._gauges_as_sql(lambda seen: seen.sum / seen.number),
            worst=self._gauges_as_sql(lambda seen: seen.worst),
            reasons={signal: round(seconds, 3) for signal, seconds in self.reasons.items()},
        )

    def _gauges_as_sql(self, value: Callable[[_Seen], float]) -> Sql:
        gauges = [
            Gauge(name=name, subject=subject, value=float(f"{value(seen):.4g}"))
            for (name, subject), seen in self._gauges.items()
        ]
        return Sql(literal(msgspec.json.encode(gauges).decode()) + "::jsonb")


class _Seen:
    """The values of one gauge, added up."""

    def __init__(self) -> None:
        self.sum = 0.0
        self.number = 0
        self.worst = float("-inf")

    def add(self, value: float) -> None:
        self.sum += value
        self.number += 1
        self.worst = max(self.worst, value)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
