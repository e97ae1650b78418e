"""`migrasafe rehearse`: a plan, or migrations, carried out on a throw-away server, and what was claimed of them checked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from migrasafe.cli.terminal import say
from migrasafe.errors import InputError
from migrasafe.rehearse.sandbox.wanted import Wanted
from migrasafe.target import DEFAULT, NEWEST, OLDEST

if TYPE_CHECKING:
    from migrasafe.migrations.model import History
    from migrasafe.rehearse.both_sides.audit import Live
    from migrasafe.sql.script import Newer

ROWS_OF_PLAN = 1000


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("what", nargs=-1, metavar="PLAN|MIGRATIONS…")
@click.option(
    "--schema",
    metavar="FILE|FOLDER|DSN",
    help="The schema before: a dump, the folder of your migrations, or a server, of which only the schema is read.",
)
@click.option(
    "--last", type=click.IntRange(1), metavar="N", help="Only the newest N migrations; those before are run unwatched."
)
@click.option("--dsn", help="A scratch server: databases are made on it and dropped. [default: one that is started]")
@click.option(
    "--sandbox", type=click.Choice(["local", "docker"]), help="Which kind of server to start. [default: what there is]"
)
@click.option(
    "--image",
    help="The image of a container to start, such as postgis/postgis:15-3.4. [default: postgres of the major version]",
)
@click.option(
    "--pg-version",
    type=click.IntRange(OLDEST, NEWEST),
    help="Major version of the server. [default: the plan's, else 15, or newer where the migrations' syntax is]",
)
@click.option(
    "--rows",
    type=click.IntRange(1, 10_000_000),
    help="Made-up rows in every table. [default: 1000 for a plan, 5 for migrations]",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another order of what the apps do.")
@click.option(
    "--old",
    metavar="SOURCE",
    help="The deployed version of the app, as for compat: its queries are tried in every phase.",
)
@click.option("--new", metavar="SOURCE", help="The version to deploy: likewise.")
@click.option(
    "--sample",
    metavar="DSN",
    help="A live server: values of the columns that change are drawn from it, read-only, and converted in the sandbox.",
)
@click.option(
    "--sample-rows", type=click.IntRange(1, 1_000_000), default=1000, show_default=True, help="How many rows to draw."
)
@click.option(
    "--examples",
    type=click.Choice(["none", "shape", "value"]),
    default="shape",
    show_default=True,
    help="How to show a drawn value that does not convert: not, with a for letters and 9 for digits, or as it is.",
)
@click.option(
    "--before",
    type=click.Path(exists=True),
    metavar="MIGRATION",
    help="Of a plan: a migration in the folder of --schema, which has not run yet, nor has any after it.",
)
@click.option("--layout", metavar="TOOL", help="The migration tool, where the folder does not tell.")
@click.option("--format", "report", type=click.Choice(["text", "json"]), default="text", show_default=True)
def rehearse(
    what: tuple[str, ...],
    *,
    schema: str | None,
    last: int | None,
    dsn: str | None,
    sandbox: str | None,
    image: str | None,
    pg_version: int | None,
    rows: int | None,
    seed: int,
    old: str | None,
    new: str | None,
    sample: str | None,
    sample_rows: int,
    examples: str,
    before: str | None,
    layout: str | None,
    report: str,
) -> int:
    """Carry out a PLAN, or MIGRATIONS, on a throw-away PostgreSQL, and see whether what is claimed of them holds.

    A plan: every phase is watched (locks, rewrites, scans, time, WAL), taken back and run again; runs while an old and a
    new version of the app are at work; every step is killed on its way and run again; values go to the new side and back.
    The evidence is written into the plan's folder. Migrations: each statement is compared with what lint predicts.
    Exit status: 0 everything held · 1 something did not, or could not be read · 2 the input cannot be used.

    \b
    Examples:
      migrasafe rehearse plans/rename_users_name --schema db/migrations
      migrasafe rehearse db/migrations --last 20
    """
    if image is not None and (dsn is not None or sandbox == "local"):
        raise InputError("--image is of a container: leave out --dsn and --sandbox local")
    wanted = Wanted(dsn=dsn, major=pg_version, kind=sandbox, image=image)
    folder = Path(what[0]) if len(what) == 1 else None
    if folder is not None and (folder / "plan.json").exists():
        if last is not None:
            raise InputError("--last is for migrations, and this is a plan")
        from migrasafe.rehearse.both_sides.audit import Examples, Live

        live = Live(dsn=sample, rows=sample_rows, examples=Examples(examples)) if sample is not None else None
        until = Path(before) if before is not None else None
        return _plan(folder, schema, wanted, rows, seed, (old, new), live, until, layout, report)
    if old is not None or new is not None or sample is not None or before is not None:
        raise InputError(
            "--old, --new, --sample and --before are for a plan: give the folder that `migrasafe plan` wrote"
        )
    return _migrations(what, schema, wanted, last, rows, layout, report)


def _plan(
    folder: Path,
    schema: str | None,
    wanted: Wanted,
    rows: int | None,
    seed: int,
    sources: tuple[str | None, str | None],
    live: Live | None,
    until: Path | None,
    layout: str | None,
    report: str,
) -> int:
    from migrasafe.cli.rehearse.rehearsal import prove_folder, queries_of
    from migrasafe.rehearse.stage import Wish

    if schema is None:
        raise InputError("--schema: say what the plan was made for: a dump, the folder of your migrations, or a server")
    old, new = (queries_of(source, schema) for source in sources)
    wish = Wish(rows=rows or ROWS_OF_PLAN, seed=seed, old=old, new=new, live=live)
    return prove_folder(folder, schema, wanted, wish, until=until, layout=layout, report=report)


def _migrations(
    what: Sequence[str],
    schema: str | None,
    wanted: Wanted,
    last: int | None,
    rows: int | None,
    layout: str | None,
    report: str,
) -> int:
    from migrasafe.cli.inputs.read import histories, rendered
    from migrasafe.cli.rehearse.rehearsal import ground_of, sandbox_of
    from migrasafe.migrations.model import not_read
    from migrasafe.rehearse.made_up.rows import FEW, Rows
    from migrasafe.rehearse.migration.run import State
    from migrasafe.rehearse.migration.trace import Replayed, replay
    from migrasafe.rehearse.sandbox.ground import lay_migrations
    from migrasafe.report.trace import as_json, trace_lines, trace_summary

    read = histories(what, layout, {})
    needed = max((one.since for history in read for one in _newer_syntax(history)), default=DEFAULT)
    if needed > DEFAULT and wanted == Wanted(kind=wanted.kind):
        say(f"the migrations have syntax that came with PostgreSQL {needed}, and are rehearsed on it", err=True)
        wanted = replace(wanted, major=needed)
    found: list[Replayed] = []
    unread: list[str] = []
    unread_before: list[str] = []
    with sandbox_of(wanted) as sandbox:
        for history in read:
            with sandbox.database() as dsn:
                if schema is not None:
                    _say_notes(ground_of(schema, sandbox)(dsn))
                (history,) = rendered((history,), dsn, down=False)
                ups = [one for one in history.migrations if not one.down]
                sandbox.will_run(text for one in ups for text in one.texts)
                first = max(0, len(ups) - last) if last is not None else 0
                untold = not_read((history,), ups[first:])
                untold_before = not_read((), ups[:first])
                _say_notes((*untold_before, *untold))
                unread += untold
                unread_before += untold_before
                _say_notes(lay_migrations(dsn, ups[:first], sandbox.needs_role))
                for replayed in replay(ups, dsn, sandbox.major, first=first, rows=Rows(rows or FEW)):
                    found.append(replayed)
                    if report == "text":
                        say("\n".join(trace_lines(replayed)))
    if report == "text":
        say(trace_summary(found))
    else:
        click.echo(json.dumps(as_json(found), indent=1))
    if unread:
        say("what could not be read was not rehearsed, so that nothing is shown of it", err=True)
    if unread_before:
        say(
            f"what could not be read before the last {last} was not run, so that they may have met another schema than they will:"
            " give theirs with --schema, and only them",
            err=True,
        )
    return int(bool(unread or unread_before) or any(one.contradicted or one.count(State.FAILED) for one in found))


def _newer_syntax(history: History) -> Iterator[Newer]:
    """What PostgreSQL 12 does not read, without functions: a schema may have one of its own under the name."""
    parts = (part for migration in history.migrations if not migration.down for part in migration.parts)
    return (one for part in parts for one in part.script.newer if not one.function)


def _say_notes(notes: Sequence[str]) -> None:
    for note in notes:
        say(note, err=True)
