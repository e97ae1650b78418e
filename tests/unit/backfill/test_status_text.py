"""What an operator reads at night: why a job stands still, since when, and what to do."""

from __future__ import annotations

import datetime
import io

import pytest
from msgspec.structs import replace
from rich.console import Console

from migrasafe.backfill.model import Gauge, Reason, Status
from migrasafe.backfill.progress.advice import what_to_do
from migrasafe.backfill.progress.history import Happening
from migrasafe.backfill.progress.status import JobStatus, WorkerStatus
from migrasafe.backfill.progress.status_text import as_line, as_lines
from migrasafe.report.backfill.screen import screen

NOW = datetime.datetime(2026, 3, 1, 3, 14, 0, tzinfo=datetime.UTC)
LATE = Reason(
    signal="replica-lag", subject="replica r1", value=1.9, limit=1.0, unit="s", stops=True,
    until="until it has 400 ms or less left to replay", text="replica r1 needs 1.9 s to replay what it was sent",
)  # fmt: skip
RESTS = Reason(
    signal="nice", subject="primary", value=0.5, limit=1.0, unit="", stops=False, until="until nice is set to less",
    text="batches take 50% of the time: nice=0.5",
)  # fmt: skip
WORKER = WorkerStatus(
    owner="app (anna@db[1])", state="running", is_alive=True, seconds_since_seen=0.3, batch_rows=1000, rows_per_second=500.0,
    reasons=(), gauges=(
        Gauge(name="replica_lag_seconds", subject="r1", value=1.2), Gauge(name="replica_lag_seconds", subject="r2", value=None),
        Gauge(name="replica_drain_seconds", subject="r1", value=1.9), Gauge(name="duty", subject="", value=0.5),
    ),
)  # fmt: skip
RUNNING = JobStatus(
    name="orders.total", table="public.orders", status=Status.RUNNING, reason=None, rows_walked=50_000, rows_changed=40_000,
    rows_estimated=200_000, dead_rows=0, locked_rows=0, parts=1, parts_done=0, passes=1, rows_per_second=500.0,
    eta_seconds=300.0, eta_soonest_seconds=240.0, eta_latest_seconds=600.0, settings={}, warnings=(), workers=(WORKER,),
    created_by="app", created_at=NOW, started_at=NOW, finished_at=None, asked_at=NOW,
    since=NOW - datetime.timedelta(minutes=42),
    last_events=(Happening(at=NOW, actor="app (anna@db)", kind="setting", text="max_lag = 2s (was [1s])"),),
)  # fmt: skip
THROTTLED = replace(
    RUNNING,
    status=Status.THROTTLED,
    reason=LATE.text,
    workers=(replace(WORKER, state="throttled", reasons=(LATE, RESTS)),),
)
PAUSED = replace(
    RUNNING, status=Status.PAUSED, reason="paused by app (anna@db): sale", pause_kind="operator", eta_seconds=None
)
OUT_OF_DISK = replace(
    PAUSED, reason="paused itself: the server is out of a resource: disk full", pause_kind="failure", workers=()
)
FAILED = replace(RUNNING, status=Status.FAILED, reason="the change cannot run: column a does not exist", workers=())
ALL = {
    "running": RUNNING, "throttled": THROTTLED, "paused": PAUSED, "out of disk": OUT_OF_DISK, "failed": FAILED,
    "done": replace(RUNNING, status=Status.DONE, workers=(), dead_rows=3),
    "nobody at work": replace(RUNNING, workers=()),
    "rows unknown": replace(RUNNING, rows_estimated=0, eta_seconds=None, dead_rows=2, locked_rows=1, parts=3, passes=2),
}  # fmt: skip


def drawn(status: JobStatus, width: int, height: int = 24, trouble: str | None = None) -> str:
    console = Console(width=width, height=height, file=io.StringIO(), force_terminal=False)
    with console.capture() as capture:
        console.print(screen(status, width=width, height=height, trouble=trouble))
    return capture.get()


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_screen_fits_and_says_name_and_status(name: str, width: int) -> None:
    seen = drawn(ALL[name], width)
    assert max(len(line) for line in seen.splitlines()) <= width
    assert "orders.total" in seen
    if width >= 80:
        assert ALL[name].status.value in seen


