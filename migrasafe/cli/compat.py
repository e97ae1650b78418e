"""`migrasafe compat`: reads the migrations and both versions of the app, and says which side is deployed first."""

from __future__ import annotations

import gc
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from migrasafe.app.compat import CompatOptions
from migrasafe.app.compat import compat as judge
from migrasafe.app.verdict import CompatResult, Deploy, Version
from migrasafe.cli.inputs import read as read_inputs
from migrasafe.cli.inputs.app_version import read_app_version
from migrasafe.cli.inputs.released import released, up_to
from migrasafe.cli.output import write
from migrasafe.cli.outputs import outputs as asked_for
from migrasafe.cli.terminal import columns, wants_color
from migrasafe.config import Options, find_config, read_config, settle
from migrasafe.errors import InputError
from migrasafe.report.compat import FORMATS, write_compat
from migrasafe.report.compat.words import Texts
from migrasafe.target import DEFAULT, NEWEST, OLDEST

_FAILS = {"split": {Deploy.SPLIT}, "unknown": {Deploy.SPLIT, Deploy.UNKNOWN}, "never": set[Deploy]()}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("migrations", nargs=-1, metavar="[MIGRATIONS]...")
@click.option("--old", metavar="SOURCE", help="The version that runs now: a folder, git ref or queries.")
@click.option("--new", metavar="SOURCE", help="The version to deploy: likewise.")
@click.option(
    "--from", "from_id", metavar="ID", help="The first migration of the release; those before it are history."
)
@click.option(
    "--format",
    "report",
    type=click.Choice(tuple(FORMATS)),
    default="text",
    metavar="FORMAT",
    help=f"One of {', '.join(FORMATS)}.",
    show_default=True,
)
@click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="[FORMAT=]FILE",
    help="Write the report to this file; with a format, write a further one; may be repeated.",
)
@click.option(
    "--pg-version", type=click.IntRange(OLDEST, NEWEST), help=f"Major version of the server. [default: {DEFAULT}]"
)
@click.option(
    "--schema", metavar="FILE|DSN", help="The schema before the first migration: pg_dump --schema-only, or a server."
)
@click.option("--layout", metavar="TOOL", help="The migration tool, where the folder does not tell.")
@click.option(
    "--fail-on",
    type=click.Choice(tuple(_FAILS)),
    default="unknown",
    show_default=True,
    help="Exit with 1 where no order works (split), or also where it is not known, or the app could not be read.",
)
@click.option("--staged", is_flag=True, help="Read what is staged in git, not what the files say now.")
@click.option("--config", type=click.Path(dir_okay=False), help="This config file, not the nearest one.")
@click.option("--no-config", is_flag=True, help="Read no config file.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def compat(
    migrations: tuple[str, ...],
    *,
    from_id: str | None,
    report: str,
    outputs: tuple[str, ...],
    config: str | None,
    no_config: bool,
    color: str,
    fail_on: str,
    staged: bool,
    **said: Any,
) -> int:
    """Say which version of the app each migration breaks, in which line, and which side is deployed first.

    MIGRATIONS are folders or files; with none, what the config says, or this folder. A SOURCE is a folder with the app's
    source, a git ref (v2.1, or v2.1:services/shop for a part of the repository), a file of queries, a server log, an
    export of pg_stat_statements, or a server to read it from; or several of these, with commas between them.
    Exit status: 0 an order works, 1 none does or it is not known, 2 the input cannot be used, 3 a bug in migrasafe.

    \b
    Examples:
      migrasafe compat db/migrations --old v2.0 --new .
      migrasafe compat db/migrations \\
          --old old/queries.sql --new new/queries.sql --from 0042
      migrasafe compat db/migrations --old v2.0,postgresql.log --new .
      migrasafe compat --old HEAD --new . --staged --output html=compat.html
    """
    gc.disable()
    if no_config and config is not None:
        raise InputError("--config and --no-config exclude each other: give one of them")
    reports = asked_for(report, outputs, FORMATS)
    with _as_staged() if staged else nullcontext():
        result, texts = _judged(Options(**said, paths=migrations or None), config, from_id, no_config=no_config)
        for_all = [
            write_compat(
                one.format,
                result,
                texts,
                color=color == "always" if one.file else wants_color(color),
                width=None if one.file else columns(),
            )
            for one in reports
        ]
    for one, text in zip(reports, for_all, strict=True):
        write(text, one.file)
    return _status(result, fail_on)


def _as_staged() -> AbstractContextManager[object]:
    from migrasafe.cli.inputs.staged import as_staged

    return as_staged(with_app=True)


def _judged(said: Options, config: str | None, from_id: str | None, *, no_config: bool) -> tuple[CompatResult, Texts]:
    """The verdict, and the files of each version for excerpts. Raises InputError."""
    folder = Path.cwd()
    file = Options() if no_config else read_config(Path(config)) if config is not None else find_config(folder)
    settings = settle(said.over(file), folder=folder)
    old, new = settings.old, settings.new
    if old is None or new is None:
        missing = "--old" if old is None else "--new"
        raise InputError(f"{missing} is missing: give a folder with the app's source, a git ref, or a file of queries")
    histories, later = up_to(new, read_inputs.histories(settings.paths, settings.layout, {}))
    options = CompatOptions(
        target=settings.target,
        schema=read_inputs.schema_before(settings.schema),
        in_transaction=settings.in_transaction,
        released=released(from_id, old, histories),
    )
    apps = {source: read_app_version(source, histories) for source in dict.fromkeys((old, new))}
    result = judge(histories, apps[old], apps[new], options)
    result = replace(result, notices=(*later, *result.notices))
    return result, {Version.OLD: apps[old].texts, Version.NEW: apps[new].texts}


def _status(result: CompatResult, fail_on: str) -> int:
    """1 where some migration has no order that works; a release of which each part has one is fine."""
    if fail_on == "unknown" and any(notice.blocking for notice in result.notices):
        return 1
    return 1 if any(one.deploy in _FAILS[fail_on] for one in result.migrations) else 0
