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


class Bench:
    """One cluster, on which the laws run one after the other."""

    def __init__(self, cluster: Cluster, seconds: float) -> None:
        self._cluster = cluster
        self._seconds = seconds
        self._number = 0
        self._capacities: list[float] = []

    def share_for_a_quarter(self) -> float:
        """How much of the time the replica may replay, to be four times slower than plain batches write."""
        full = self._free(seconds=3.0, share=1.0)[0]
        share = FIRST_SHARE
        for _ in range(2):
            _, capacity = self._free(seconds=1.5, share=share)
            share = min(max(share * full / 4 / capacity, 0.01), 0.9)
        print(f"the primary writes {full:,.0f} rows/s; the replica replays for {share:.1%} of the time")
        return share

    @property
    def capacity(self) -> float:
        """Rows per second that the replica can replay."""
        return sum(self._capacities) / len(self._capacities) if self._capacities else float("nan")

    def measure_capacity(self, share: float) -> None:
        """See how many rows per second the replica replays now."""
        self._capacities.append(self._free(seconds=max(2.0, self._seconds / 4), share=share)[1])

    def _free(self, *, seconds: float, share: float) -> tuple[float, float]:
        """Plain batches without a brake: rows per second on the primary, and until the last is replayed."""
        self._number += 1
        settle(self._cluster)
        observer = LagObserver(self._cluster, "r1")
        observer.start()
        with self._cluster.replicas["r1"].replaying_only(share, SLICE_SECONDS):
            began = time.monotonic()
            rows = run_batches(self._cluster, self._number, seconds, 5000)
            wrote = time.monotonic() - began
            time.sleep(0.1)
            took = wrote + observer.drained()
        self._report("plain batches, no brake", observer, rows / took)
        observer.end()
        return rows / wrote, rows / took

    def law(self, name: str, share: float, *, ours: bool) -> tuple[float, float, float]:
        """p95 and max of the lag, and rows per second, with a brake."""
        self._number += 1
        settle(self._cluster)
        observer = LagObserver(self._cluster, "r1")
        observer.start()
        with self._cluster.replicas["r1"].replaying_only(share, SLICE_SECONDS):
            began = time.monotonic()
            if ours:
                rows = run_backfill(self._cluster, self._number, self._seconds, ["--max-lag", f"{LIMIT_SECONDS}s"])
            else:
                rows = run_batches(self._cluster, self._number, self._seconds, 5000, LagGate(observer))
            time.sleep(0.1)
            observer.drained()
            took = seconds_since_start(self._cluster, self._number) if ours else time.monotonic() - began
        self._report(name, observer, rows / took)
        observer.end()
        return percentile(observer.lags, 0.95), max(observer.lags), rows / took

    def _report(self, name: str, observer: LagObserver, speed: float) -> None:
        lags = observer.lags
        over = sum(lag > LIMIT_SECONDS for lag in lags) / max(len(lags), 1)
        print(
            f"{name:34} {speed:8,.0f} {percentile(lags, 0.5):8.3f} {percentile(lags, 0.95):7.3f} "
            f"{max(lags, default=0):7.3f} {over:9.1%}",
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
        bench.law("gate on time lag, 5,000 rows", share, ours=False)
        bench.measure_capacity(share)
        p95, worst, speed = bench.law("migrasafe backfill run, limit 1 s", share, ours=True)
        bench.measure_capacity(share)
    used = speed / bench.capacity
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
