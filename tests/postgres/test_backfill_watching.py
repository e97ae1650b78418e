"""The live screen, the report, and state tables of an older release."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from fcntl import ioctl
from html.parser import HTMLParser

import pytest

from migrasafe.backfill.progress.history import KEPT_SAMPLES, MOST_SAMPLES, samples, thin_samples
from migrasafe.backfill.queries import query
from migrasafe.postgres.scripts import open_session
from tests.postgres.backfills import backfill, start_backfill, until

ROWS = 2000
RUN = ("run", "--table", "t", "--set", "n = n + 1", "--batch-rows", "50")


@pytest.fixture
def table(database):
    database.execute(
        f"CREATE TABLE t (id int PRIMARY KEY, n int DEFAULT 0); INSERT INTO t SELECT generate_series(1, {ROWS})"
    )
    return database


class Page(HTMLParser):
    """Which tags and attributes a page has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def report(dsn: str, tmp_path) -> str:
    said = backfill(dsn, "report", "t.n", "-o", str(tmp_path / "r.html"))
    assert said.output == f"t.n: report written to {tmp_path / 'r.html'}\n"
    return (tmp_path / "r.html").read_text()


def test_watching_without_a_terminal_prints_a_line_each_time_and_ends_with_the_job(table):
    with table.connect() as other:  # it is not done before the first line is there
        other.execute("BEGIN")
        other.execute(f"SELECT FROM t WHERE id = {ROWS} FOR UPDATE")
        worker = start_backfill(table.dsn, *RUN, "--lock-timeout", "50s", "--statement-timeout", "60s")
        until(lambda: table.execute("SELECT to_regclass('migrasafe.backfill_worker') IS NOT NULL")[0][0], "it begins")
        until(lambda: table.execute("SELECT count(*) FROM migrasafe.backfill_worker")[0][0], "it works")
        watching = start_backfill(table.dsn, "status", "--watch", "--every", "200ms")
        assert watching.stdout is not None
        first = watching.stdout.readline()
        other.execute("COMMIT")
    worker.communicate()
    rest, _ = watching.communicate(timeout=60)
    lines = [first.rstrip("\n"), *rest.splitlines()]
    assert watching.returncode == 0
    assert len(lines) >= 2
    assert all(re.match(r"\d\d:\d\d:\d\d t\.n: ", line) for line in lines)
    assert re.search(rf"t\.n: done [\d.]+ m?s ago 100\.0%; {ROWS:,} rows walked", lines[-1])
    last = json.loads(backfill(table.dsn, "status", "t.n", "--watch", "--format", "json").output)
    assert (last["status"], last["last_events"][-1]["kind"]) == ("done", "done")


@pytest.mark.parametrize("columns", [80, 200])
def test_watching_on_a_terminal_draws_a_screen_of_its_width(table, columns):
    assert backfill(table.dsn, *RUN).status == 0
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    command = [sys.executable, "-m", "migrasafe", "backfill", "status", "t.n", "--watch", "--every", "100ms"]
    environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
    with subprocess.Popen(
        command, stdout=theirs, env={**environment, "MIGRASAFE_DSN": table.dsn, "TERM": "xterm"}
    ) as process:
        os.close(theirs)
        seen = _read_all(ours)
    assert process.returncode == 0
    lines = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in re.split(r"[\r\n]+", seen)]
    assert max(map(len, lines)) <= columns
    assert any(line.startswith("t.n done") for line in lines)
    assert "last events" in seen


def test_the_end_of_a_watch_is_not_the_end_of_the_job(table):
    assert backfill(table.dsn, "init").status == 0
    worker = start_backfill(table.dsn, *RUN, "--batch-rows", "1", "--nice", "0.9")
    until(lambda: table.execute("SELECT count(*) FROM migrasafe.backfill_worker")[0][0], "it works")
    watching = start_backfill(table.dsn, "status", "t.n", "--watch", "--every", "100ms")
    assert watching.stdout is not None
    assert watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    watching.communicate(timeout=60)
    assert watching.returncode == 0
    assert worker.poll() is None
    assert backfill(table.dsn, "pause", "t.n").status == 0
    until(lambda: "paused for" in backfill(table.dsn, "status", "t.n").output, "it is paused")
    shown = backfill(table.dsn, "status", "t.n").output
    assert "It stays so until `migrasafe backfill resume t.n`." in shown
    worker.kill()
    worker.communicate()


def test_a_report_needs_nothing_but_itself_and_shows_what_happened(table, tmp_path):
    table.execute("ALTER TABLE t ADD CHECK (id <> 77 OR n = 0)")
    assert backfill(table.dsn, *RUN, "--max-dead-rows", "3").status == 1
    assert backfill(table.dsn, "set", "t.n", "nice=0.5").status == 0
    text = report(table.dsn, tmp_path)
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.found}
    assert not [attrs for _, attrs in page.found if {"src", "href", "onload"} & attrs.keys()]
    assert "http" not in text.replace("http-equiv", "")
    assert len([tag for tag, _ in page.found if tag == "svg"]) == 5
    drawn = [attrs["d"] for tag, attrs in page.found if tag == "path" and (attrs["class"] or "").startswith("line")]
    assert any(path and path.startswith("M0.0") for path in drawn), "rows per second of the only sample"
    assert "nice = 0.5 (was 0)" in text
    assert "row (77) cannot be changed and is set aside" in text
    assert "prefers-color-scheme: dark" in text and "@media print" in text


