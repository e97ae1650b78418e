"""The throttle with a primary and a replica that are worked out: its decisions change what it sees next."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from migrasafe.backfill.model import BatchDone
from migrasafe.backfill.throttle.decide import decide
from migrasafe.backfill.throttle.limits import Limits
from migrasafe.backfill.throttle.state import (
    decided,
    did_batch,
    first_state,
    saw_beat,
    saw_primary,
    saw_upkeep,
)
from tests.unit.backfill.seen import primary, replica, upkeep

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STEP = 0.005
ROWS_PER_SECOND = 8400.0
FULL_RATE = ROWS_PER_SECOND * 600


class Outcome(Struct, frozen=True):
    lags: list[float]
    """True lag of the replica, each 5 ms."""
    rows: int
    seconds: float
    starts: list[float]
    """When batches started."""

    def percentile(self, share: float) -> float:
        return sorted(self.lags)[min(int(len(self.lags) * share), len(self.lags) - 1)]


def run_loop(
    replays: Callable[[float], float],
    *,
    seconds: float = 30.0,
    limits: Limits | None = None,
    wal_per_row: Callable[[float], float] = lambda _: 600.0,
    looks_late: Callable[[], float] = lambda: 0.0,
) -> Outcome:
    """A backfill of so many seconds. `replays` is the bytes per second that the replica replays at a moment.

    `looks_late`: by how many seconds a look comes later than it should.
    """
    limits = limits or Limits()
    poll = limits.poll_seconds
    state = first_state(limits)
    for number in range(5):
        state = saw_beat(state, number * 0.01 - 1.0, 0.001)
    now, lsn, replayed, next_look, ends = 0.0, 0.0, 0.0, 0.0, -1.0
    rows = began_with = in_batch = 0
    history: list[tuple[float, float]] = []
    lags: list[float] = []
    starts: list[float] = []
    oldest = 0
    while now < seconds:
        if now >= next_look:
            look = primary(at=now, lsn=round(lsn), replicas=(replica(replay_lsn=round(replayed)),))
            state = saw_upkeep(
                saw_primary(saw_beat(state, now - 0.001, 0.001), limits, look), limits, upkeep(now), None
            )
            next_look = now + poll + looks_late()
            lsn += 100  # the small commit
        if in_batch and now >= ends:
            wrote = in_batch * wal_per_row(now)
            state = did_batch(
                state,
                limits,
                BatchDone(
                    rows_walked=in_batch, rows_changed=in_batch, seconds=now - began_with / 1e6, wal_bytes=round(wrote),
                    commit_lsn=round(lsn), backend_pid=1, at=now,
                ),
            )  # fmt: skip
            rows, in_batch = rows + in_batch, 0
        if not in_batch:
            decision = decide(state, limits, now, NOON)
            state = decided(state, decision, now)
            if decision.may_run and decision.wait_seconds == 0:
                in_batch, began_with = decision.batch_rows, round(now * 1e6)
                ends = now + max(STEP, in_batch / ROWS_PER_SECOND)
                starts.append(now)
        if in_batch:
            lsn += min(ROWS_PER_SECOND * STEP, in_batch) * wal_per_row(now)
        replayed = min(lsn, replayed + replays(now) * STEP)
        now += STEP
        history.append((now, lsn))
        while oldest < len(history) - 1 and history[oldest][1] <= replayed:
            oldest += 1
        lags.append(0.0 if replayed >= lsn else now - history[oldest][0])
    return Outcome(lags, rows, seconds, starts)


def test_a_replica_as_fast_as_the_primary_costs_nothing() -> None:
    outcome = run_loop(lambda _: FULL_RATE * 1.5)
    assert outcome.rows > 0.9 * ROWS_PER_SECOND * outcome.seconds
    assert max(outcome.lags) < 1.0


def test_a_fast_replica_does_not_make_batches_small_while_they_rest() -> None:
    whole = run_loop(lambda _: FULL_RATE * 3, seconds=20)
    nice = run_loop(lambda _: FULL_RATE * 3, seconds=20, limits=Limits(nice=0.8))
    assert nice.rows > 0.9 * 0.2 * whole.rows
    per_batch = [outcome.rows / len(outcome.starts) for outcome in (whole, nice)]
    assert per_batch[1] > 0.7 * per_batch[0]


@pytest.mark.parametrize("limit", [0.5, 1.0, 5.0])
def test_a_replica_at_a_quarter_is_used_well_and_stays_within_the_limit(limit: float) -> None:
    outcome = run_loop(lambda _: FULL_RATE / 4, limits=Limits(max_lag=limit), seconds=40)
    assert outcome.percentile(0.95) <= limit
    assert max(outcome.lags) <= 2 * limit
    assert outcome.rows >= 0.7 * ROWS_PER_SECOND / 4 * outcome.seconds


def test_a_replica_that_replays_in_bursts_stays_within_the_limit() -> None:
    outcome = run_loop(lambda now: FULL_RATE * 1.25 if now % 0.1 < 0.02 else 0.0, seconds=40)
    assert outcome.percentile(0.95) <= 1.0
    assert max(outcome.lags) <= 2.0
    assert outcome.rows >= 0.7 * ROWS_PER_SECOND / 4 * outcome.seconds


def test_a_checkpoint_that_makes_rows_write_six_times_the_log_does_not_break_the_limit() -> None:
    outcome = run_loop(lambda _: FULL_RATE / 2, wal_per_row=lambda now: 3600.0 if 15 < now < 20 else 600.0, seconds=40)
    assert outcome.percentile(0.95) <= 1.0
    assert max(outcome.lags) <= 2.0


def test_a_replica_that_gets_three_times_slower_is_noticed() -> None:
    outcome = run_loop(lambda now: FULL_RATE / (6 if 10 < now < 20 else 2), seconds=40)
    assert outcome.percentile(0.95) <= 1.0
    assert max(outcome.lags) <= 2.0  # what was in flight when it got slow takes three times as long


def test_replay_that_stops_stops_batches_within_the_limit_and_they_go_on_within_two_polls() -> None:
    outcome = run_loop(lambda now: 0.0 if 10 < now < 15 else FULL_RATE * 2, seconds=20)
    stopped = [at for at in outcome.starts if 10 + 0.4 + 3 * 0.1 < at < 15]
    assert not stopped
    caught_up = next(step for step, lag in enumerate(outcome.lags) if step * STEP > 15 and lag == 0.0) * STEP
    assert min(at for at in outcome.starts if at > 15) <= caught_up + 0.2


class Noisy:
    """A replica at a quarter on a machine of others: bursts, a pace that wanders by half, and now and then none at all."""

    def __init__(self, seed: int, *, wander: float, stalls_per_second: float, stall_seconds: float) -> None:
        self._dice = random.Random(seed)
        self._wander, self._stalls, self._stall_seconds = wander, stalls_per_second, stall_seconds
        self._drift, self._stalled_until = 0.0, -1.0
        self.replayable = 0.0

    def __call__(self, now: float) -> float:
        keep = math.exp(-STEP / 1.5)
        self._drift = keep * self._drift + math.sqrt(1 - keep**2) * self._dice.gauss(0, self._wander)
        if now > self._stalled_until and self._dice.random() < self._stalls * STEP:
            self._stalled_until = now + self._dice.expovariate(1 / self._stall_seconds)
        is_burst = now % 0.05 < 0.01 and now >= self._stalled_until
        rate = 5 * FULL_RATE / 4 * math.exp(self._drift - self._wander**2 / 2) if is_burst else 0.0
        self.replayable += rate * STEP
        return rate

    def late(self) -> float:
        """How much later a look comes on such a machine."""
        return self._dice.expovariate(1 / 0.05)


@pytest.mark.parametrize("seed", range(8))
def test_a_noisy_machine_does_not_break_the_limit(seed: int) -> None:
    replica = Noisy(seed, wander=0.4, stalls_per_second=0.2, stall_seconds=0.2)
    outcome = run_loop(replica, seconds=30, looks_late=replica.late)
    assert outcome.percentile(0.95) <= 1.0
    assert max(outcome.lags) <= 2.0
    assert outcome.rows * 600 >= 0.7 * replica.replayable


@settings(max_examples=15)
@given(st.integers(0, 2**32), st.floats(0.05, 1.5))
def test_whatever_the_replica_does_the_job_goes_on(seed: int, share: float) -> None:
    dice = random.Random(seed)
    rates = [FULL_RATE * share * dice.choice([0.3, 1.0, 2.0]) for _ in range(11)]
    outcome = run_loop(lambda now: rates[int(now)], seconds=10)
    assert outcome.starts[-1] > 5
