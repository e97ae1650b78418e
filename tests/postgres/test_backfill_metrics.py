"""`migrasafe backfill run --metrics-port`: what Prometheus sees while a job runs."""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.postgres.backfills import SAME_SIZE, backfill, start_backfill, until
from tests.postgres.servers import Database

FILL = (
    "--table",
    "t",
    "--set",
    "n = 1",
    "--where",
    "n IS NULL",
    "--name",
    "fill",
    "--batch-rows",
    "10",
    "--nice",
    "0.9",
)


@pytest.fixture
def table(database: Database) -> Iterator[Database]:
    database.execute("CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT generate_series(1, 100000)")
    yield database


def test_metrics_of_the_job_and_its_worker_are_served_while_it_runs(table: Database) -> None:
    undisturbed = ("--setting", "max_commit_time=off", "--setting", "max_active_sessions=off", *SAME_SIZE)
    process = start_backfill(table.dsn, "run", *FILL, *undisturbed, "--metrics-port", "127.0.0.1:0")
    try:
        assert process.stdout is not None
        port = next(
            match[1] for line in process.stdout if (match := re.search(r"metrics at http://127.0.0.1:(\d+)/", line))
        )

        def samples() -> dict[str, float]:
            with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                text = answer.read().decode()
            families = list(text_string_to_metric_families(text))
            names = [family.name for family in families]
            assert len(names) == len(set(names))
            return {sample.name: sample.value for family in families for sample in family.samples}

        # What the database counts and what the worker counts is there one after the other.
        for name in ("rows_changed_total", "worker_rows_changed_total", "batch_seconds_count"):
            until(lambda name=name: samples().get(f"migrasafe_backfill_{name}", 0) > 0, f"{name} counts")
        found = samples()
        assert found["migrasafe_backfill_database_up"] == 1
        assert found["migrasafe_backfill_batch_rows"] == 10
        assert found["migrasafe_backfill_duty"] == pytest.approx(0.1)
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"http://127.0.0.1:{port}/", timeout=10)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_port_that_is_taken_is_one_sentence_and_nothing_runs(table: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = backfill(table.dsn, "run", *FILL, "--metrics-port", f"127.0.0.1:{port}")
    assert said.status == 2
    assert f"--metrics-port: cannot listen at 127.0.0.1:{port}: Address already in use" in said.output
    assert table.execute("SELECT count(*) FROM t WHERE n IS NOT NULL") == [(0,)]
