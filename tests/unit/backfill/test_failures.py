"""What a failure means and what is done about it, without a server."""

from __future__ import annotations

import pytest

from migrasafe.backfill.model import Cut
from migrasafe.backfill.trouble.failures import TRIES, Failure, Step, answer, classify

KINDS = {
    "55P03": Failure.LOCK_TIMEOUT,
    "40P01": Failure.DEADLOCK,
    "40001": Failure.SERIALIZATION,
    "25006": Failure.READ_ONLY,
    "22012": Failure.BAD_ROW,
    "23505": Failure.BAD_ROW,
    "P0001": Failure.BAD_ROW,
    "ZZ001": Failure.BAD_ROW,
    "53100": Failure.RESOURCES,
    "53200": Failure.RESOURCES,
    "42703": Failure.UNUSABLE,
    "42501": Failure.UNUSABLE,
    "XX002": Failure.UNUSABLE,
    "MS001": Failure.LEASE_LOST,
}


def kind_of(sqlstate: str, message: str = "", *, is_lost: bool = False, seconds: float = 1.0) -> Failure:
    return classify(sqlstate, message, is_lost=is_lost, seconds=seconds, statement_timeout_seconds=5.0)


@pytest.mark.parametrize("sqlstate", KINDS)
def test_a_sqlstate_says_what_happened(sqlstate):
    assert kind_of(sqlstate) is KINDS[sqlstate]


def test_a_lost_session_is_lost_whatever_the_server_said():
    assert kind_of("57P01", is_lost=True) is Failure.LOST


def test_a_time_out_is_told_from_a_cancel_by_words_or_by_time():
    assert kind_of("57014", "canceling statement due to statement timeout") is Failure.STATEMENT_TIMEOUT
    assert kind_of("57014", "canceling statement due to user request", seconds=9) is Failure.CANCELLED
    assert (
        kind_of("57014", "storniere Anfrage wegen Zeitüberschreitung der Anfrage", seconds=5.1)
        is Failure.STATEMENT_TIMEOUT
    )
    assert kind_of("57014", "storniere Anfrage wegen Benutzeraufforderung", seconds=0.3) is Failure.CANCELLED


def test_a_lock_is_waited_for_then_batches_shrink_then_locked_rows_are_left_out():
    steps = [answer(Failure.LOCK_TIMEOUT, tries=tries, rows=1000, jitter=0) for tries in range(1, TRIES + 1)]
    assert [step.step for step in steps] == [Step.RETRY] * (TRIES - 1) + [Step.SKIP_LOCKED]
    assert [step.cut for step in steps[:3]] == [None, None, Cut.LOCK_TIMEOUT]
    waits = [step.wait_seconds for step in steps]
    assert waits == sorted(waits)
    assert waits[0] == 0.1
    assert waits[-1] == 10.0
    shorter = answer(Failure.LOCK_TIMEOUT, tries=TRIES - 1, rows=1000, jitter=0, longest_wait=0.2)
    assert shorter.wait_seconds == 0.2


def test_jitter_keeps_two_workers_from_meeting_again():
    one = answer(Failure.LOCK_TIMEOUT, tries=4, rows=100, jitter=0.0)
    other = answer(Failure.LOCK_TIMEOUT, tries=4, rows=100, jitter=0.9)
    assert 0.6 * one.wait_seconds < other.wait_seconds < one.wait_seconds


def test_deadlocks_are_tried_at_once_three_times():
    steps = [answer(Failure.DEADLOCK, tries=tries, rows=100, jitter=0) for tries in range(1, 6)]
    assert [step.wait_seconds for step in steps[:3]] == [0, 0, 0]
    assert steps[3].cut is Cut.DEADLOCK


def test_a_time_out_of_a_small_batch_ends_the_job_at_last():
    assert answer(Failure.STATEMENT_TIMEOUT, tries=1, rows=1000, jitter=0).step is Step.RETRY
    assert answer(Failure.STATEMENT_TIMEOUT, tries=30, rows=1000, jitter=0).step is Step.RETRY
    assert answer(Failure.STATEMENT_TIMEOUT, tries=TRIES, rows=20, jitter=0).step is Step.FAIL


@pytest.mark.parametrize("failure", Failure)
def test_every_failure_has_an_answer(failure):
    assert answer(failure, tries=1, rows=1, jitter=0.5).step in Step
