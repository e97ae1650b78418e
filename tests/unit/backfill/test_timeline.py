"""A job over its life: slices for plots, and the times in which it stood still."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrasafe.backfill.model import Gauge
from migrasafe.backfill.progress.history import Happening, SampleSeen, said
from migrasafe.backfill.progress.timeline import slices, spans


def sample(began: float, rows: int = 100, *, seconds: float = 10.0, lag: float = 0.1, held: float = 0.0) -> SampleSeen:
    return SampleSeen(
        began=began, ended=began + seconds, seconds=seconds, batches=2, rows_walked=rows, batch_rows=50, batch_ms_median=10,
        batch_ms_p90=20, batch_ms_max=30, throttled_seconds=held, wal_bytes=1,
        gauges=(Gauge(name="duty", subject="", value=0.5),),
        worst=(Gauge(name="replica_lag_seconds", subject="r1", value=lag),), reasons={"replica-lag": held} if held else {},
    )  # fmt: skip


def event(at: float, kind: str) -> Happening:
    moment = datetime.datetime.fromtimestamp(at, datetime.UTC)
    return Happening(at=moment, actor="me", kind=kind, text=kind)


def test_a_short_job_is_one_slice() -> None:
    (only,) = slices([sample(1000.0, 80, seconds=8.0)])
    assert (only.begin, only.end, only.rows_per_second, only.duty) == (1000.0, 1008.0, 10.0, 0.5)
    assert (only.lags, only.batch_ms_max) == ({"r1": 0.1}, 30)


def test_a_time_in_which_nobody_worked_is_a_gap() -> None:
    parts = slices([sample(0), sample(10), sample(100)])
    assert [one.rows_per_second is None for one in parts] == [False, False, *[True] * 8, False]


def test_two_workers_are_added_up_and_the_worst_lag_is_kept() -> None:
    (only,) = slices([sample(0, lag=0.2), sample(0, lag=0.9, held=5.0)])
    assert only.rows_per_second == 20.0
    assert only.lags == {"r1": 0.9}
    assert only.held == {"replica-lag": 0.25}


@given(
    st.lists(st.tuples(st.floats(0, 1e5), st.integers(0, 10**6), st.floats(0.01, 5000)), min_size=1, max_size=30),
    st.integers(1, 240),
)
def test_no_row_is_lost_or_counted_twice(raw: list[tuple[float, int, float]], most: int) -> None:
    parts = slices([sample(began, rows, seconds=seconds) for began, rows, seconds in raw], most=most)
    assert 1 <= len(parts) <= most
    rows = sum((one.rows_per_second or 0) * (one.end - one.begin) for one in parts)
    assert rows == pytest.approx(sum(rows for _, rows, _ in raw), rel=1e-3, abs=1e-3)


def test_waits_and_pauses_end_with_what_ends_them() -> None:
    events = [
        event(1, "started"), event(5, "throttle-on"), event(7, "throttle-off"), event(8, "throttle-on"), event(9, "paused"),
        event(20, "resumed"), event(30, "stopped"),
    ]  # fmt: skip
    found = [(one.begin, one.end, one.kind) for one in spans(events, 40)]
    assert found == [(5, 7, "throttled"), (8, 9, "throttled"), (9, 20, "paused"), (30, 40, "paused")]


def test_events_are_said_in_words() -> None:
    assert said("setting", {"setting": "nice", "old": 0, "new": 0.5}) == "nice = 0.5 (was 0)"
    assert said("paused", {"reason": "paused by me: sale"}) == "paused by me: sale"
    assert said("throttle-on", {"reason": "r1 is late"}) == "waiting: r1 is late"
    assert said("pass", {"pass": 2, "rows_left": 1200}) == "pass 2 begins: 1,200 rows to change still"
    assert said("something-new", {}) == "something new"
