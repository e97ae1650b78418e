"""`migrasafe backfill verify`: looks at the whole table whether a row still wants the change."""

from __future__ import annotations

import click

from migrasafe.backfill.end.recompute import SAMPLE_ROWS
from migrasafe.backfill.job import jobs
from migrasafe.backfill.trouble.repair import verify
from migrasafe.cli.backfill.options import dsn_from, dsn_option, job_argument, state_of
from migrasafe.cli.terminal import say
from migrasafe.quantities import say_count


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@job_argument
@dsn_option
@click.option("--sample", type=click.IntRange(0, 100_000), default=SAMPLE_ROWS, show_default=True,
              help="How many random rows to recompute; 0: none.")  # fmt: skip
def verify_command(job: str, *, dsn: str | None, sample: int) -> int:
    """Count the rows that still want the change, also those that came after the backfill began; changes nothing.

    Some rows, picked at random, are recomputed: that finds values that went stale since. Where the result depends on what was
    there before (n = n + 1) or on the time, that is said and left out.

    Exit status: 0 all is well, 1 rows want the change still, are set aside, or have other values.

    \b
    Example:
      migrasafe backfill verify orders.total_cents
    """
    with state_of(dsn) as session:
        found = jobs.find_job(session, job)
        seen = verify(dsn_from(dsn), found, sample_rows=sample)
    if seen.left is None:
        say(f"{job}: what is left cannot be counted: its change does not make its own predicate false; {seen.aside} rows "
                   "are set aside")  # fmt: skip
    else:
        wants = (
            f"{say_count(seen.left, 'row')} still want{'s' if seen.left == 1 else ''} the change"
            if seen.left
            else "no row wants the change any more"
        )
        aside = (
            f"{say_count(seen.aside, 'row')} could not be changed and are set aside"
            if seen.aside
            else "none is set aside"
        )
        say(f"{job}: {wants}; {aside}")
    if seen.sample is not None:
        say(f"{job}: {seen.sample.text}")
    return 1 if seen.left or seen.aside or (seen.sample is not None and seen.sample.different) else 0
