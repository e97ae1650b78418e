"""A backfill beside a replica that replays at a quarter of the primary's speed: how late it gets, and how well it is used.

    python benchmarks/throttle_replica.py [--seconds 30] [--rows 1000000] [--pg 15]

The replica's process is stopped for most of each 50 ms, so that what it can replay is a quarter of what plain batches
write. Its capacity is measured with plain batches that nothing holds back, just before and just after, and the mean is
taken (machines have moods): their rows, by the time until the last one is replayed. Beside `migrasafe backfill run` runs
the law of most tools: 5,000 rows at a time, and a look at the lag each 250 ms, which waits while it is above the limit.
Lag is measured on the replica itself, 50 times a second.

Goals: lag p95 at most the limit, max at most twice the limit, 70 % of the replica's capacity. Exit status 1 when missed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from throttle_cluster import (
    LagObserver,
    cluster_with_table,
    percentile,
    run_backfill,
    run_batches,
    seconds_since_start,
    settle,
)

from tests.postgres.clusters import Cluster

LIMIT_SECONDS = 1.0
SLICE_SECONDS = 0.05
FIRST_SHARE = 0.1
LOOK_EVERY_SECONDS = 0.25
HEADER = f"{'':34} {'rows/s':>8} {'lag p50':>8} {'p95':>7} {'max':>7} {'over 1 s':>9}"


class LagGate:
    """Waits while the lag seen at the last look is above the limit."""

    def __init__(self, observer: LagObserver) -> None:
        self._observer = observer
        self._looked_at = 0.0
        self._open = True

    def __call__(self) -> bool:
        now = time.monotonic()
        if now - self._looked_at >= LOOK_EVERY_SECONDS:
            self._looked_at = now
            self._open = not self._observer.lags or self._observer.lags[-1] <= LIMIT_SECONDS
        return self._open


class Run(NamedTuple):
    """What one law did."""

    rows: int
    wrote_seconds: float
    seconds: float
    """Until the last row was replayed."""
    lags: tuple[float, ...]

    @property
    def rows_per_second(self) -> float:
        return self.rows / self.seconds


class Bench:
    """One cluster, on which the laws run one after the other."""

    def __init__(self, cluster: Cluster, seconds: float) -> None:
        self._cluster = cluster
        self._seconds = seconds
        self._number = 0
        self._capacities: list[float] = []

    def share_for_a_quarter(self) -> float:
        """How much of the time the replica may replay, to be four times slower than plain batches write."""
        free = self._run("plain batches, no brake", 1.0, self._plain(3.0))
        full, share = free.rows / free.wrote_seconds, FIRST_SHARE
        for _ in range(2):
            slowed = self._run("plain batches, no brake", share, self._plain(1.5))
            share = min(max(share * full / 4 / slowed.rows_per_second, 0.01), 0.9)
        print(f"the primary writes {full:,.0f} rows/s; the replica replays for {share:.1%} of the time")
        return share

    @property
    def capacity(self) -> float:
        """Rows per second that the replica can replay."""
        return sum(self._capacities) / len(self._capacities) if self._capacities else float("nan")

    def measure_capacity(self, share: float) -> None:
        """See how many rows per second the replica replays now."""
        seconds = max(2.0, self._seconds / 4)
        self._capacities.append(self._run("plain batches, no brake", share, self._plain(seconds)).rows_per_second)

    def gate(self, share: float) -> Run:
        """The law of most tools."""
        name = "gate on time lag, 5,000 rows"
        return self._run(name, share, lambda observer: self._batches(self._seconds, LagGate(observer)))

    def ours(self, share: float) -> Run:
        """`migrasafe backfill run`; what it needs to come up does not count."""

        def backfill(_observer: LagObserver) -> int:
            return run_backfill(self._cluster, self._number, self._seconds, ["--max-lag", f"{LIMIT_SECONDS}s"])

        def since_its_start() -> float:
            return seconds_since_start(self._cluster, self._number)

        return self._run("migrasafe backfill run, limit 1 s", share, backfill, since_its_start)

    def _plain(self, seconds: float) -> Callable[[LagObserver], int]:
        return lambda _observer: self._batches(seconds)

    def _batches(self, seconds: float, may_run: Callable[[], bool] = lambda: True) -> int:
        return run_batches(self._cluster, self._number, seconds, 5000, may_run)

    def _run(
        self,
        name: str,
        share: float,
        work: Callable[[LagObserver], int],
        took: Callable[[], float] | None = None,
    ) -> Run:
        """Let something write while the replica may replay for that share of the time, until the last row is replayed."""
        self._number += 1
        settle(self._cluster)
        observer = LagObserver(self._cluster, "r1")
        observer.start()
        with self._cluster.replicas["r1"].replaying_only(share, SLICE_SECONDS):
            began = time.monotonic()
            rows = work(observer)
            wrote = time.monotonic() - began
            time.sleep(0.1)
            observer.drained()
            seconds = took() if took is not None else time.monotonic() - began
        observer.end()
        run = Run(rows=rows, wrote_seconds=wrote, seconds=seconds, lags=tuple(observer.lags))
        self._report(name, run)
        return run

    def _report(self, name: str, run: Run) -> None:
        over = sum(lag > LIMIT_SECONDS for lag in run.lags) / max(len(run.lags), 1)
        print(
            f"{name:34} {run.rows_per_second:8,.0f} {percentile(run.lags, 0.5):8.3f} {percentile(run.lags, 0.95):7.3f} "
            f"{max(run.lags, default=0):7.3f} {over:9.1%}",
            flush=True,
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0, help="how long each law runs")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pg", type=int, default=None, help="major version (default: the usual one)")
    options = parser.parse_args()
    with cluster_with_table(options.rows, replica=True, major=options.pg) as cluster:
        bench = Bench(cluster, options.seconds)
        print(HEADER)
        share = bench.share_for_a_quarter()
        bench.gate(share)
        bench.measure_capacity(share)
        run = bench.ours(share)
        bench.measure_capacity(share)
    p95, worst = percentile(run.lags, 0.95), max(run.lags)
    used = run.rows_per_second / bench.capacity
    goals = {
        f"lag p95 {p95:.2f} s <= {LIMIT_SECONDS:g} s": p95 <= LIMIT_SECONDS,
        f"lag max {worst:.2f} s <= {2 * LIMIT_SECONDS:g} s": worst <= 2 * LIMIT_SECONDS,
        f"{used:.0%} of the replica's capacity ({bench.capacity:,.0f} rows/s) >= 70%": used >= 0.7,
    }
    for goal, is_met in goals.items():
        print(("met:    " if is_met else "MISSED: ") + goal)
    return 0 if all(goals.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