@pytest.mark.parametrize("width", [80, 200])
def test_a_throttled_job_says_its_number_until_when_and_what_to_do(width: int) -> None:
    seen = words(drawn(THROTTLED, width))
    assert "throttled for 42 min" in seen
    assert "waits: replica r1 needs 1.9 s to replay what it was sent, until it has 400 ms or less left" in seen
    assert "slower: batches take 50% of the time: nice=0.5, until nice is set to less" in seen
    assert "do: Nothing has to be done: it goes on by itself. `migrasafe backfill set orders.total max_lag=…`" in seen


@pytest.mark.parametrize("width", [80, 200])
def test_lag_duty_range_workers_and_events_are_shown_with_any_name(width: int) -> None:
    seen = words(drawn(RUNNING, width))
    for part in ("25.0%", "50,000 of about 200,000 rows", "about 5 min to go (4 min to 10 min)", "500 rows/s", "duty 50%",
                 "0 dead rows", "r1 1.2 s 1.9 s", "r2 away", "app (anna@db[1]) running 500 1,000", "(was [1s])"):  # fmt: skip
        assert part in seen


def test_a_paused_job_says_who_since_when_and_how_to_go_on() -> None:
    text = "\n".join(as_lines(PAUSED))
    assert "orders.total: paused for 42 min – by app (anna@db): sale" in text
    assert what_to_do(PAUSED) == (
        "Nothing is locked, and nothing is lost. It stays so until `migrasafe backfill resume orders.total`.",
    )


def test_a_job_that_paused_itself_says_that_it_does_not_try_again() -> None:
    (line,) = what_to_do(OUT_OF_DISK)
    assert (
        "It does not try again by itself. Mend that first, then `migrasafe backfill resume orders.total` goes on"
        in line
    )
    assert "`migrasafe backfill run orders.total` starts a worker" in line


def test_a_failed_job_says_how_to_go_on_and_how_to_give_up() -> None:
    (line,) = what_to_do(FAILED)
    assert "`migrasafe backfill run orders.total` goes on where it stopped" in line
    assert "`migrasafe backfill cancel orders.total` gives it up" in line


def test_a_job_without_a_worker_says_so() -> None:
    (line,) = what_to_do(ALL["nobody at work"])
    assert line.startswith("No worker is at work: `migrasafe backfill run orders.total`")


def test_a_job_that_moves_needs_nothing() -> None:
    assert what_to_do(RUNNING) == ()


@pytest.mark.parametrize("name", ALL)
def test_one_line_says_it_all(name: str) -> None:
    line = as_line(ALL[name])
    assert "\n" not in line
    assert line.startswith("orders.total: ")
    assert (ALL[name].reason or "") in line


def test_old_numbers_are_said_to_be_old() -> None:
    assert "these numbers are old: the server is away; trying again" in words(
        drawn(RUNNING, 80, trouble="the server is away")
    )


def test_commands_can_be_pasted_whatever_the_name_of_the_job() -> None:
    for status in ALL.values():
        for line in what_to_do(replace(status, name="it's {a} b")):
            assert "it's {a} b" not in line
            assert "'it'\"'\"'s {a} b'" in line or "--restart" in line or "`" not in line


@pytest.mark.parametrize(
    ("status", "reason", "shown"),
    [
        (Status.PAUSED, "paused by anna: sale until noon", "paused for 42 min – by anna: sale until noon"),
        (Status.DONE, "done: 9 of 9 rows changed", "done 42 min ago – 9 of 9 rows changed"),
    ],
)
def test_what_a_job_is_stands_there_once(status: Status, reason: str, shown: str) -> None:
    assert as_lines(replace(RUNNING, status=status, reason=reason))[0] == f"orders.total: {shown}"
