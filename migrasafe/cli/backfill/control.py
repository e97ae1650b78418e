"""`migrasafe backfill pause`, `resume`, `set` and `cancel`: each says what it did, and leaves an event."""

from __future__ import annotations

import click

from migrasafe.backfill import control
from migrasafe.backfill.job import jobs
from migrasafe.backfill.job.settings import known_settings
from migrasafe.cli.backfill.options import dsn_option, job_argument, settings_from, state_of
from migrasafe.cli.terminal import say

_because = click.option("--because", metavar="WORDS", help="Why, for those who look later.")
_help = {"help_option_names": ["-h", "--help"]}


@click.command(context_settings=_help)
@job_argument
@dsn_option
@_because
def pause_command(job: str, *, dsn: str | None, because: str | None) -> None:
    """Let no further batch of a backfill begin, until `resume`. Its workers stay and wait.

    \b
    Example:
      migrasafe backfill pause orders.total_cents --because 'black friday'
    """
    with state_of(dsn) as session:
        say(f"{job}: {control.pause(session, jobs.find_job(session, job), jobs.actor(session), because)}")


@click.command(context_settings=_help)
@job_argument
@dsn_option
def resume_command(job: str, *, dsn: str | None) -> None:
    """Go on with a backfill that was paused, or that failed.

    \b
    Example:
      migrasafe backfill resume orders.total_cents
    """
    with state_of(dsn) as session:
        say(f"{job}: {control.resume(session, jobs.find_job(session, job), jobs.actor(session))}")


@click.command(context_settings=_help)
@job_argument
@dsn_option
@_because
def cancel_command(job: str, *, dsn: str | None, because: str | None) -> None:
    """End a backfill for good. What is changed stays changed.

    \b
    Example:
      migrasafe backfill cancel orders.total_cents
    """
    with state_of(dsn) as session:
        say(f"{job}: {control.cancel(session, jobs.find_job(session, job), jobs.actor(session), because)}")


class _SetCommand(click.Command):
    """Lists the settings below the options."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Settings"):
            formatter.write_dl(
                [(f"{key}={default}", meaning) for key, (default, meaning) in known_settings().items()], col_max=34
            )


@click.command(cls=_SetCommand, context_settings={**_help, "max_content_width": 110})
@job_argument
@click.argument("pairs", metavar="KEY=VALUE…", nargs=-1, required=True)
@dsn_option
def set_command(job: str, pairs: tuple[str, ...], *, dsn: str | None) -> None:
    """Change settings of a backfill. Its workers go by them with their next batch, within a second.

    KEY=default takes a setting back to its default. `replica_dsn.NAME`, `sql.NAME.query`, `http.NAME.url` and
    `prometheus.NAME.query` name further replicas and checks.

    \b
    Example:
      migrasafe backfill set orders.total_cents max_lag=2s nice=0.5
    """
    changed = settings_from(pairs, "")
    with state_of(dsn) as session:
        for said in control.change_settings(session, jobs.find_job(session, job), changed, jobs.actor(session)):
            say(f"{job}: {said}")
