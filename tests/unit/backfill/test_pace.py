"""When a job will be at its end, from how it went lately."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from migrasafe.backfill.progress.history import SampleSeen
from migrasafe.backfill.progress.pace import eta, paces_of


def sample(began: float, rows: int, *, seconds: float = 10.0, held: float = 0.0, batches: int = 5) -> SampleSeen:
    return SampleSeen(
        began=began, ended=began + seconds, seconds=seconds, batches=batches, rows_walked=rows, batch_rows=100,
        batch_ms_median=10, batch_ms_p90=20, batch_ms_max=30, throttled_seconds=held, wal_bytes=0, gauges=(), worst=(),
        reasons={},
    )  # fmt: skip


def test_a_steady_pace_has_a_narrow_range() -> None:
    lately = [sample(at, 1000) for at in range(0, 600, 10)]
    end = eta(60_000, lately, 600, 0)
    assert end is not None and end.soonest is not None and end.latest is not None
    assert 599 < end.soonest <= end.seconds <= end.latest < 601


def test_a_pace_that_goes_up_and_down_has_a_wide_range() -> None:
    lately = [sample(at, 2000 if at // 120 % 2 else 200) for at in range(0, 900, 10)]
    end = eta(60_000, lately, 900, 0)
    assert end is not None and end.soonest is not None and end.latest is not None
    assert end.soonest <= 300 and end.latest >= 2900


def test_time_held_back_counts_and_a_pause_does_not() -> None:
    before = [sample(at, 1000) for at in range(0, 120, 10)]
    paused = [sample(at, 0, batches=0) for at in range(120, 360, 10)]
    held = [sample(at, 0, batches=0, held=10.0) for at in range(120, 240, 10)]
    after_pause, after_wait = eta(1000, [*before, *paused], 360, 0), eta(1000, [*before, *held], 240, 0)
    assert after_pause is not None and 9.9 < after_pause.seconds < 10.1
    assert after_wait is not None and 19.9 < after_wait.seconds < 20.1


def test_workers_are_added_up() -> None:
    lately = [sample(at, 1000) for at in range(0, 120, 10) for _ in range(3)]
    assert all(299 < pace < 301 for pace in paces_of(lately, 120))


def test_before_the_first_sample_the_pace_of_the_moment_is_all_there_is() -> None:
    end = eta(1000, [], 0, 50.0)
    assert end is not None and (end.seconds, end.soonest) == (20.0, None)
    assert eta(1000, [], 0, 0.0) is None
    assert eta(0, [], 0, 50.0) is None


def test_a_job_that_stood_still_for_a_while_has_no_latest_end() -> None:
    lately = [sample(at, 1000 if at < 300 else 0, held=0 if at < 300 else 10) for at in range(0, 600, 10)]
    end = eta(1000, lately, 600, 0)
    assert end is not None and end.soonest is not None and end.latest is None


@given(
    st.lists(st.tuples(st.floats(0, 900), st.integers(0, 10_000), st.floats(0.1, 60)), max_size=40),
    st.integers(1, 10**9),
)
def test_the_expected_end_lies_in_its_range(raw: list[tuple[float, int, float]], left: int) -> None:
    lately = [sample(began, rows, seconds=seconds) for began, rows, seconds in raw]
    end = eta(left, lately, 960, 1.0)
    assert end is None or end.seconds > 0
    if end is not None and end.soonest is not None and end.latest is not None:
        assert 0 < end.soonest <= end.latest
