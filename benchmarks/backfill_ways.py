"""Ways to change the rows of a large table, and what a segment of it costs by each, client and server together.

A table with three indexes is made on a server of this machine. Each way works on a segment of its own, right after or right
before one plain UPDATE works on the next: the ratio of a pair does not feel what else the machine does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from measured import Measured
from msgspec.structs import replace
from servers import cpu_seconds, server

from migrasafe.backfill.job import jobs, shards
from migrasafe.backfill.job.file import JobFile
from migrasafe.backfill.job.spec import Spec
from migrasafe.backfill.link import Link, open_link
from migrasafe.backfill.start import start_job
from migrasafe.backfill.walk.places import place_of
from migrasafe.backfill.walk.walker import Walker
from migrasafe.postgres.server.running import RunningServer

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
Way = Callable[[Link, int, int], None]
Pair = tuple[Measured, Measured]
"""A way on a segment, and the plain UPDATE on another."""


@contextmanager
def large_table(rows: int) -> Iterator[tuple[RunningServer, Link, str]]:
    """A server with the table, a link to it, and the name of a job that has begun. Raises ServerError where there is no server."""
    with server(SETTINGS) as running:
        link = open_link(running.dsn, "migrasafe benchmark")
        for statement in (*TABLE.format(rows=rows).split(";"), FUNCTION):
            if statement.strip():
                link.session.script(statement)
        name = start_job(running.dsn, JobFile(spec=SPEC, name="benchmark", settings={}), lambda event: None, settings={},
                         restart=False, allow_seq_scan=False, dry_run=False)  # fmt: skip
        assert name is not None
        try:
            yield running, link, name
        finally:
            link.session.close()


def cost(link: Link, way: Way, low: int, high: int) -> Measured:
    """What our process and the backend use for one segment."""
    backend, own, start = cpu_seconds(link.session.login_pid), time.process_time(), time.perf_counter()
    way(link, low, high)
    return Measured(
        cpu_seconds=time.process_time() - own,
        server_cpu_seconds=cpu_seconds(link.session.login_pid) - backend,
        wall_seconds=time.perf_counter() - start,
    )


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


def compare(link: Link, ways: Mapping[str, Way], segment: int, pairs: int, rows: int) -> dict[str, list[Pair]]:
    """Each way beside the plain UPDATE, so many pairs of each, every second one the other way round."""
    found: dict[str, list[Pair]] = {name: [] for name in ways}
    at = 0
    for pair in range(pairs):
        for name, way in ways.items():
            both = [(way, at), (plain, at + segment)]
            at += 2 * segment
            assert at <= rows, "not enough rows for so many pairs"
            taken = {
                is_plain: cost(link, one, low, low + segment)
                for is_plain, (one, low) in sorted(enumerate(both), key=lambda one: one[0], reverse=bool(pair % 2))
            }
            found[name].append((taken[0], taken[1]))
    return found
