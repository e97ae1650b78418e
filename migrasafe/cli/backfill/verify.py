"""`migrasafe backfill verify`: looks at the whole table whether a row still wants the change."""

from __future__ import annotations

import click

from migrasafe.backfill import jobs
from migrasafe.backfill.repair import count_left
from migrasafe.cli.backfill.options import dsn_from, dsn_option, job_argument, state_of


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@job_argument
@dsn_option
def verify_command(job: str, *, dsn: str | None) -> int:
    """Count the rows that still want the change, also those that came after the backfill began; changes nothing.

    Exit status: 0 there is none, 1 there are some, or rows are set aside.

    \b
    Example:
      migrasafe backfill verify orders.total_cents
    """
    with state_of(dsn) as session:
        found = jobs.find_job(session, job)
        left, dead = count_left(dsn_from(dsn), found)
    if left is None:
        click.echo(f"{job}: what is left cannot be counted: its change does not make its own predicate false; {dead} rows "
                   "are set aside")  # fmt: skip
        return 1 if dead else 0
    click.echo(f"{job}: {left:,} rows still want the change; {dead} more could not be changed and are set aside")
    return 1 if left or dead else 0
