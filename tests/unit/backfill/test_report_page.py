"""The report of a job: one page with plots that show what happened, whatever people called things."""

from __future__ import annotations

import datetime
import math
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrasafe.backfill.model import Gauge, Status
from migrasafe.backfill.progress.history import Happening, SampleSeen
from migrasafe.backfill.progress.status import JobStatus
from migrasafe.backfill.trouble.dead_rows import DeadRow
from migrasafe.report.backfill.page import Told, page
from migrasafe.report.backfill.plots import HEIGHT, WIDTH, Limit, Line, Plot, svg, time_labels, top_of
from tests.html_names import check_names

BEGAN = datetime.datetime(2026, 3, 1, 1, 0, tzinfo=datetime.UTC)
T0 = BEGAN.timestamp()


def happened(minutes: float, kind: str, text: str) -> Happening:
    return Happening(at=BEGAN + datetime.timedelta(minutes=minutes), actor="app (anna@db)", kind=kind, text=text)


def sample(at: float) -> SampleSeen:
    """How ten seconds went: a day's wave, and a replica that falls behind for a while."""
    wave = 1 + math.sin(at / 900) / 2
    late = 2000 < at < 2600
    return SampleSeen(
        began=T0 + at, ended=T0 + at + 10, seconds=10, batches=0 if late else 80, rows_walked=0 if late else 40_000,
        batch_rows=500, batch_ms_median=60 * wave, batch_ms_p90=90 * wave, batch_ms_max=120 * wave,
        throttled_seconds=10 if late else 0.5, wal_bytes=10**7,
        gauges=(Gauge(name="duty", subject="", value=wave / 2),),
        worst=tuple(Gauge(name="replica_lag_seconds", subject=name, value=3.0 if late and name == "r1" else 0.2 * wave * share)
                    for share, name in enumerate(("r1", "berlin <2>", "tokyo"), start=1)),
        reasons={"replica-lag": 10.0 if late else 0.3, "time-window": 0.0},
    )  # fmt: skip


def told(**changed: object) -> Told:
    status = JobStatus(
        name="orders.total_cents", table="public.orders", status=Status.DONE, reason="done: 29,000,000 rows changed",
        rows_walked=29_000_000, rows_changed=29_000_000, rows_estimated=29_100_000, dead_rows=1, locked_rows=0, parts=1,
        parts_done=1, passes=1, rows_per_second=0.0, eta_seconds=None, settings={"nice": 0.5},
        warnings=("a <b>trigger</b> is missing",), workers=(), created_by="app (anna@db)", created_at=BEGAN, started_at=BEGAN,
        finished_at=BEGAN + datetime.timedelta(hours=2), asked_at=BEGAN + datetime.timedelta(hours=3), since=None,
    )  # fmt: skip
    events = (
        happened(0, "created", "created"), happened(0, "started", "begun"), happened(20, "setting", "nice = 0.5 (was 0)"),
        happened(34, "throttle-on", "waiting: replica r1 needs 3.0 s to replay what it was sent"),
        happened(43, "throttle-off", "batches begin again"), happened(60, "paused", "paused by app (anna@db): <i>sale</i>"),
        happened(80, "resumed", "goes on"), happened(95, "failover", "the server was replaced: timeline 1 → 2"),
        happened(120, "done", "done"),
    )  # fmt: skip
    dead = DeadRow(rel=1, key=("7", "<x>"), sqlstate="22012", message="division by zero", attempts=2,
                   first_at="2026-03-01T01:10:00+00:00", last_at="2026-03-01T01:20:00.123+00:00")  # fmt: skip
    values = {
        "status": status, "does": "orders: total_cents = total * 100 where total_cents IS NULL",
        "samples": tuple(sample(at) for at in range(0, 7200, 10) if not 3600 <= at < 4800), "events": events,
        "dead_rows": (dead,), "defaults": {"nice": 0, "max_lag": "1s"}, "max_lag_seconds": 1.0, "target_seconds": 0.1,
        **changed,
    }  # fmt: skip
    return Told(**values)  # type: ignore[arg-type]  # by name


class Tags(HTMLParser):
    """Every tag that is opened is closed again, where HTML wants that."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "path", "rect", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def attrs_of(tags: Tags, wanted: str) -> set[str | None]:
    return {attrs.get("class") for tag, attrs in tags.seen if tag == wanted}


def test_the_page_shows_plots_spans_and_marks() -> None:
    text = page(told())
    tags = Tags(text)
    assert not tags.open
    check_names(text)
    classes = [attrs.get("class") for tag, attrs in tags.seen if tag in ("rect", "path")]
    assert (classes.count("throttled"), classes.count("paused")) == (5, 5), "one of each in each plot"
    assert (classes.count("mark setting"), classes.count("mark trouble")) == (5, 5)
    assert {"line c0", "line c1", "line c2", "area c0", "limit"} <= set(classes)
    for words in ("berlin &lt;2&gt;", "&lt;i&gt;sale&lt;/i&gt;", "a &lt;b&gt;trigger&lt;/b&gt; is missing", "division by zero",
                  "max_lag 1.0 s", "target_time 100 ms", "replica-lag", "2 h", "7, &lt;x&gt;"):  # fmt: skip
        assert words in text
    assert "done 1 h ago" not in text, "when it was done is not known"
    assert "<code>migrasafe backfill retry-dead orders.total_cents</code>" in text, "a command is set as one"
    assert "say incomplete" in attrs_of(tags, "div"), "done, but for a dead row, is not all well"


@pytest.mark.parametrize("empty", [
    {"samples": ()}, {"samples": (), "events": ()}, {"samples": (), "events": (), "dead_rows": (), "max_lag_seconds": None},
    {"samples": (sample(0),)},
])  # fmt: skip
def test_a_job_with_little_to_tell_has_a_page_too(empty: dict[str, object]) -> None:
    assert not Tags(page(told(**empty))).open


def test_a_job_of_many_events_stays_one_page() -> None:
    many = tuple(happened(number / 100, "throttle-on", f"wait {number}") for number in range(3000))
    text = page(told(events=many))
    assert "wait 2999<" in text and "wait 2599<" not in text
    assert "2600 older ones are in migrasafe.backfill_event" in text
    assert len(text) < 1_500_000


@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6), st.none() | st.floats(0, 1e12)), max_size=30),
    st.none() | st.floats(1e-3, 1e6),
)
def test_a_plot_stays_within_its_frame(raw: list[tuple[float, float, float | None]], limit: float | None) -> None:
    steps = [(min(one, other), max(one, other), value) for one, other, value in raw]
    plot = Plot(title="t", unit="", lines=(Line(name="l", css="c0", steps=steps, filled=True),),
                limit=Limit(name="max", value=limit) if limit is not None else None)  # fmt: skip
    assert top_of(plot) >= max((value for _, _, value in steps if value is not None), default=0) * 0.998 - 1e-9
    for path in re.findall(r' d="([^"]*)"', svg(plot, 0, 1e6)):
        for letter, numbers in re.findall(r"([MHV])([-0-9.e+ ]+)", path):
            found = [float(number) for number in numbers.split()]
            assert all(0 <= number <= (HEIGHT if letter == "V" else WIDTH) for number in found), path


@given(st.floats(0.5, 3e7))
def test_there_are_a_few_round_moments_on_each_axis(seconds: float) -> None:
    labels = time_labels(T0, T0 + seconds)
    assert len(labels) <= 8
    assert all(0 <= label.percent <= 100.0001 for label in labels)
    assert seconds < 4 or labels