def test_a_report_escapes_what_people_wrote(database, tmp_path):
    database.execute('CREATE TABLE "<b>T</b>" (id int PRIMARY KEY, n text); INSERT INTO "<b>T</b>" SELECT 1')
    job = ("run", "--table", '"<b>T</b>"', "--set", "n = '<script>alert(1)</script>'", "--name", "t.n")
    assert backfill(database.dsn, *job).status == 0
    tags = {tag for tag, _ in Page(report(database.dsn, tmp_path)).found}
    assert not {"script", "t"} & tags


def test_a_report_that_cannot_be_written_is_one_sentence(table, tmp_path):
    assert backfill(table.dsn, *RUN).status == 0
    said = backfill(table.dsn, "report", "t.n", "-o", str(tmp_path / "none" / "r.html"))
    assert said.status == 2
    assert "cannot be written: No such file or directory" in said.output


def test_state_tables_of_version_1_are_brought_up_to_date_and_their_jobs_go_on(each_major, database, tmp_path):
    database.execute(f"CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT generate_series(1, {ROWS})")
    assert backfill(database.dsn, *RUN, "--where", "n IS NULL").status == 0
    _go_back_to_version_1(database)
    assert "done" in backfill(database.dsn, "status", "t.n").output
    assert "<svg" in report(database.dsn, tmp_path), "an old job is reported before anybody has upgraded"
    database.execute("UPDATE migrasafe.backfill_job SET status = 'paused', pause_kind = 'stop'")
    said = backfill(database.dsn, "init", "--sql", "--dsn", database.dsn)
    assert "ADD COLUMN began_at" in said.output and "CREATE TABLE" not in said.output
    assert backfill(database.dsn, "run", "t.n").status == 0
    assert database.execute("SELECT array_agg(version ORDER BY version) FROM migrasafe.backfill_version") == [
        ([1, 2, 3],)
    ]
    database.execute(query("samples_thin", job_id=1, most=0, keep=1, lock_key=1))
    assert database.execute("SELECT sum(rows_walked) FROM migrasafe.backfill_sample") == [(ROWS,)]
    assert "<svg" in report(database.dsn, tmp_path)


def test_state_tables_of_a_newer_release_are_left_alone(table):
    assert backfill(table.dsn, *RUN).status == 0
    table.execute("INSERT INTO migrasafe.backfill_version (version) VALUES (99)")
    said = backfill(table.dsn, "run", "t.n")
    assert said.status == 2
    assert "the state tables in schema migrasafe have version 99" in said.output


def test_a_job_of_months_keeps_a_thousand_samples_and_loses_no_row(table):
    assert backfill(table.dsn, *RUN).status == 0
    table.execute("DELETE FROM migrasafe.backfill_sample")
    table.execute(
        "INSERT INTO migrasafe.backfill_sample (job_id, worker, at, began_at, seconds, batches, rows_walked, rows_changed,"
        " batch_rows, batch_ms_median, batch_ms_p90, batch_ms_max, throttled_seconds, wal_bytes, gauges, worst, reasons)"
        " SELECT 1, gen.w, now() - i * interval '10 s', NULL, 10, 1, 10, 10, 10, i, i, i, 1, 7,"
        ' \'[{"name": "replica_lag_seconds", "subject": "r1", "value": 0.5}]\','
        " json_build_array(json_build_object('name', 'replica_lag_seconds', 'subject', 'r1', 'value', i))::jsonb,"
        " '{\"replica-lag\": 1}'"
        f" FROM generate_series(1, {MOST_SAMPLES}) AS i, (VALUES (md5('a')::uuid), (md5('b')::uuid)) AS gen (w)"
    )
    session = open_session(table.dsn, name="test")
    try:
        thin_samples(session, 1)
        kept = samples(session, 1)
        thin_samples(session, 1)
        assert samples(session, 1) == kept, "few are left as they are"
    finally:
        session.close()
    assert len(kept) in (KEPT_SAMPLES, KEPT_SAMPLES + 1)
    assert sum(one.rows_walked for one in kept) == 2 * MOST_SAMPLES * 10
    assert sum(one.reasons["replica-lag"] for one in kept) == pytest.approx(2 * MOST_SAMPLES)
    assert max(one.worst[0].value or 0 for one in kept) == MOST_SAMPLES
    assert {one.gauges[0].value for one in kept} == {0.5}


def _go_back_to_version_1(database) -> None:
    """State tables with a finished job, as version 1 leaves them."""
    jobs = "backfill_job", "backfill_shard", "backfill_event", "backfill_sample"
    for name in jobs:
        database.execute(f"CREATE TABLE public.{name} AS TABLE migrasafe.{name}")
    database.execute("ALTER TABLE public.backfill_sample DROP COLUMN began_at, DROP COLUMN worst")
    database.execute("DROP SCHEMA migrasafe CASCADE")
    database.execute(query("state_tables_1"))
    database.execute("INSERT INTO migrasafe.backfill_version (version) VALUES (1)")
    for name in jobs:
        overriding = "OVERRIDING SYSTEM VALUE" if name in ("backfill_job", "backfill_event") else ""
        database.execute(f"INSERT INTO migrasafe.{name} {overriding} TABLE public.{name}")
        if overriding:
            key = "job_id" if name == "backfill_job" else "id"
            database.execute(f"ALTER TABLE migrasafe.{name} ALTER {key} RESTART WITH 1000")


def _read_all(terminal: int) -> str:
    seen = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux says so when the last writer is gone
            part = b""
        if not part:
            return seen.decode()
        seen += part
