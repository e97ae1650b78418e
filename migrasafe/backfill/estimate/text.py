"""An estimate as people read it."""

from __future__ import annotations

from migrasafe.backfill.estimate.estimate import Estimate, share_said
from migrasafe.quantities import say_bytes, say_count, say_seconds


def lines_of(made: Estimate) -> list[str]:
    """The estimate for people, a line each."""
    found = [
        f"rows      {made.rows:,}, of which {_about(made.rows_wanted)} ({share_said(made.rows_wanted, made.rows)}) want the change",
        f"batches   about {made.batches:,} of {say_count(made.batch_rows, 'row')}",
        f"HOT       {_hot(made)}",
        f"log       {say_bytes(made.wal_bytes)}"
        + (f", {made.wal_bytes / made.rows_wanted:,.0f} bytes a row" if made.rows_wanted else ""),
    ]
    if made.is_copy:
        found.append(f"target    grows by about {say_bytes(made.heap_growth)}, and its indexes with it")
    else:
        vacuumed = f"; with vacuum_every=20% by about {say_bytes(made.heap_growth_vacuumed)}"
        found += [
            f"heap      {say_bytes(made.heap_bytes)}, grows by about {say_bytes(made.heap_growth)}"
            + (vacuumed if made.heap_growth_vacuumed < made.heap_growth else ""),
            f"indexes   {say_bytes(made.index_bytes)}, grow by about {say_bytes(made.index_growth)}",
        ]
    if made.seconds is None or made.seconds_slowest is None:
        found.append("time      not known without a try: --try runs a few batches and rolls them back")
    else:
        quick, slow = say_seconds(made.seconds), say_seconds(made.seconds_slowest)
        found.append(
            f"time      about {quick if quick == slow else f'{quick} to {slow}'} at full speed, longer where the throttle slows "
            "it down"
        )
    for name, seconds in made.replica_seconds:
        verdict = "keeps up with full speed" if seconds is None else f"about {say_seconds(seconds)} at its rate"
        found.append(f"replica   {name}: {verdict}")
    found += [
        f"replica   {name}: replays nothing now, and the backfill would wait for it" for name in made.replicas_still
    ]
    return found


def _hot(made: Estimate) -> str:
    if made.is_copy:
        return "does not apply to a copy"
    if made.hot_blocked_by:
        return f"none: {', '.join(made.hot_blocked_by)} {'hold' if len(made.hot_blocked_by) > 1 else 'holds'} a changed column"
    return f"about {made.hot_share:.0%} of the updates write to no index"


def _about(number: int) -> str:
    return f"about {number:,}"
