"""`migrasafe backfill estimate`: what a backfill will cost, before it is begun."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from migrasafe.cli.backfill.job_options import job_options, naming_the_file, wanted_job
from migrasafe.cli.backfill.options import dsn_from, dsn_option, settings_from
from migrasafe.cli.terminal import say


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.argument("job", required=False, metavar="[JOB|FILE|FOLDER]")
@dsn_option
@job_options
@click.option("--setting", "pairs", multiple=True, metavar="KEY=VALUE", help="As for run: target_time decides batches.")
@click.option("--try", "is_tried", is_flag=True, help="Try a few batches, each rolled back: times rest on them.")
@click.option(
    "--try-rows", type=click.IntRange(min=1, max=20_000), default=1000, show_default=True, help="Rows of each."
)
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def estimate_command(
    job: str | None, *, dsn: str | None, is_tried: bool, try_rows: int, output_format: str, **said: Any
) -> None:
    """Say what a backfill will cost: rows, batches, log, growth of table and indexes, time; and what to do about it.

    Nothing is changed. With --try, five batches are run and rolled back: their rows are locked for as long, at most 5 s,
    and leave dead row versions; then time and log are measured, also how fast replicas replay.

    \b
    Examples:
      migrasafe backfill estimate --table orders \\
          --set 'total_cents = total * 100' --where 'total_cents IS NULL'
      migrasafe backfill estimate job.toml --try
    """
    from migrasafe.backfill.estimate.measure import measure
    from migrasafe.backfill.estimate.text import lines_of
    from migrasafe.backfill.job.file import JobFile

    wanted = wanted_job(job, said)
    server = dsn_from(dsn, wanted.dsn_env if isinstance(wanted, JobFile) else None)
    settings = settings_from(said["pairs"], "--setting ")
    with naming_the_file(job, wanted):
        found = measure(server, wanted, settings, try_rows=try_rows if is_tried else None)
    if output_format == "json":
        estimate = {"version": 1, "job": found.name, **msgspec.to_builtins(found.estimate), "warnings": found.warnings}
        click.echo(msgspec.json.format(msgspec.json.encode(estimate), indent=2).decode())
        return
    say(f"{found.name}: {found.estimate.table}")
    for line in lines_of(found.estimate):
        say(f"  {line}")
    for heading, texts in (("advice", found.estimate.advice), ("warnings", found.warnings)):
        if texts:
            say(f"{heading}:")
        for text in texts:
            say(f"  - {text}")
