"""What a backfill costs in CPU seconds per row, client and server together, beside what people would do instead.

    python benchmarks/backfill.py [--rows 5000000] [--segment 50000] [--pairs 15]

Exit status 1 when a goal is missed.

A table with three indexes is made on a server of this machine. Each way works on a segment of its own, right after or right
before one plain UPDATE works on the next: the ratio of a pair does not feel what else the machine does. 1.00 is as cheap as
the plain UPDATE. At the end: the last part of a table against the first, and the memory of `migrasafe backfill run`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from migrasafe.backfill.job import jobs, shards
from migrasafe.backfill.job.file import JobFile
from migrasafe.backfill.job.spec import Spec
from migrasafe.backfill.link import Link, open_link
from migrasafe.backfill.start import start_job
from migrasafe.backfill.walk.places import place_of
from migrasafe.backfill.walk.walker import Walker
from migrasafe.postgres.server.find import find_server
from migrasafe.postgres.server.local import LocalServer

TABLE = """
CREATE TABLE t (id bigint PRIMARY KEY, a int, created_at timestamptz, payload text, b bigint, flag boolean DEFAULT true);
INSERT INTO t SELECT i, hashint4(i), now() - i * interval '1 s', md5(i::text) || md5(i::text), NULL, true
FROM generate_series(1, {rows}) AS i;
CREATE INDEX ON t (a); CREATE INDEX ON t (created_at); VACUUM ANALYZE t; CHECKPOINT;
"""
FUNCTION = """
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    id t.id%TYPE := NEW.id; a t.a%TYPE := NEW.a; created_at t.created_at%TYPE := NEW.created_at;
    payload t.payload%TYPE := NEW.payload; b t.b%TYPE := NEW.b; flag t.flag%TYPE := NEW.flag;
    path text;
BEGIN
    SELECT s INTO path FROM current_setting('search_path') AS s;
    IF path <> 'of the new version' THEN
        NEW.b := a::bigint * 2 + 1; NEW.flag := false;
    END IF;
    RETURN NEW;
END $$;
"""
SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "8GB", "full_page_writes": "on", "synchronous_commit": "on"}
SPEC = Spec(table="t", set="b = a::bigint * 2 + 1", where="b IS NULL")
FLAGGED = """
WITH batch AS (SELECT id FROM t WHERE id > {low} AND id <= {high} AND flag ORDER BY id LIMIT 1000 FOR NO KEY UPDATE),
changed AS (UPDATE t SET id = t.id FROM batch WHERE t.id = batch.id RETURNING t.id)
SELECT max(id) FROM changed
"""
TICK = os.sysconf("SC_CLK_TCK")
Way = Callable[[Link, int, int], None]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def cost(link: Link, way: Way, low: int, high: int) -> float:
    """CPU seconds of our process and of the backend for one segment."""
    backend, own = cpu_seconds(link.session.login_pid), time.process_time()
    way(link, low, high)
    return cpu_seconds(link.session.login_pid) - backend + time.process_time() - own


def plain(link: Link, low: int, high: int) -> None:
    link.session.script(f"UPDATE t SET b = a::bigint * 2 + 1 WHERE b IS NULL AND id > {low} AND id <= {high}")


def batches(link: Link, rows: int, job_name: str) -> Way:
    """Our own batches, with their fence, checkpoint and the bound of the next."""
    job = jobs.find_job(link.session, job_name)
    who = shards.Claimant(job_id=job.id, token=job.uuid, owner="benchmark", lease_seconds=600)
    link.session.script("UPDATE migrasafe.backfill_shard SET is_done = false")
    shard = shards.claim(link.session, who, takeover=True)
    assert shard is not None
    place = place_of(link, job, shard.rel, shard.filenode, job.uuid)

    def way(link: Link, low: int, high: int) -> None:
        now = shards.look_again(link.session, job.id, shard.no, job.uuid)
        assert now is not None
        part = replace(now, lo=(str(low),), hi=(str(high),), cursor=None)
        walker = Walker(link.session, place, part)
        while not walker.is_done:
            walker.step(rows)

    return way


def flagged(link: Link, low: int, high: int) -> None:
    """A flag column and a BEFORE trigger with a variable for each column, batches of 1,000: the shape of pgroll's backfill."""
    link.session.script("CREATE TRIGGER fill BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION fill()")
    while (last := link.session.rows(FLAGGED.format(low=low, high=high))[0][0]) is not None:
        low = last
    link.session.script("DROP TRIGGER fill ON t")


