"""`migrasafe backfill report`: how a job went, as one HTML page."""

from __future__ import annotations

import re
from pathlib import Path

import click

from migrasafe.cli.backfill.options import dsn_option, job_argument, state_of
from migrasafe.cli.terminal import say
from migrasafe.errors import InputError

DEAD_ROWS_SHOWN = 200


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@job_argument
@dsn_option
@click.option("-o", "--output", metavar="FILE", help="Where to write it; - is the standard output. [default: JOB.html]")
def report_command(job: str, *, dsn: str | None, output: str | None) -> None:
    """Write a page with plots of a backfill: rows/s, lag, duty, batch time, and what happened when; also when it is over.

    The page is one file: no script, no request, light and dark, for a screen, a phone or paper.

    \b
    Example:
      migrasafe backfill report orders.total_cents -o report.html
    """
    from migrasafe.backfill.job import jobs
    from migrasafe.backfill.job.settings import known_settings
    from migrasafe.backfill.progress import history
    from migrasafe.backfill.progress.status import status_of
    from migrasafe.backfill.throttle.settings import limits_from
    from migrasafe.backfill.trouble.dead_rows import dead_rows
    from migrasafe.report.backfill.page import Told, page

    with state_of(dsn) as session:
        found = jobs.find_job(session, job)
        limits = limits_from(found.settings)
        told = Told(
            status=status_of(session, found),
            does=jobs.does(found),
            samples=history.samples(session, found.id),
            events=history.events(session, found.id),
            dead_rows=tuple(dead_rows(session, found.id, most=DEAD_ROWS_SHOWN)),
            defaults={key: default for key, (default, _) in known_settings().items()},
            max_lag_seconds=limits.max_lag,
            target_seconds=limits.target_time,
        )
    text = page(told)
    if output == "-":
        click.echo(text, nl=False)
        return
    path = Path(output if output is not None else f"{re.sub(r'[^A-Za-z0-9._-]+', '_', job)}.html")
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from error
    say(f"{job}: report written to {path}")
