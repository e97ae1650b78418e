"""`migrasafe backfill init`: the state tables, for a role that may make them."""

from __future__ import annotations

import click

from migrasafe.cli.backfill.options import dsn_from, dsn_option
from migrasafe.cli.terminal import say


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@dsn_option
@click.option("--grant", metavar="ROLE", help="Let this role run backfills with them.")
@click.option("--sql", is_flag=True, help="Only print the SQL; with --dsn, what is missing there.")
def init_command(*, dsn: str | None, grant: str | None, sql: bool) -> None:
    """Make the state tables in schema migrasafe of the database, or bring those of an older release up to date.

    `run` does it by itself where its role may create a schema. Each backfill also needs SELECT and UPDATE on its table (a
    copy: INSERT on the other one), and membership in pg_monitor, which --grant gives, too: without it the throttle does not
    see sessions, replicas and slots, and lets no batch begin.

    \b
    Example:
      migrasafe backfill init --dsn postgresql://admin@db/shop --grant app
    """
    from migrasafe.backfill.state_tables import VERSION, install, installation, installed_version, let_monitor
    from migrasafe.postgres.scripts import open_session

    if sql and dsn is None:
        click.echo(installation(grant_to=grant), nl=False)
        return
    session = open_session(dsn_from(dsn), name="migrasafe backfill init")
    try:
        if sql:
            click.echo(installation(installed_version(session), grant_to=grant), nl=False)
            return
        changed = install(session, grant_to=grant)
        refused = let_monitor(session, grant) if grant is not None else None
    finally:
        session.close()
    made = "made, or brought up to date" if changed else "there already"
    granted = f"; {grant} may use them" if grant is not None else ""
    if refused is not None:
        say(f"warning: {grant} cannot be given pg_monitor ({refused}): without it, the throttle does not see sessions, "
                   "replicas and slots, and lets no batch begin", err=True)  # fmt: skip
    say(f"state tables (version {VERSION}) in schema migrasafe: {made}{granted}")
