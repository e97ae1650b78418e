"""Lag and time to drain from log positions, without a clock on the replica and without a row written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrasafe.backfill.throttle.log_clock import LogClock, looked, seconds_behind
from migrasafe.backfill.throttle.replay import (
    FIRST_RATE,
    LOWEST_RATE,
    Replay,
    drain_seconds,
    first_look,
    observed,
    safe_rate,
)

MB = 1_000_000


def clock_of(*looks: tuple[float, int]) -> LogClock:
    clock = LogClock()
    for at, lsn in looks:
        clock = looked(clock, at, lsn)
    return clock


def test_a_replica_is_as_late_as_the_primary_stood_where_it_stands() -> None:
    clock = clock_of((0.0, 100), (1.0, 200), (2.0, 300), (3.0, 400))
    assert seconds_behind(clock, 200, now=3.0) == 2.0
    assert seconds_behind(clock, 250, now=3.0) == 2.0


def test_a_replica_that_has_all_that_the_look_before_the_last_showed_is_not_late() -> None:
    clock = clock_of((0.0, 100), (1.0, 200), (1.1, 300))
    assert seconds_behind(clock, 200, now=1.1) == 0.0


def test_an_idle_primary_has_no_late_replica_however_long_nothing_is_written() -> None:
    clock = clock_of(*((float(second), 500) for second in range(100)))
    assert seconds_behind(clock, 500, now=99.0) == 0.0


def test_a_replica_from_before_the_first_look_is_as_late_as_the_clock_is_old() -> None:
    clock = clock_of((10.0, 100), (11.0, 200), (12.0, 300))
    assert seconds_behind(clock, 5, now=13.0) == 3.0


def test_old_looks_are_thinned_out_and_still_tell_lag_to_the_second() -> None:
    clock = clock_of(*((tenth / 10, tenth) for tenth in range(6000)))
    assert len(clock.looks) < 800
    assert seconds_behind(clock, 3000, now=599.9) == pytest.approx(299.9, abs=1.2)


def test_another_log_begins_the_clock_anew() -> None:
    assert clock_of((0.0, 1000), (1.0, 2000), (2.0, 1500)).looks == ((2.0, 1500),)


@given(st.lists(st.tuples(st.floats(0.01, 5), st.integers(0, 1000)), min_size=3, max_size=60), st.integers(0, 70_000))
def test_lag_is_never_negative_and_never_more_than_the_age_of_the_clock(
    steps: list[tuple[float, int]], replay_lsn: int
) -> None:
    at, lsn, clock = 0.0, 1, LogClock()
    for seconds, size in steps:
        at, lsn = at + seconds, lsn + size
        clock = looked(clock, at, lsn)
    assert 0 <= seconds_behind(clock, replay_lsn, now=at) <= at


def replayed(replay: Replay, *looks: tuple[float, int, int]) -> Replay:
    for at, lsn, end in looks:
        replay = observed(replay, at, lsn, end)
    return replay


def test_a_replica_busy_all_the_time_shows_its_rate() -> None:
    looks = [(tenth / 10, tenth * MB // 10, 100 * MB) for tenth in range(1, 100)]
    assert replayed(first_look(0.0, 0, 100 * MB), *looks).rate == pytest.approx(MB, rel=0.01)


def test_a_replica_that_caught_up_can_do_at_least_what_it_did() -> None:
    looks = [(tenth / 10, tenth * 5 * MB, tenth * 5 * MB) for tenth in range(1, 6)]
    assert replayed(first_look(0.0, 0, 0), *looks).rate == pytest.approx(50 * MB)


def test_a_burst_between_two_looks_is_not_its_rate() -> None:
    burst = replayed(first_look(0.0, 0, 0), (0.01, 5 * MB, 5 * MB), (0.5, 5 * MB, 5 * MB))
    assert burst.rate == pytest.approx(10 * MB)


def test_a_quiet_time_says_nothing_about_the_rate() -> None:
    busy = replayed(first_look(0.0, 0, 0), (0.5, 25 * MB, 25 * MB))
    quiet = replayed(busy, *((1.0 + second, 25 * MB, 25 * MB) for second in range(100)))
    assert quiet.rate == busy.rate


def test_what_is_safe_is_the_pace_of_its_slow_times() -> None:
    looks, at, lsn = [], 0.0, 0
    for stretch in range(30):
        for _ in range(4):
            at, lsn = at + 0.1, lsn + (MB if stretch % 2 else MB // 4)
            looks.append((at, lsn, 100 * MB))
    uneven = replayed(first_look(0.0, 0, 100 * MB), *looks)
    assert safe_rate(uneven) == pytest.approx(2.5 * MB, rel=0.01)
    assert uneven.rate > 1.5 * safe_rate(uneven)


def test_slow_times_are_forgotten_when_a_replica_has_time_to_rest() -> None:
    slow = Replay(at=0.0, replay_lsn=0, log_end=0, rate=8.0 * MB, paces=(1.0 * MB,) * 25)
    assert safe_rate(slow) == MB
    rested = replayed(slow, *((tenth / 10, tenth * MB, tenth * MB) for tenth in range(1, 101)))
    assert safe_rate(rested) >= 8 * MB


def test_a_commit_just_before_the_look_does_not_make_a_replica_slow() -> None:
    quick = Replay(at=0.0, replay_lsn=0, log_end=2000, rate=50.0 * MB)
    assert replayed(quick, (0.1, 0, 4000)).rate == 50 * MB


def test_a_replica_that_stands_still_gets_slow_within_a_second_or_so() -> None:
    stuck = replayed(
        Replay(at=0.0, replay_lsn=0, log_end=9 * MB, rate=50.0 * MB), *((t / 10, 0, 9 * MB) for t in range(1, 31))
    )
    assert stuck.rate < 4 * MB
    assert drain_seconds(stuck, 9 * MB) > 2


def test_the_rate_never_falls_to_nothing() -> None:
    stuck = replayed(first_look(0.0, 0, 9 * MB), *((float(t), 0, 9 * MB) for t in range(1, 100)))
    assert stuck.rate == LOWEST_RATE


def test_a_replica_that_went_back_is_a_new_one() -> None:
    assert replayed(first_look(0.0, 5 * MB, 5 * MB), (1.0, 4 * MB, 5 * MB)).rate == FIRST_RATE


def test_what_is_in_flight_is_known_before_it_is_late() -> None:
    assert drain_seconds(Replay(at=0.0, replay_lsn=0, log_end=MB, rate=2.0 * MB), 5 * MB) == 2.5
    assert drain_seconds(Replay(at=0.0, replay_lsn=9, log_end=MB, rate=2.0 * MB), 5) == 0.0
