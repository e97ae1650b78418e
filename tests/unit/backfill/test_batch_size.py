"""How big the next batch is: by the time that the last ones took."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from migrasafe.backfill.walk.batch_size import (
    BatchSize,
    BatchTarget,
    after_batch,
    after_blocking,
    after_timeout,
    first_size,
    retargeted,
)

TARGET = BatchTarget(seconds=0.1)


def settled(seconds_per_row: float, target: BatchTarget = TARGET, batches: int = 60) -> int:
    """The size after many batches of rows that each take so long."""
    size = first_size(target)
    for _ in range(batches):
        size = after_batch(size, target, rows=size.rows, seconds=size.rows * seconds_per_row)
    return size.rows


def test_batches_grow_to_the_target_time_and_stay_there() -> None:
    assert abs(settled(0.1 / 4000) - 4000) <= 40


def test_a_batch_grows_by_half_at_most() -> None:
    assert after_batch(first_size(TARGET), TARGET, rows=1000, seconds=0.001).rows == 1500


def test_batches_never_have_more_rows_than_the_most() -> None:
    assert settled(1e-9) == TARGET.most_rows


def test_slow_rows_shrink_batches_to_the_floor_while_that_keeps_the_promise() -> None:
    assert settled(0.15 / 500) == 500


def test_rows_so_slow_that_the_floor_would_break_the_promise_go_below_it() -> None:
    assert 40 <= settled(0.1 / 50) <= 60


def test_a_batch_that_took_far_too_long_is_answered_with_a_tenth_at_once() -> None:
    assert after_batch(BatchSize(rows=10_000), TARGET, rows=10_000, seconds=0.6).rows == 1000


def test_one_slow_batch_in_ten_does_not_shrink_the_next() -> None:
    size = BatchSize(rows=4000, seconds_per_row=(0.1 / 4000,) * 10)
    assert after_batch(size, TARGET, rows=4000, seconds=0.3).rows == 4000


def test_two_slow_batches_in_ten_do() -> None:
    size = BatchSize(rows=4000, seconds_per_row=(0.1 / 4000,) * 10)
    once = after_batch(size, TARGET, rows=4000, seconds=0.2)
    assert after_batch(once, TARGET, rows=once.rows, seconds=0.2).rows == 2000


def test_the_short_batch_at_the_end_of_a_table_does_not_let_the_size_grow() -> None:
    assert after_batch(BatchSize(rows=4000), TARGET, rows=3, seconds=0.0001).rows == 4000


def test_an_empty_range_changes_nothing() -> None:
    assert after_batch(BatchSize(rows=4000), TARGET, rows=0, seconds=0.01) == BatchSize(rows=4000)


def test_a_timeout_halves_below_any_floor() -> None:
    size = BatchSize(rows=4)
    for expected in (2, 1, 1):
        size = after_timeout(size)
        assert size.rows == expected


def test_a_blocked_session_leaves_a_tenth() -> None:
    assert after_blocking(BatchSize(rows=5000)).rows == 500
    assert after_blocking(BatchSize(rows=5)).rows == 1


def test_a_size_cut_below_the_floor_comes_back_when_batches_are_quick() -> None:
    size = after_batch(after_timeout(BatchSize(rows=600)), TARGET, rows=300, seconds=0.01)
    assert size.rows == 500


def test_a_shorter_target_is_followed_at_once() -> None:
    size = BatchSize(rows=4000, seconds_per_row=(0.1 / 4000,) * 10)
    assert retargeted(size, TARGET, BatchTarget(seconds=0.05)).rows == 2000


def test_a_fixed_number_of_rows_stays_what_it_is_however_slow() -> None:
    fixed = BatchTarget(seconds=0.1, first_rows=2000, floor_rows=2000, most_rows=2000)
    assert settled(0.15 / 2000, fixed) == 2000


@given(st.lists(st.tuples(st.integers(0, 50_000), st.floats(0, 100)), max_size=40))
def test_whatever_batches_do_the_next_has_from_one_row_to_the_most(batches: list[tuple[int, float]]) -> None:
    size = first_size(TARGET)
    for rows, seconds in batches:
        size = after_batch(size, TARGET, rows=rows, seconds=seconds)
        assert 1 <= size.rows <= TARGET.most_rows
