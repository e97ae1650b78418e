"""What a backfill costs, beside one UPDATE of the same rows, which is the least that any way can cost."""

from __future__ import annotations

import shutil
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from backfill_ways import Pair, batches, compare, flagged, large_table
from measured import tool
from servers import server_clock
from turns import Bench, Compared

from migrasafe.backfill.link import Link
from migrasafe.errors import ServerError
from migrasafe.postgres.server.running import RunningServer

NOTES = """\
The table has three indexes. *One UPDATE* changes all rows of a segment in one statement and one transaction, and holds their locks
until its end: the least that any way can cost. *Trigger and flag* is a flag column and a BEFORE trigger, in batches of 1,000 rows,
the shape of pgroll's backfill. Segments are measured within one process, without a peak; the last row is the command, on the whole
table, beside psql: with its start, its plan, its looks at the load between batches."""
WAYS = 3


def backfill_costs(bench: Bench, *, rows: int) -> Iterator[Compared]:
    try:
        with large_table(rows) as (running, link, job):
            yield from _segments(bench, link, job, rows)
            yield _the_command(bench, running, link, rows)
    except ServerError as error:
        print(error, file=sys.stderr)
        yield Compared(what=f"backfill of {rows:,} rows", ours=(), beside="one UPDATE, on a server")


def _segments(bench: Bench, link: Link, job: str, rows: int) -> Iterator[Compared]:
    ways = {
        "batches of 5,000": batches(link, 5_000, job),
        "batches of 1,000": batches(link, 1_000, job),
        "trigger and flag": flagged,
    }
    turns = bench.rounds + 1  # the first of each is thrown away: it writes pages that were never written to
    segment = rows // (2 * WAYS * turns)
    for name, (_, *pairs) in compare(link, ways, segment, turns, rows).items():
        row = _compared(name, pairs, segment)
        print(row.row(with_server=True), flush=True)
        yield row


def _compared(name: str, pairs: Sequence[Pair], segment: int) -> Compared:
    ours, theirs = zip(*pairs, strict=True)
    return _with_rates(Compared(what=name, ours=ours, beside="one UPDATE", theirs=theirs), segment)


def _with_rates(compared: Compared, rows: int) -> Compared:
    what, beside = (
        f"{words}, {rows / statistics.median(run.wall_seconds for run in runs):,.0f} rows/s" if runs else words
        for words, runs in ((compared.what, compared.ours), (compared.beside, compared.theirs))
    )
    return replace(compared, what=what, beside=beside)


def _the_command(bench: Bench, running: RunningServer, link: Link, rows: int) -> Compared:
    psql = shutil.which("psql")
    change = "b = coalesce(b, 0) + 1"
    run = [tool("migrasafe") or "migrasafe", "backfill", "run", "--table", "t", "--set", change, "--name", "whole"]
    run += ["--batch-rows", "5000", "--max-active-sessions", "off", "--max-commit-time", "off", "--quiet"]
    update = [psql, "-qX", "-d", running.dsn, "-c", f"UPDATE t SET {change}"] if psql else None

    def as_before() -> None:
        for statement in ("DROP SCHEMA migrasafe CASCADE", "CREATE SCHEMA migrasafe", "VACUUM t", "CHECKPOINT"):
            link.session.script(statement)

    watching = replace(bench, server_clock=server_clock(running))
    what, environment = f"migrasafe backfill run, {rows:,} rows", {"MIGRASAFE_DSN": running.dsn}
    (compared,) = watching.compare(
        what, run, {"psql, one UPDATE": update}, before_each=as_before, environment=environment, is_long=True
    )
    return _with_rates(compared, rows)
