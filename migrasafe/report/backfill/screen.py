"""The live screen of `migrasafe backfill status --watch`: what an operator wants to know first stands first."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from migrasafe.backfill.model import Status
from migrasafe.backfill.progress.advice import held_by, what_to_do
from migrasafe.backfill.progress.status import JobStatus
from migrasafe.backfill.progress.status_text import gauges, headline, say_eta
from migrasafe.quantities import say_bytes, say_count, say_seconds

WIDE = 140
"""From so many columns on, events stand beside workers."""
_COLOURS = {
    Status.RUNNING: "green",
    Status.VERIFYING: "green",
    Status.DONE: "green",
    Status.THROTTLED: "yellow",
    Status.PAUSING: "yellow",
    Status.PAUSED: "yellow",
    Status.FAILED: "red",
    Status.CANCELLED: "red",
}
_OTHERS_SHOWN = 8


def screen(status: JobStatus, *, width: int, height: int, trouble: str | None = None) -> RenderableType:
    """The whole screen for a terminal of that size. `trouble`: why the numbers are old."""
    colour = _COLOURS.get(status.status, "cyan")
    parts: list[RenderableType] = [_title(status, colour), _progress(status, colour), _numbers(status)]
    if trouble is not None:
        parts.append(Text(f"these numbers are old: {trouble}; trying again", style="bold red"))
    parts += _why(status)
    left = Group(*_replicas(status), *_workers(status))
    is_wide = width >= WIDE
    used = _lines(Group(*parts) if is_wide else Group(*parts, left), width)
    right = _events(status, max(2, height - used - 3), with_who=is_wide)
    if not is_wide:
        return Group(*parts, left, right)
    beside = Table.grid(expand=True, padding=(0, 2, 0, 0))
    beside.add_column(ratio=1)
    beside.add_column(ratio=1)
    beside.add_row(left, right)
    return Group(*parts, beside)


def _lines(part: RenderableType, width: int) -> int:
    """How high a part of the screen is."""
    return len(Console(width=width).render_lines(part))


def _title(status: JobStatus, colour: str) -> RenderableType:
    line = Table.grid(expand=True)
    line.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    line.add_column(justify="right", no_wrap=True)
    what = f"[bold]{escape(status.name)}[/] [{colour} bold]{headline(status)}[/] on {escape(status.table)}"
    line.add_row(what, f"[dim]{status.asked_at:%H:%M:%S}[/]")
    return line


def _progress(status: JobStatus, colour: str) -> RenderableType:
    if status.share is None:
        return Text(f"{say_count(status.rows_walked, 'row')} walked; how many there are is not known", style="dim")
    line = Table.grid(expand=True, padding=(0, 1, 0, 0))
    line.add_column(ratio=1)
    line.add_column(justify="right", no_wrap=True)
    bar = ProgressBar(total=1.0, completed=status.share, complete_style=colour, finished_style=colour)
    total = f" of about {status.rows_estimated:,}" if status.rows_estimated else ""
    line.add_row(bar, f"[bold]{status.share:.1%}[/]  {status.rows_walked:,}{total} rows")
    return line


def _numbers(status: JobStatus) -> RenderableType:
    batch = max((worker.batch_rows or 0 for worker in status.workers), default=0)
    duty = gauges(status, "duty").get("")
    facts = [f"[bold]{say_eta(status)}[/]" if status.eta_seconds is not None else ""]
    if any(worker.is_alive for worker in status.workers):
        facts += [
            f"{status.rows_per_second:,.0f} rows/s",
            f"batches of {batch:,}" if batch else "",
            f"duty {duty:.0%}" if duty is not None else "",
        ]
    facts += [
        f"{status.rows_changed:,} changed",
        f"{status.parts_done} of {status.parts} parts done" if status.parts != 1 else "",
        f"pass {status.passes}" if status.passes > 1 else "",
        f"[red]{say_count(status.dead_rows, 'dead row')}[/]" if status.dead_rows else "0 dead rows",
        f"[yellow]{status.locked_rows:,} locked by others[/]" if status.locked_rows else "",
    ]
    unbroken = (fact.replace(" ", "\N{NO-BREAK SPACE}") for fact in facts if fact)
    return Text.from_markup(" · ".join(unbroken))


def _why(status: JobStatus) -> list[RenderableType]:
    """Why it waits or is slow, and what can be done."""
    lines: list[RenderableType] = []
    reasons = held_by(status) if status.status in (Status.RUNNING, Status.THROTTLED, Status.VERIFYING) else ()
    if status.reason and not any(reason.stops for reason in reasons):
        lines.append(Text(status.reason, style="red" if status.status is Status.FAILED else ""))
    for reason in reasons:
        mark, colour = ("waits", "yellow") if reason.stops else ("slower", "cyan")
        until = f", [{colour}]{escape(reason.until)}[/]" if reason.until else ""
        lines.append(Text.from_markup(f"[bold {colour}]{mark}:[/] {escape(reason.text)}{until}"))
    lines += [Text.from_markup(f"[bold]do:[/] {escape(line)}") for line in what_to_do(status)]
    return [Padding(Group(*lines), (1, 0, 0, 0))] if lines else []


def _replicas(status: JobStatus) -> list[RenderableType]:
    lags = gauges(status, "replica_lag_seconds")
    if not lags:
        return []
    drains, rates = gauges(status, "replica_drain_seconds"), gauges(status, "replica_replay_bytes_per_second")
    table = _table("replica", "lag", "left to replay", "replays")
    for name, lag in list(lags.items())[:_OTHERS_SHOWN]:
        if lag is None:
            table.add_row(escape(name), "[red]away[/]", "–", "–")
            continue
        drain, rate = drains.get(name), rates.get(name)
        table.add_row(
            escape(name),
            say_seconds(lag),
            say_seconds(drain) if drain is not None else "–",
            f"{say_bytes(rate)}/s" if rate is not None else "–",
        )
    return [_heading("replicas"), table]


def _workers(status: JobStatus) -> list[RenderableType]:
    if not status.workers:
        return []
    table = _table("worker", "state", "rows/s", "batch")
    for worker in status.workers[:_OTHERS_SHOWN]:
        state = worker.state if worker.is_alive else f"[red]silent for {say_seconds(worker.seconds_since_seen)}[/]"
        batch = f"{worker.batch_rows:,}" if worker.batch_rows else "–"
        table.add_row(escape(worker.owner), state, f"{worker.rows_per_second:,.0f}", batch)
    more = len(status.workers) - _OTHERS_SHOWN
    if more > 0:
        table.add_row(f"[dim]and {more} more[/]", "", "", "")
    return [_heading("workers"), table]


def _events(status: JobStatus, most: int, *, with_who: bool) -> RenderableType:
    shown = status.last_events[-most:]
    if not shown:
        return Text("")
    table = Table.grid(expand=True, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(ratio=1, overflow="ellipsis", no_wrap=not with_who)
    today = status.asked_at.date()
    for event in reversed(shown):
        at = f"{event.at:%H:%M:%S}" if event.at.date() == today else f"{event.at:%m-%d %H:%M}"
        who = f" [dim]{escape(event.actor)}[/]" if with_who and event.actor not in event.text else ""
        table.add_row(at, f"{escape(event.text)}{who}")
    return Group(_heading("last events"), table)


def _heading(text: str) -> RenderableType:
    return Padding(Rule(Text(text, style="bold"), align="left", characters="─", style="dim"), (1, 0, 0, 0))


def _table(first: str, *numbers: str) -> Table:
    table = Table(box=None, expand=True, show_edge=False, pad_edge=False, header_style="dim")
    table.add_column(first, ratio=1, overflow="ellipsis", no_wrap=True)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table
