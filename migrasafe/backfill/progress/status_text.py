"""The status of a job in words: whole, and in one line."""

from __future__ import annotations

from migrasafe.backfill.model import Reason, Status
from migrasafe.backfill.progress.advice import held_by, stands_for, what_to_do
from migrasafe.backfill.progress.status import JobStatus
from migrasafe.quantities import say_count, say_seconds


def as_lines(status: JobStatus) -> list[str]:
    """The status for people, most wanted first."""
    said = status.status.value
    reason = (
        (status.reason or "").removeprefix(f"{said}: ").removeprefix(f"{said} ")
    )  # `paused by anna`, `done: 9 of 9 rows`
    lines = [" – ".join(part for part in (f"{status.name}: {headline(status)}", reason) if part)]
    lines += [f"  do        {line}" for line in what_to_do(status)]
    share = f" ({status.share:.1%})" if status.share is not None else ""
    about = f" of about {status.rows_estimated:,}" if status.rows_estimated else ""
    lines.append(f"  table     {status.table}")
    lines.append(f"  rows      {status.rows_walked:,}{about} walked{share}, {status.rows_changed:,} changed")
    if status.parts != 1:
        lines.append(f"  parts     {status.parts_done} of {status.parts} done")
    if status.passes > 1:
        lines.append(f"  passes    {status.passes}")
    if status.dead_rows:
        lines.append(f"  dead      {say_count(status.dead_rows, 'row')} could not be changed")
    if status.locked_rows:
        lines.append(f"  locked    {say_count(status.locked_rows, 'row')} locked by others, and tried again at the end")
    if status.eta_seconds is not None:
        lines.append(f"  pace      {status.rows_per_second:,.0f} rows/s, {say_eta(status)}")
    for worker in status.workers:
        state = worker.state if worker.is_alive else f"silent for {say_seconds(worker.seconds_since_seen)}"
        batch = f", batches of {say_count(worker.batch_rows, 'row')}" if worker.batch_rows else ""
        lines.append(f"  worker    {worker.owner}: {state}{batch}")
        lines += [f"            {say_reason(reason)}" for reason in worker.reasons]
    if status.settings:
        lines.append(f"  settings  {', '.join(f'{key} = {value}' for key, value in status.settings.items())}")
    return lines


def as_line(status: JobStatus) -> str:
    """The status in one line, for a log: what it is, how far, how fast, and why it waits."""
    share = f" {status.share:.1%}" if status.share is not None else ""
    parts = [f"{status.name}: {headline(status)}{share}", f"{say_count(status.rows_walked, 'row')} walked"]
    if status.eta_seconds is not None:
        parts += [f"{status.rows_per_second:,.0f} rows/s", say_eta(status)]
    for lag in gauges(status, "replica_lag_seconds").items():
        parts.append(f"{lag[0]} {say_seconds(lag[1])} behind" if lag[1] is not None else f"{lag[0]} away")
    if status.dead_rows:
        parts.append(say_count(status.dead_rows, "dead row"))
    if status.status in (Status.RUNNING, Status.THROTTLED):
        parts += [say_reason(reason) for reason in held_by(status)]
    elif status.reason:
        parts.append(status.reason)
    if status.status is not Status.THROTTLED:
        parts += what_to_do(status)
    return "; ".join(parts)


def headline(status: JobStatus) -> str:
    """The status and since when: `paused for 42 min`."""
    return f"{status.status.value} {stands_for(status)}".rstrip()


def say_eta(status: JobStatus) -> str:
    """`about 18 min to go (15 min to 31 min)`."""
    if status.eta_seconds is None:
        return ""
    about = f"about {say_seconds(status.eta_seconds)} to go"
    if status.eta_soonest_seconds is None:
        return about
    if status.eta_latest_seconds is None:
        return f"{about} ({say_seconds(status.eta_soonest_seconds)}, or far longer: it hardly moved for a while)"
    soonest, latest = say_seconds(status.eta_soonest_seconds), say_seconds(status.eta_latest_seconds)
    return f"{about} ({soonest} to {latest})" if soonest != latest else about


def say_reason(reason: Reason) -> str:
    """Why batches wait or are smaller, with the number, and until when."""
    return f"{reason.text}, {reason.until}" if reason.until else reason.text


def gauges(status: JobStatus, name: str) -> dict[str, float | None]:
    """The worst of a gauge over all living workers, by what it is about: a replica, a slot; None where one cannot see it."""
    found: dict[str, float | None] = {}
    for worker in status.workers:
        for gauge in worker.gauges if worker.is_alive else ():
            if gauge.name == name:
                before = found.get(gauge.subject, gauge.value)
                both = (before, gauge.value)
                found[gauge.subject] = None if None in both else max(value for value in both if value is not None)
    return found
