"""What the throttle benchmarks share: a table on a primary with a replica, an observer of lag, and running a backfill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from migrasafe.postgres.connect import Connection, connect, run  # run as a script, from anywhere
from migrasafe.postgres.server.find import available_servers, choose_server
from migrasafe.postgres.server.local import LocalServer
from tests.postgres.clusters import Cluster

OBSERVE_EVERY_SECONDS = 0.02


@contextmanager
def cluster_with_table(rows: int, *, replica: bool, major: int | None = None) -> Iterator[Cluster]:
    """A primary with table `big` of so many rows (three indexes), and with a replica r1 that has them, too."""
    server = choose_server(available_servers(), major)
    if not isinstance(server, LocalServer):
        sys.exit("the benchmark needs the programs of PostgreSQL on this machine: run make servers")
    cluster = Cluster(server, {"autovacuum": "off", "shared_buffers": "512MB", "checkpoint_timeout": "1h"})
    try:
        if replica:
            cluster.add_replica("r1")
        cluster.primary.execute(
            "CREATE TABLE big AS SELECT i::bigint AS id, (random() * 1e9)::int AS a, now() AS created_at,"
            f" md5(i::text) || '0123456789abcdef' AS payload, 0 AS n FROM generate_series(1, {rows}) i"
        )
        cluster.primary.execute("ALTER TABLE big ADD PRIMARY KEY (id), ALTER n SET DEFAULT 0")
        cluster.primary.execute("CREATE INDEX ON big (a)")
        cluster.primary.execute("CREATE INDEX ON big (created_at)")
        settle(cluster)
        yield cluster
    finally:
        cluster.stop()


def settle(cluster: Cluster) -> None:
    """Clean up behind the last run, so that the next one begins as it did."""
    cluster.primary.execute("VACUUM ANALYZE big")
    cluster.primary.execute("CHECKPOINT")
    for name in cluster.replicas:
        cluster.wait_until_replayed(name)


def run_backfill(cluster: Cluster, number: int, seconds: float, options: Sequence[str] = ()) -> int:
    """`migrasafe backfill run`, ended by SIGTERM after so many seconds at the latest; the rows it changed."""
    name = f"job{number}"
    command = [
        sys.executable, "-m", "migrasafe", "backfill", "run", "--dsn", cluster.primary.dsn, "--table", "big",
        "--set", f"n = {number}", "--where", f"n IS DISTINCT FROM {number}", "--name", name, *options,
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=_environment())
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate()
    if process.returncode != 0:
        sys.exit(f"migrasafe backfill run failed:\n{output}")
    rows = cluster.primary.execute(
        "SELECT sum(rows_changed) FROM migrasafe.backfill_shard JOIN migrasafe.backfill_job USING (job_id) WHERE name = %s",
        name,
    )
    return int(str(rows[0][0]))


def seconds_since_start(cluster: Cluster, number: int) -> float:
    """How long ago a backfill began to work: what the command needs to come up and to check the job does not count."""
    seconds = cluster.primary.execute(
        "SELECT extract(epoch FROM clock_timestamp() - started_at)::float8 FROM migrasafe.backfill_job WHERE name = %s",
        f"job{number}",
    )
    return float(str(seconds[0][0]))


def run_batches(
    cluster: Cluster, number: int, seconds: float, batch_rows: int, may_run: Callable[[], bool] = lambda: True
) -> int:
    """Plain batches by key, as a script has them, each when `may_run` says so; the rows they changed."""
    ends, cursor = time.monotonic() + seconds, 0
    with connect(cluster.primary.dsn, application_name="script") as session:
        last = int(run(session, "SELECT max(id) FROM big")[0][0])
        while time.monotonic() < ends and cursor < last:
            if may_run():
                run(session, f"UPDATE big SET n = {number} WHERE id > {cursor} AND id <= {cursor + batch_rows}")
                cursor += batch_rows
            else:
                time.sleep(0.01)
    return min(cursor, last)


class LagObserver(threading.Thread):
    """Measures the true lag of a replica: since when the primary's log has been longer than what the replica has replayed."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        super().__init__(daemon=True)
        self._primary: Connection = cluster.primary.connect("observer")
        self._replica: Connection = cluster.replicas[name].connect("observer")
        self._looks: list[tuple[float, int]] = []
        self._ends = threading.Event()
        self.lags: list[float] = []
        self.backlog_bytes = 0

    def run(self) -> None:
        while not self._ends.wait(OBSERVE_EVERY_SECONDS):
            end, now = int(run(self._primary, "SELECT (pg_current_wal_lsn() - '0/0')::bigint")[0][0]), time.monotonic()
            at = int(run(self._replica, "SELECT (pg_last_wal_replay_lsn() - '0/0')::bigint")[0][0])
            self._looks.append((now, end))
            after = bisect_right(self._looks, at, key=itemgetter(1))
            self.backlog_bytes = max(0, end - at)
            self.lags.append(now - self._looks[after][0] if after < len(self._looks) else 0.0)

    def drained(self) -> float:
        """Wait until the replica has replayed everything; the seconds that took."""
        began = time.monotonic()
        while self.backlog_bytes > 1000:
            time.sleep(OBSERVE_EVERY_SECONDS)
        return time.monotonic() - began

    def end(self) -> None:
        self._ends.set()
        self.join()
        self._primary.close()
        self._replica.close()


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def _environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[1])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))}
