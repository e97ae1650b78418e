"""`migrasafe compare`: whether two databases hold the same rows of a table that moves from one to the other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from migrasafe.cli.terminal import say
from migrasafe.errors import InputError
from migrasafe.quantities import say_count

if TYPE_CHECKING:
    from migrasafe.backfill.across.compare import Comparison
    from migrasafe.backfill.across.rows import Key
    from migrasafe.plan.model import Moved

_MOST_TOLD = 20


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("plan", type=click.Path())
@click.option("--dsn", envvar="MIGRASAFE_DSN", required=True, help="The old database. [env: MIGRASAFE_DSN]")
@click.option(
    "--other-dsn", envvar="MIGRASAFE_OTHER_DSN", required=True, help="The new database. [env: MIGRASAFE_OTHER_DSN]"
)
@click.option("--sample", type=click.IntRange(min=1), metavar="ROWS", help="Only so many rows of each side, at random.")
@click.option("--patience", default="10s", show_default=True, help="How long what differs is looked at again.")
@click.option(
    "--batch-rows", type=click.IntRange(min=1), default=10_000, show_default=True, help="Rows that one query adds up."
)
@click.option("--no-record", is_flag=True, help="Do not keep what was found for the gate of the switch.")
def compare(
    plan: str, *, dsn: str, other_dsn: str, sample: int | None, patience: str, batch_rows: int, no_record: bool
) -> int:
    """Compare the rows of the table that the plan in folder PLAN moves to another database, while people write.

    Rows are added up by ranges of their key on both sides; where the sums differ, each row is looked at, and again until what
    was on its way has arrived. Exit status: 0 they are the same, 1 they are not.

    \b
    Examples:
      export MIGRASAFE_DSN=postgresql:///shop
      migrasafe compare plans/orders --other-dsn service=archive
      migrasafe compare plans/orders --other-dsn service=archive --sample 1000
    """
    from migrasafe.backfill.across.compare import Comparing
    from migrasafe.backfill.across.rows import read_alike, rows_of
    from migrasafe.cli.plan.session import plan_of
    from migrasafe.postgres.connect import connect, run
    from migrasafe.quantities import seconds_from

    moved = plan_of(Path(plan)).moved
    if moved is None:
        raise InputError(f"{plan}: this plan moves no table to another database, so that there is nothing to compare")
    patience_seconds = seconds_from(patience, "--patience")
    with (
        connect(dsn, application_name="migrasafe compare") as old,
        connect(other_dsn, application_name="migrasafe compare") as new,
    ):
        for session in (old, new):
            read_alike(session)
        rows, _ = (rows_of(session, moved.table, moved.key, moved.columns) for session in (old, new))
        comparing = Comparing(old=old, new=new, rows=rows, patience_seconds=patience_seconds, batch_rows=batch_rows)
        found = comparing.all(lambda text: say(text, err=True)) if sample is None else comparing.sample(sample)
        if not no_record:
            insert = f"INSERT INTO {moved.compared} (rows, differing, sampled) VALUES (%s, %s, %s)"
            run(old, insert, found.rows, len(found.differing), sample is not None)
    _tell(moved, found)
    return 0 if found.holds(moved.tolerated) else 1


def _tell(moved: Moved, found: Comparison) -> None:
    say(
        f"{moved.table}: {say_count(found.rows, 'row')} compared in {found.seconds} s; {found.at_first:,} differed at first, of which"
        f" {found.at_first - len(found.differing):,} had only to arrive"
    )
    if found.broken_off:
        say("so many differ that the rest was not compared: has the copy come to its end?")
    for key in found.differing[:_MOST_TOLD]:
        say(f"differs: {_said(moved, key)}")
    if len(found.differing) > _MOST_TOLD:
        say(f"differs: … and {len(found.differing) - _MOST_TOLD:,} more")
    allowed = f" ({moved.tolerated:.4%} may)" if moved.tolerated is not None else ""
    say(f"{say_count(len(found.differing), 'row')} not alike: {found.rate:.4%}{allowed}")


def _said(moved: Moved, key: Key) -> str:
    return ", ".join(f"{name} = {value}" for name, value in zip(moved.key, key, strict=True))
