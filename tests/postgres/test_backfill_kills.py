"""kill -9 of the client, the backend and the server, and a failover: each row is changed once, and nobody lends a hand."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from migrasafe.errors import ServerError
from migrasafe.postgres.server.find import choose_server
from migrasafe.postgres.server.local import LocalServer
from tests.postgres.backfills import backfill
from tests.postgres.clusters import Cluster, eventually
from tests.postgres.servers import SERVERS

pytestmark = pytest.mark.postgres

COMMAND = ("run", "--table", "t", "--set", "n = n + 1")
AT_WORK = 0.8
"""The share of the kills that wait until the client is at work; the others hit it while it begins, too."""
SESSIONS = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'migrasafe backfill t%' AND backend_type = 'client backend'"


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    server = choose_server(request.config.stash[SERVERS])
    assert isinstance(server, LocalServer), "servers that are killed are started from programs on this machine"
    made = Cluster(server, {"autovacuum": "off"})
    try:
        yield made
    finally:
        made.stop()


class Client:
    """`migrasafe backfill run`, begun again whenever it is gone: what a service manager does."""

    def __init__(self, dsn: str, log: Path, *options: str) -> None:
        self._dsn, self._log, self._options = dsn, log, options
        self.begun = 0
        self.process = self._begin()

    def _begin(self) -> subprocess.Popen[bytes]:
        self.begun += 1
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "migrasafe", "backfill", *COMMAND, *self._options],
                env={**os.environ, "MIGRASAFE_DSN": self._dsn},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process = self._begin()

    def change(self, *options: str) -> None:
        """With which options it is begun from now on."""
        self._options = options

    def is_done(self) -> bool:
        """Whether it ended with the job; one that ended otherwise, without a server, is begun again."""
        status = self.process.poll()
        if status == 0:
            return True
        if status is not None:
            assert status == 2, self.said()  # no server at the first connect
            self.process = self._begin()
        return False

    def said(self) -> str:
        return self._log.read_text(errors="replace")


def sessions(cluster: Cluster) -> list[int]:
    """The server processes that work for the client; none while the server is on its way up again."""
    with suppress(ServerError, psycopg.OperationalError):
        return [int(str(pid)) for (pid,) in cluster.primary.execute(SESSIONS)]
    return []


def takes_sessions(cluster: Cluster) -> bool:
    """Whether the server is back, when a process of it was killed."""
    with suppress(ServerError, psycopg.OperationalError):
        return cluster.primary.execute("SELECT true") == [(True,)]
    return False


def torment(cluster: Cluster, client: Client, kills: int, rng: random.Random) -> Counter[str]:
    """Kill at random until so many were killed, or the job is done."""
    killed: Counter[str] = Counter()
    while killed.total() < kills and not client.is_done():
        if rng.random() < AT_WORK:
            eventually(lambda: sessions(cluster) or client.is_done(), "the client is at work")
        time.sleep(rng.uniform(0.0, 0.5))
        whom = rng.choices(["client", "backend", "server"], [4, 4, 1])[0]
        if whom == "client":
            client.kill()
        elif whom == "backend":
            pids = sessions(cluster)
            if not pids:
                continue
            with suppress(ProcessLookupError):
                os.kill(rng.choice(pids), signal.SIGKILL)
        else:
            cluster.primary.stop(signal.SIGKILL)
            cluster.primary.start()
        killed[whom] += 1
    return killed


def each_row_was_changed_once(cluster: Cluster, rows: int) -> bool:
    counts = cluster.primary.execute("SELECT n, count(*) FROM t GROUP BY n ORDER BY n")
    assert counts == [(1, rows)]
    changed = cluster.primary.execute("SELECT sum(rows_changed), sum(rows_walked) FROM migrasafe.backfill_shard")
    assert changed == [(rows, rows)]
    return True


def make_table(cluster: Cluster, rows: int) -> None:
    cluster.primary.execute(
        f"CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL DEFAULT 0); INSERT INTO t SELECT generate_series(1, {rows}); ANALYZE t"
    )


def test_nothing_is_lost_or_doubled_by_kills(cluster, tmp_path):
    rows = 300_000
    make_table(cluster, rows)
    client = Client(cluster.primary.dsn, tmp_path / "log", "--batch-rows", "50", "--nice", "0.8")
    killed = torment(cluster, client, 6, random.Random(5))
    assert killed.total() == 6, f"the job was done after {killed}: {client.said()}"
    client.process.terminate()
    client.process.wait()
    eventually(lambda: takes_sessions(cluster), "the server is up again")
    done = subprocess.run(
        [sys.executable, "-m", "migrasafe", "backfill", "run", "t.n", "--batch-rows", "5000", "--nice", "0"],
        env={**os.environ, "MIGRASAFE_DSN": cluster.primary.dsn},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert each_row_was_changed_once(cluster, rows)


@pytest.mark.soak
def test_nothing_is_lost_or_doubled_by_hundreds_of_kills(cluster, tmp_path, record_property):
    rows = 1_000_000
    make_table(cluster, rows)
    client = Client(cluster.primary.dsn, tmp_path / "log", "--batch-rows", "100", "--nice", "0.5")
    killed = torment(cluster, client, 220, random.Random())
    faster = [sys.executable, "-m", "migrasafe", "backfill", "set", "t.n", "batch_rows=5000", "nice=0"]
    client.change("--batch-rows", "5000", "--nice", "0")
    subprocess.run(faster, env={**os.environ, "MIGRASAFE_DSN": cluster.primary.dsn}, check=True)
    eventually(client.is_done, "the job is done", within_seconds=1200)
    record_property("killed", f"{dict(killed)}, begun {client.begun} times")
    assert killed.total() >= 200, killed
    assert each_row_was_changed_once(cluster, rows)


def test_a_failover_is_survived_without_a_hand(cluster, tmp_path):
    rows = 200_000
    replica = cluster.add_replica("r1")
    make_table(cluster, rows)
    both = f"host={cluster.primary.data.parent},{replica.data.parent} port=5432,5432 user=postgres dbname=postgres"
    client = Client(both, tmp_path / "log", "--batch-rows", "100", "--nice", "0.8")
    has_table = "SELECT to_regclass('migrasafe.backfill_shard') IS NOT NULL"
    eventually(lambda: cluster.primary.execute(has_table)[0][0], "it begins")
    eventually(lambda: cluster.primary.execute("SELECT count(*) > 4000 FROM t WHERE n = 1")[0][0], "batches are done")
    cluster.wait_until_replayed("r1")
    former = cluster.primary
    former.stop(signal.SIGKILL)
    replica.promote()
    cluster.primary = replica
    eventually(lambda: "timeline 00000001 → 00000002" in client.said(), "the failover is followed")
    former.start()  # the first host of the dsn takes writes again, on the timeline of before
    try:
        replica.execute(f"SELECT pg_terminate_backend(pid) FROM ({SESSIONS}) AS sessions")
        eventually(lambda: "it is the primary from before a failover" in client.said(), "the way back is not taken")
    finally:
        former.stop(signal.SIGKILL)
    assert backfill(replica.dsn, "set", "t.n", "nice=0", "batch_rows=5000").status == 0
    eventually(client.is_done, "the job is done")
    assert "the server was replaced: timeline 00000001 → 00000002" in client.said()
    assert each_row_was_changed_once(cluster, rows)