def compare(link: Link, ways: dict[str, Way], segment: int, pairs: int, rows: int) -> dict[str, float]:
    """The median over pairs of (cost of the plain UPDATE / cost of each way)."""
    ratios: dict[str, list[float]] = {name: [] for name in ways}
    at = 0
    for pair in range(pairs):
        for name, way in ways.items():
            both = [(way, at), (plain, at + segment)]
            at += 2 * segment
            assert at <= rows, "not enough rows for so many pairs"
            taken = {
                is_plain: cost(link, one, low, low + segment)
                for is_plain, (one, low) in sorted(enumerate(both), reverse=bool(pair % 2))
            }
            ratios[name].append(taken[1] / taken[0])
    return {name: statistics.median(found) for name, found in ratios.items()}


def ends(link: Link, way: Way, rows: int, segment: int, pairs: int) -> float:
    """What a row of the last twentieth costs against one of the first, the median over pairs of segments.

    Nothing between the two was changed, as in a walk that has come to its end with all of it before the last part.
    """
    segment = min(segment, rows // 20 // pairs)
    ratios = []
    for pair in range(pairs):
        first, last = pair * segment, rows - rows // 20 + pair * segment
        order = (first, last) if pair % 2 else (last, first)
        taken = {low: cost(link, way, low, low + segment) for low in order}
        ratios.append(taken[last] / taken[first])
    return statistics.median(ratios)


def memory_of_a_run(dsn: str) -> float:
    """Peak memory of `migrasafe backfill run` over the whole table, in MB."""
    options = "--name memory --batch-rows 20000 --max-active-sessions off --max-commit-time off --quiet"
    command = [
        sys.executable,
        "-m",
        "migrasafe",
        "backfill",
        "run",
        "--table",
        "t",
        "--set",
        "b = b + 1",
        *options.split(),
    ]
    process = subprocess.Popen(command, env={**os.environ, "MIGRASAFE_DSN": dsn}, stdout=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        lines = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines()
        peak = max([peak, *(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))])
        time.sleep(0.2)
    assert process.returncode == 0
    return peak / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description="Cost of a backfill beside one UPDATE.")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--segment", type=int, default=50_000)
    parser.add_argument("--pairs", type=int, default=15)
    options = parser.parse_args()
    server = find_server()
    assert isinstance(server, LocalServer)
    with replace_settings(server).start() as running:
        link = open_link(running.dsn, "migrasafe benchmark")
        print(f"PostgreSQL {running.description}, {options.rows:,} rows", flush=True)
        for statement in (*TABLE.format(rows=options.rows).split(";"), FUNCTION):
            if statement.strip():
                link.session.script(statement)
        name = start_job(running.dsn, JobFile(spec=SPEC, name="benchmark", settings={}), lambda event: None, settings={},
                         restart=False, allow_seq_scan=False, dry_run=False)  # fmt: skip
        assert name is not None
        with_checkpoint = batches(link, 5000, name)
        last = ends(link, with_checkpoint, options.rows, options.segment, options.pairs)
        ways = {
            "batches of 5,000": with_checkpoint,
            "batches of 1,000": batches(link, 1000, name),
            "trigger and flag": flagged,
        }
        link.session.script("UPDATE t SET b = NULL WHERE b IS NOT NULL")
        link.session.script("VACUUM t")
        ratios = compare(link, ways, options.segment, options.pairs, options.rows)
        for way, ratio in ratios.items():
            print(f"{way:<20} {ratio:.2f} of one UPDATE per CPU second", flush=True)
        link.session.close()
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


def replace_settings(server: LocalServer) -> LocalServer:
    """The server as it is measured."""
    return LocalServer(binaries=server.binaries, settings=SETTINGS, parent=server.parent)


if __name__ == "__main__":
    sys.exit(main())
