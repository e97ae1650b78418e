"""`migrasafe backfill retry-dead`: rows that could not be changed, tried once more."""

from __future__ import annotations

import click

from migrasafe.backfill.job import jobs
from migrasafe.backfill.trouble.repair import retry_dead_rows
from migrasafe.cli.backfill.options import dsn_from, dsn_option, job_argument, state_of
from migrasafe.cli.terminal import say
from migrasafe.quantities import say_count

_NAMED = 20


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@job_argument
@dsn_option
def retry_dead_command(job: str, *, dsn: str | None) -> int:
    """Try the rows again that could not be changed: after they, or what refuses them, were mended.

    Exit status: 0 none is left, 1 some still cannot be changed; each is named with the server's words.

    \b
    Example:
      migrasafe backfill retry-dead orders.total_cents
    """
    with state_of(dsn) as session:
        found = jobs.find_job(session, job)
        changed, left = retry_dead_rows(dsn_from(dsn), found)
    for row in left[:_NAMED]:
        say(f"{job}: row ({', '.join(row.key)}): {row.message} (SQLSTATE {row.sqlstate})")
    if len(left) > _NAMED:
        say(f"{job}: … and {say_count(len(left) - _NAMED, 'row')} more, in migrasafe.backfill_dead_row")
    say(f"{job}: {say_count(changed, 'row')} set right, {len(left):,} are left")
    return 1 if left else 0
