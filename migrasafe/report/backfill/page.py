"""`migrasafe backfill report`: how a job went, as one HTML page that needs nothing else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from shlex import quote

from msgspec import Struct

from migrasafe import __version__
from migrasafe.backfill.model import Setting, Status
from migrasafe.backfill.progress.advice import what_to_do
from migrasafe.backfill.progress.history import Happening, SampleSeen
from migrasafe.backfill.progress.status import JobStatus
from migrasafe.backfill.progress.status_text import headline, say_eta
from migrasafe.backfill.progress.timeline import Slice, Span, slices, spans
from migrasafe.backfill.trouble.dead_rows import DeadRow
from migrasafe.quantities import say_bytes, say_count, say_seconds
from migrasafe.report.backfill.plots import Limit, Line, Mark, Plot, Steps, svg, time_labels, value_labels

EVENTS_SHOWN = 400
_COMMAND = re.compile(r"`([^`]+)`")
_COLOURS = 6
_TROUBLE = frozenset(
    {"failed", "dead-row", "bad-row", "failover", "reconnected", "lease-lost", "rewritten", "isolation", "cancelled"}
)
_WAITS = frozenset({"throttle-on", "throttle-off"})
_PAUSES = frozenset({"paused", "resumed", "stopped", "retried"})


class Told(Struct, frozen=True, kw_only=True):
    """All that the page shows of a job."""

    status: JobStatus
    does: str
    """What it does to which rows."""
    samples: tuple[SampleSeen, ...]
    events: tuple[Happening, ...]
    dead_rows: tuple[DeadRow, ...]
    defaults: Mapping[str, Setting]
    """Of all settings that have one."""
    max_lag_seconds: float | None
    target_seconds: float | None


class _Picture(Struct, frozen=True, kw_only=True):
    plot: Plot
    svg: str
    values: tuple[object, ...]
    """Labels of the scale."""


def page(told: Told) -> str:
    """The page as HTML, with no request to anywhere."""
    import jinja2
    from markupsafe import Markup, escape

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=True)
    environment.filters["svg"] = Markup  # numbers and classes only, see plots
    environment.filters["commands"] = lambda text: Markup(_COMMAND.sub(r"<code>\1</code>", str(escape(text))))
    begin, end = _range(told)
    return environment.from_string(_template()).render(
        told=told,
        status=told.status,
        mood="incomplete"
        if told.status.status is Status.DONE and not told.status.is_done
        else told.status.status.value,
        headline=headline(told.status),
        eta=say_eta(told.status),
        do=what_to_do(told.status),
        facts=_facts(told),
        pictures=_pictures(told, begin, end),
        times=time_labels(begin, end),
        zone=f"{told.status.asked_at:%Z}",
        events=[(event, css_of(event.kind)) for event in reversed(told.events[-EVENTS_SHOWN:])],
        events_left_out=max(0, len(told.events) - EVENTS_SHOWN),
        settings=_settings(told),
        shell_name=quote(told.status.name),
        version=__version__,
    )


def css_of(kind: str) -> str:
    """The class of a mark for an event of that kind."""
    if kind in _TROUBLE:
        return "trouble"
    if kind in _WAITS:
        return "throttled"
    if kind in _PAUSES:
        return "paused"
    return "setting" if kind == "setting" else "plain"


def _range(told: Told) -> tuple[float, float]:
    """From when to when the plots go: all events and samples of the job, also after it has ended."""
    moments = [event.at.timestamp() for event in told.events if event.kind != "created"]
    moments += [moment for sample in told.samples for moment in (sample.began, sample.ended)]
    if told.status.finished_at is None:
        moments.append(told.status.asked_at.timestamp())
    if not moments:
        moments = [told.status.created_at.timestamp()]
    return min(moments), max(max(moments), min(moments) + 1.0)


def _pictures(told: Told, begin: float, end: float) -> list[_Picture]:
    parts = slices(told.samples)
    standing = spans(told.events, end)
    marks = [*_spans(standing), *_moments(told.events)]
    plots = [
        Plot(
            title="Rows per second",
            unit="rows/s",
            lines=(
                Line(name="rows walked", css="c0", filled=True, steps=_steps(parts, lambda one: one.rows_per_second)),
            ),
        ),
        _lag_plot(told, parts),
        Plot(
            title="Duty: the share of the time that batches may take",
            unit="",
            top=1.0,
            say="{:.0%}".format,
            lines=(Line(name="duty", css="c2", filled=True, steps=_steps(parts, lambda one: one.duty)),),
        ),
        _batch_plot(told, parts),
        _held_plot(parts),
    ]
    return [_Picture(plot=plot, svg=svg(plot, begin, end, marks), values=value_labels(plot)) for plot in plots]


def _lag_plot(told: Told, parts: Sequence[Slice]) -> Plot:
    names = sorted({name for one in parts for name in one.lags})
    lines = tuple(
        Line(name=name, css=f"c{index % _COLOURS}", steps=_lag_of(parts, name)) for index, name in enumerate(names)
    )
    limit = told.max_lag_seconds
    return Plot(
        title="Lag of replicas, the worst that was seen" if names else "Lag of replicas: none was seen",
        unit="s",
        say=_say_time,
        lines=lines,
        limit=Limit(name=f"max_lag {say_seconds(limit)}", value=limit) if limit is not None else None,
    )


def _batch_plot(told: Told, parts: Sequence[Slice]) -> Plot:
    def seconds(value: float | None) -> float | None:
        return None if value is None else value / 1000

    limit = told.target_seconds
    return Plot(
        title="Time of a batch: so long a writer can have waited at most",
        unit="s",
        say=_say_time,
        lines=(
            Line(name="longest", css="c3", steps=_steps(parts, lambda one: seconds(one.batch_ms_max))),
            Line(name="90 % are shorter", css="c1", steps=_steps(parts, lambda one: seconds(one.batch_ms_p90))),
            Line(name="median", css="c0", steps=_steps(parts, lambda one: seconds(one.batch_ms_median))),
        ),
        limit=Limit(name=f"target_time {say_seconds(limit)}", value=limit) if limit is not None else None,
    )


def _held_plot(parts: Sequence[Slice]) -> Plot:
    total: Counter[str] = Counter()
    for one in parts:
        for signal, share in one.held.items():
            total[signal] += share  # type: ignore[assignment]  # Counter adds floats, too
    most = [signal for signal, share in total.most_common(_COLOURS) if share > 0]
    lines = tuple(
        Line(name=signal, css=f"c{index}", steps=_held_by(parts, signal)) for index, signal in enumerate(most)
    )
    title = "Time in which the throttle held batches back, by signal" if most else "The throttle held nothing back"
    return Plot(title=title, unit="", top=1.0, say="{:.0%}".format, lines=lines)


def _lag_of(parts: Sequence[Slice], replica: str) -> Steps:
    return _steps(parts, lambda one: one.lags.get(replica))


def _held_by(parts: Sequence[Slice], signal: str) -> Steps:
    return _steps(parts, lambda one: None if one.rows_per_second is None else one.held.get(signal, 0.0))


def _steps(parts: Sequence[Slice], value: Callable[[Slice], float | None]) -> Steps:
    return [(one.begin, one.end, value(one)) for one in parts]


def _spans(standing: Sequence[Span]) -> list[Mark]:
    return [Mark(css=span.kind, begin=span.begin, end=span.end) for span in standing]


def _moments(events: Sequence[Happening]) -> list[Mark]:
    """A line for what a person did, and for trouble; waits and pauses are spans."""
    shown = [event for event in events if css_of(event.kind) in ("trouble", "setting")]
    return [Mark(css=css_of(event.kind), begin=event.at.timestamp()) for event in shown[-EVENTS_SHOWN:]]


def _facts(told: Told) -> list[tuple[str, str]]:
    status = told.status
    worked = sum(sample.seconds for sample in told.samples)
    held = sum(sample.throttled_seconds for sample in told.samples)
    log = sum(sample.wal_bytes for sample in told.samples)
    batches = sum(sample.batches for sample in told.samples)
    walked = sum(sample.rows_walked for sample in told.samples)
    about = f" of about {status.rows_estimated:,}" if status.rows_estimated else ""
    until = status.finished_at or status.asked_at
    facts = [
        ("rows walked", f"{status.rows_walked:,}{about}"),
        ("rows changed", f"{status.rows_changed:,}"),
        ("dead rows", f"{status.dead_rows:,}"),
        ("locked by others", f"{status.locked_rows:,}" if status.locked_rows else ""),
        ("begun", f"{status.created_at.astimezone():%Y-%m-%d %H:%M:%S} by {status.created_by}"),
        ("ended", f"{status.finished_at.astimezone():%Y-%m-%d %H:%M:%S}" if status.finished_at else "not yet"),
        ("took", say_seconds((until - (status.started_at or status.created_at)).total_seconds())),
        ("passes", str(status.passes) if status.passes > 1 else ""),
    ]
    if worked > 0:
        facts += [
            (
                "of which a worker worked",
                f"{say_seconds(worked)} ({held / worked:.0%} of it held back by the throttle)",
            ),
            ("rows per second of work", f"{walked / worked:,.0f}"),
            ("batches", f"{batches:,}" + (f" of {say_count(round(walked / batches), 'row')}" if batches else "")),
            ("log of the server meanwhile", say_bytes(log)),
        ]
    return [(name, text) for name, text in facts if text]


def _settings(told: Told) -> list[tuple[str, str, bool]]:
    """Each setting, its value, and whether it was said for this job."""
    said = told.status.settings
    names = sorted({*told.defaults, *said})
    return [(name, str(said.get(name, told.defaults.get(name, ""))), name in said) for name in names]


def _say_time(seconds: float) -> str:
    return "0" if seconds == 0 else say_seconds(seconds)


def _template() -> str:
    return Path(__file__).with_name("page.html").read_text(encoding="utf-8")
