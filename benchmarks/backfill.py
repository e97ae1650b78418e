"""Whether a backfill costs as little as is promised, in CPU seconds per row, client and server together.

    python benchmarks/backfill.py [--rows 5000000] [--segment 50000] [--pairs 15]

Exit status 1 when a goal is missed. 1.00 is as cheap as one plain UPDATE of the same rows (benchmarks/backfill_ways.py). At the
end: the last part of a table against the first, and the memory of `migrasafe backfill run`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys

from backfill_ways import Way, batches, compare, cost, flagged, large_table
from measured import measure

from migrasafe.backfill.link import Link


def ends(link: Link, way: Way, rows: int, segment: int, pairs: int) -> float:
    """What a row of the last twentieth costs against one of the first, the median over pairs of segments.

    Nothing between the two was changed, as in a walk that has come to its end with all of it before the last part.
    """
    segment = min(segment, rows // 20 // pairs)
    ratios = []
    for pair in range(pairs):
        first, last = pair * segment, rows - rows // 20 + pair * segment
        order = (first, last) if pair % 2 else (last, first)
        taken = {low: cost(link, way, low, low + segment).all_cpu_seconds for low in order}
        ratios.append(taken[last] / taken[first])
    return statistics.median(ratios)


def memory_of_a_run(dsn: str) -> float:
    """Peak memory of `migrasafe backfill run` over the whole table, in MB."""
    options = "--name memory --batch-rows 20000 --max-active-sessions off --max-commit-time off --quiet"
    command = [sys.executable, "-m", "migrasafe", "backfill", "run", "--table", "t", "--set", "b = b + 1"]
    return measure([*command, *options.split()], {**os.environ, "MIGRASAFE_DSN": dsn}).peak_mb


def main() -> int:
    parser = argparse.ArgumentParser(description="Cost of a backfill beside one UPDATE.")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--segment", type=int, default=50_000)
    parser.add_argument("--pairs", type=int, default=15)
    options = parser.parse_args()
    with large_table(options.rows) as (running, link, name):
        print(f"PostgreSQL {running.description}, {options.rows:,} rows", flush=True)
        with_checkpoint = batches(link, 5000, name)
        last = ends(link, with_checkpoint, options.rows, options.segment, options.pairs)
        ways = {
            "batches of 5,000": with_checkpoint,
            "batches of 1,000": batches(link, 1000, name),
            "trigger and flag": flagged,
        }
        link.session.script("UPDATE t SET b = NULL WHERE b IS NOT NULL")
        link.session.script("VACUUM t")
        found = compare(link, ways, options.segment, options.pairs, options.rows)
        ratios = {
            way: statistics.median(plain.all_cpu_seconds / one.all_cpu_seconds for one, plain in pairs)
            for way, pairs in found.items()
        }
        for way, ratio in ratios.items():
            print(f"{way:<20} {ratio:.2f} of one UPDATE per CPU second", flush=True)
        peak = memory_of_a_run(running.dsn)
    faster = ratios["batches of 5,000"] / ratios["trigger and flag"]
    goals = {
        f"batches of 5,000 rows: {ratios['batches of 5,000']:.2f} of one UPDATE per CPU second >= 0.95": (
            ratios["batches of 5,000"] >= 0.95
        ),
        f"batches of 1,000 rows: {ratios['batches of 1,000']:.2f} of one UPDATE per CPU second >= 0.80": (
            ratios["batches of 1,000"] >= 0.80
        ),
        f"{faster:.2f} times as cheap as trigger and flag >= 1.70": faster >= 1.70,
        f"last 5 % of the table cost {last:.2f} of the first <= 1.20": last <= 1.20,
        f"peak memory of `migrasafe backfill run`: {peak:.0f} MB < 64 MB": peak < 64,
    }
    for goal, is_met in goals.items():
        print(("met:    " if is_met else "MISSED: ") + goal)
    return 0 if all(goals.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
