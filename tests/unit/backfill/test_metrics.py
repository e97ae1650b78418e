"""The numbers of a backfill as Prometheus reads them: parsed by Prometheus' own client."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping

import pytest
from prometheus_client.parser import text_string_to_metric_families

from migrasafe.backfill.model import BatchDone, Cut, Decision, Gauge, Place, Reason, Setting, Status
from migrasafe.backfill.progress.events import Event
from migrasafe.backfill.progress.metrics import Meter, address_from, job_lines, state_of_database
from migrasafe.backfill.progress.status import JobStatus
from migrasafe.errors import ConfigError
from tests.unit.backfill.seen import batch

HELD = Reason(
    signal="replica-lag", subject='replica "r\\1"', value=1.0, limit=1.0, unit="s", until="", stops=True, text="late"
)


class Told:
    """A throttle that says what it is told to say."""

    def __init__(self, *decisions: Decision) -> None:
        self._decisions = iter(decisions)

    def start(self, place: Place, settings: Mapping[str, Setting]) -> None: ...
    def decide(self, now: float) -> Decision:
        return next(self._decisions)

    def after_batch(self, done: BatchDone) -> None: ...
    def after_cut(self, cut: Cut) -> None: ...
    def change(self, settings: Mapping[str, Setting]) -> None: ...
    def gauges(self) -> tuple[Gauge, ...]:
        return (
            Gauge(name="replica_lag_seconds", subject="r1", value=0.5),
            Gauge(name="replica_lag_seconds", subject="r2", value=None),
            Gauge(name="duty", subject="", value=1.0),
        )

    def stop(self) -> None: ...


def read(lines: Iterable[str]) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Samples by name and labels, the job's name left out."""
    found = {}
    for family in text_string_to_metric_families("\n".join(lines) + "\n"):
        assert family.documentation and family.type in ("counter", "gauge", "histogram")
        for sample in family.samples:
            labels = frozenset((label, text) for label, text in sample.labels.items() if label != "job_name")
            assert (sample.name, labels) not in found
            found[sample.name.removeprefix("migrasafe_backfill_"), labels] = sample.value
    return found


def one(samples: Mapping[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


def test_batches_are_counted_by_how_long_they_took() -> None:
    meter = Meter(Told())
    for seconds in (0.02, 0.1, 0.15, 30.0):
        meter.after_batch(batch(0.0, rows=100, seconds=seconds))
    samples = read(meter.lines("orders"))
    assert one(samples, "batch_seconds_bucket", le="0.1") == 2
    assert one(samples, "batch_seconds_bucket", le="10") == 3
    assert one(samples, "batch_seconds_bucket", le="+Inf") == one(samples, "batch_seconds_count") == 4
    assert one(samples, "batch_seconds_sum") == pytest.approx(30.27)
    assert one(samples, "worker_rows_changed_total") == 400


def test_time_in_which_a_signal_held_batches_back_is_counted() -> None:
    held = Decision(may_run=False, batch_rows=10, wait_seconds=1.0, reasons=(HELD,))
    free = Decision(may_run=True, batch_rows=10, wait_seconds=0.0)
    meter = Meter(Told(held, held, free, free))
    for now in (1.0, 1.5, 3.0, 9.0):
        meter.decide(now)
    samples = read(meter.lines("orders"))
    assert one(samples, "held_seconds_total", signal="replica-lag") == 2.0
    assert "reason" not in {name for name, _ in samples}


def test_active_reasons_are_told_with_any_name_that_a_replica_may_have() -> None:
    meter = Meter(Told(Decision(may_run=False, batch_rows=10, wait_seconds=1.0, reasons=(HELD,))))
    meter.decide(1.0)
    assert one(read(meter.lines("orders")), "reason", signal="replica-lag", subject='replica "r\\1"') == 1


def test_retries_and_cuts_are_counted_by_their_cause() -> None:
    meter, heard = Meter(Told()), []
    emit = meter.listening(heard.append)
    emit(Event(kind="retry", job="orders", text="again", fields={"sqlstate": "40P01"}))
    emit(Event(kind="progress", job="orders", text="on"))
    meter.after_cut(Cut.DEADLOCK)
    samples = read(meter.lines("orders"))
    assert one(samples, "retries_total", sqlstate="40P01") == 1
    assert one(samples, "cuts_total", cause="deadlock") == 1
    assert len(heard) == 2


def test_what_the_throttle_sees_is_told_and_what_it_does_not_see_is_left_out() -> None:
    samples = read(Meter(Told()).lines("orders"))
    assert one(samples, "replica_lag_seconds", replica="r1") == 0.5
    assert ("replica_lag_seconds", frozenset({("replica", "r2")})) not in samples
    assert one(samples, "duty") == 1.0


def test_the_whole_job_is_told() -> None:
    status = JobStatus(
        name="orders", table="public.orders", status=Status.THROTTLED, reason="late", rows_walked=50, rows_changed=40,
        rows_estimated=100, dead_rows=1, locked_rows=0, parts=1, parts_done=0, passes=1, rows_per_second=5.0,
        eta_seconds=None, settings={}, warnings=(), workers=(), created_by="me",
        created_at=datetime.datetime.now(datetime.UTC), started_at=None, finished_at=None,
        asked_at=datetime.datetime.now(datetime.UTC),
    )  # fmt: skip
    samples = read([*job_lines(status), *state_of_database(is_up=True)])
    assert one(samples, "rows_walked_total") == 50
    assert one(samples, "progress_ratio") == 0.5
    assert one(samples, "status", status="throttled") == 1
    assert one(samples, "status", status="running") == 0
    assert "eta_seconds" not in {name for name, _ in samples}
    assert one(samples, "database_up") == 1


@pytest.mark.parametrize(("text", "address"), [
    ("9187", ("", 9187)), ("127.0.0.1:9187", ("127.0.0.1", 9187)), ("[::1]:0", ("::1", 0)), (" 0 ", ("", 0)),
])  # fmt: skip
def test_an_address_is_a_port_with_or_without_a_host(text: str, address: tuple[str, int]) -> None:
    assert address_from(text) == address


@pytest.mark.parametrize("text", ["", "http", "99999", ":9187", "-1", "localhost:", "1.2.3.4:x"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--metrics-port must be a port"):
        address_from(text)
