"""`migrasafe backfill status`, `list` and `assert-done`: they look, and change nothing."""

from __future__ import annotations

import json

import click

from migrasafe.backfill.job import jobs
from migrasafe.backfill.progress.status import JobStatus, as_data, status_of, why_not_done
from migrasafe.backfill.progress.status_text import as_lines
from migrasafe.cli.backfill.options import dsn_from, dsn_option, job_argument, state_of
from migrasafe.cli.terminal import say
from migrasafe.errors import ConfigError
from migrasafe.quantities import seconds_from

_format = click.option(
    "--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True
)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("job", required=False)
@dsn_option
@_format
@click.option(
    "--watch", is_flag=True, help="Look again and again, until the job has ended; Ctrl-C ends only the watch."
)
@click.option("--every", metavar="TIME", default="2s", show_default=True, help="With --watch: how often.")
def status_command(job: str | None, *, dsn: str | None, output_format: str, watch: bool, every: str) -> int:
    """Say how far a backfill is, how fast, and why it waits; without JOB, all that have not ended.

    With --watch it is a live screen, or a line each time where the output is no terminal (with --format json, a line of
    JSON). Exit status then: 0 when the job is done and no row is left out, or after Ctrl-C; 1 when it failed or was cancelled.

    \b
    Examples:
      migrasafe backfill status orders.total_cents
      migrasafe backfill status orders.total_cents --watch
    """
    if watch:
        from migrasafe.cli.backfill.watch import watch as watch_job

        return watch_job(dsn_from(dsn), job, every_seconds=_interval(every), output_format=output_format)
    with state_of(dsn) as session:
        found = [jobs.find_job(session, job)] if job is not None else list(jobs.all_jobs(session))
        shown = [status_of(session, one) for one in found]
    if job is None:
        shown = [one for one in shown if one.finished_at is None] or shown[-1:]
    if output_format == "json":
        data = [as_data(one) for one in shown]
        click.echo(json.dumps(data[0] if job is not None else data, indent=1, ensure_ascii=False))
        return 0
    if not shown:
        say("there is no backfill in this database")
    say("\n".join(line for one in shown for line in as_lines(one)))
    return 0


def _interval(every: str) -> float:
    seconds = seconds_from(every, "--every")
    if not 0.1 <= seconds <= 3600:
        raise ConfigError("--every must be between 100ms and 1h")
    return seconds


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@dsn_option
@_format
def list_command(*, dsn: str | None, output_format: str) -> None:
    """List the backfills of a database, oldest first.

    \b
    Example:
      migrasafe backfill list --dsn postgresql://app@db/shop
    """
    with state_of(dsn) as session:
        shown = [status_of(session, one) for one in jobs.all_jobs(session)]
    if output_format == "json":
        click.echo(json.dumps([as_data(one) for one in shown], indent=1, ensure_ascii=False))
        return
    if not shown:
        say("there is no backfill in this database")
        return
    rows = [("job", "status", "rows", "changed", "begun")] + [_cells(one) for one in shown]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        say("  ".join([*cells, row[-1]]).rstrip())


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@job_argument
@dsn_option
def assert_done_command(job: str, *, dsn: str | None) -> int:
    """Exit with 0 when a backfill is done and no row was left out, else with 1: for CI, and before a deploy.

    \b
    Example:
      migrasafe backfill assert-done orders.total_cents && ./deploy
    """
    with state_of(dsn) as session:
        why = why_not_done(status_of(session, jobs.find_job(session, job)))
    say(f"{job}: is done" if why is None else f"{job}: is not done: {why}", err=why is not None)
    return 0 if why is None else 1


def _cells(status: JobStatus) -> tuple[str, ...]:
    share = f" ({status.share:.0%})" if status.share is not None else ""
    begun = f"{status.created_at:%Y-%m-%d %H:%M} by {status.created_by}"
    return (status.name, status.status.value, f"{status.rows_walked:,}{share}", f"{status.rows_changed:,}", begun)
