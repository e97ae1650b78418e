"""`migrasafe plan`: the way to a change with both versions of the app alive, as a folder of files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from migrasafe.cli.completion import changes
from migrasafe.cli.terminal import say
from migrasafe.errors import InputError
from migrasafe.plan.output import FORMATS
from migrasafe.quantities import say_count
from migrasafe.target import DEFAULT, NEWEST, OLDEST

if TYPE_CHECKING:
    from migrasafe.cli.inputs.read import Found


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("change", nargs=-1, shell_complete=changes)
@click.option(
    "--schema",
    metavar="FILE|FOLDER|DSN",
    help="The schema before the change: pg_dump --schema-only, the folder of your migrations, or a server (best).",
)
@click.option(
    "--before",
    type=click.Path(exists=True),
    metavar="MIGRATION",
    help="A migration in the folder of --schema: the schema as it was before it. [default: CHANGE, if it is a file]",
)
@click.option("--layout", metavar="TOOL", help="The migration tool, where the folder of --schema does not tell.")
@click.option("--out", type=click.Path(file_okay=False), help="The folder to write. [default: plans/ID]")
@click.option("--id", "name", help="Names the plan, and what it makes in the database. [default: from the change]")
@click.option(
    "--pg-version",
    type=click.IntRange(OLDEST, NEWEST),
    help=f"Major version of the server. [default: what --schema says, else {DEFAULT}]",
)
@click.option(
    "--way",
    type=click.Choice(["triggers", "view", "app", "beside", "window"]),
    help="How old and new columns are kept alive: app is by the app itself. Of a table that is written anew: by a copy beside it,"
    " or in a maintenance window.",
)
@click.option(
    "--new-name",
    metavar="NAME",
    help="With --way app and another type: what the new column is called, since the app writes the old one beside it.",
)
@click.option(
    "--up",
    metavar="SQL",
    help="The new value from the old one, over the old column's name; for several columns: a = …, b = ….",
)
@click.option("--down", metavar="SQL", help="The old value from the new one, over the new column's name.")
@click.option(
    "--count-old-writes",
    "quiet",
    metavar="DURATION",
    help="Count what the old version still writes; a gate waits until it has written nothing for so long: 30m, 1h.",
)
@click.option(
    "--count-old-statements",
    "quiet_statements",
    metavar="DURATION",
    help="Ask pg_stat_statements, too, for statements that say the old names, reads among them; a gate waits until none has"
    " run for so long.",
)
@click.option(
    "--tolerate",
    metavar="PERCENT",
    help="The part of the rows in which old and new columns may say different things: 0.1%. [default: none]",
)
@click.option(
    "--bad-rows",
    multiple=True,
    metavar="CLASS=DECISION",
    help="What becomes of values that do not convert (unreadable=stop|null|reject|default:SQL) or lose something"
    " (lossy=accept|stop|null|reject|default:SQL).",
)
@click.option(
    "--time-zone", metavar="ZONE", help="What a timestamp without time zone tells the time of: Europe/Berlin."
)
@click.option(
    "--old-app-name",
    metavar="PATTERN",
    help="What sessions of the old version call themselves (application_name LIKE this): lets a gate see that they are gone.",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(["sql", *FORMATS]),
    help="Write migrations of this tool, too; may be said several times. [default: sql]",
)
@click.option(
    "--migrations",
    metavar="FOLDER",
    help="The tool's folder, which they are to follow. [default: that of CHANGE, or of --schema]",
)
@click.option(
    "--prove", is_flag=True, help="Rehearse the plan at once, on a throw-away server: see `migrasafe rehearse`."
)
@click.option(
    "--sandbox",
    type=click.Choice(["local", "docker"]),
    help="With --prove: which kind of server to start. [default: what there is]",
)
@click.option("--image", help="With --prove: the image of a container to start, such as postgis/postgis:15-3.4.")
@click.option("--status", type=click.Path(), metavar="PLAN", help="Say where this plan stands on the server of --dsn.")
@click.option(
    "--dsn",
    envvar="MIGRASAFE_DSN",
    help="The server, for --status; for the sizes of tables, where --schema is none. [env: MIGRASAFE_DSN]",
)
@click.option(
    "--other-dsn",
    envvar="MIGRASAFE_OTHER_DSN",
    help="With --status: the other database that steps are run in, a table's new home or a subscriber. [env: MIGRASAFE_OTHER_DSN]",
)
def plan(
    change: tuple[str, ...],
    *,
    schema: str | None,
    before: str | None,
    layout: str | None,
    out: str | None,
    name: str | None,
    pg_version: int | None,
    way: str | None,
    new_name: str | None,
    up: str | None,
    down: str | None,
    quiet: str | None,
    quiet_statements: str | None,
    tolerate: str | None,
    bad_rows: tuple[str, ...],
    time_zone: str | None,
    old_app_name: str | None,
    formats: tuple[str, ...],
    migrations: str | None,
    prove: bool,
    sandbox: str | None,
    image: str | None,
    status: str | None,
    dsn: str | None,
    other_dsn: str | None,
) -> int:
    """Turn a change into phases that can be deployed, and taken back, while the old and the new app both run.

    CHANGE is a migration (a file of SQL, an Alembic revision), or the change in words. A word alone, such
    as json-key or count-column, says what follows it; docs/changes lists them all.
    Exit status: 0 the plan is written, 1 its rehearsal (--prove) found something that does not hold, 2 the input
    cannot be used, or there is no safe way, and why.

    \b
    Examples:
      migrasafe plan db/migrations/0042_rename.sql --schema db/migrations
      migrasafe plan rename users.name full_name --schema postgresql:///shop
      migrasafe plan json-key orders.data status "status text" \\
          --schema postgresql:///shop
      migrasafe plan drop users.age --schema postgresql:///shop \\
          --format alembic --migrations alembic/versions
    """
    from datetime import UTC, datetime

    from migrasafe.cli.inputs.read import schema_of, script_of, sizes_at
    from migrasafe.cli.plan.output import outputs_of
    from migrasafe.plan.changes.model import Ground
    from migrasafe.plan.dual_write.odometer import is_counted
    from migrasafe.plan.merge import draft_of
    from migrasafe.plan.old_statements import watching_statements
    from migrasafe.plan.output.write_plan import RUNBOOK, plan_files
    from migrasafe.plan.put_together import put_together
    from migrasafe.plan.read.changes import read_changes
    from migrasafe.plan.read.hints import hints_of, part_from
    from migrasafe.plan.words.words import WORDS, plan_id, said_so, sql_of
    from migrasafe.quantities import seconds_from
    from migrasafe.sql.parse import read_script
    from migrasafe.sql.source import Source
    from migrasafe.target import Target

    if status is not None:
        if dsn is None:
            raise InputError("--dsn: say which server the plan is carried out on")
        from migrasafe.cli.plan.status import print_status

        print_status(Path(status), dsn, other_dsn)
        return 0
    if not change:
        raise InputError(
            "say what is to be planned: a migration (a file), or a change in words, `migrasafe plan --help`"
        )
    if schema is None and len(change) == 1 and change[0] in WORDS:
        raise InputError(said_so(change[0]))
    if schema is None:
        raise InputError(
            "--schema: say where the schema is to be read from: a server's DSN, a dump, or your migrations"
        )
    file = Path(change[0]) if len(change) == 1 and change[0] and Path(change[0]).exists() else None
    found = schema_of(schema, until=file if before is None else Path(before), layout=layout)
    for one in found.unread:
        say(f"not read, and so not known: {one}", err=True)
    if file:
        script = script_of(file, schema, layout)
    else:
        with _as_far_as_read(found):
            script = read_script(Source(path="change", text=sql_of(change, found.schema)))
    known = pg_version or found.pg_version
    target = Target(pg_version=known or DEFAULT, pg_version_assumed=known is None)
    ground = Ground(
        schema=found.schema,
        attached=found.attached,
        beside=found.beside,
        target=target,
        id=name or plan_id((file.stem,) if file is not None else change),
        old_application_name=old_app_name,
        quiet_seconds=seconds_from(quiet, "--count-old-writes") if quiet is not None else None,
        tolerated=part_from(tolerate) if tolerate is not None else None,
    )
    hints = hints_of(way=way, new_name=new_name, up=up, down=down, time_zone=time_zone, bad_rows=bad_rows)
    with _as_far_as_read(found):
        draft = draft_of(read_changes(script, found.schema, hints, _ask if sys.stdin.isatty() else None), ground)
    tools = [one for one in formats if one != "sql"]
    if tools and draft.moved is not None:
        raise InputError(
            f"--format {tools[0]}: a migration tool runs in one database, and this plan goes to and fro between two: leave it out,"
            " and run its SQL files with psql as the runbook says"
        )
    if quiet is not None and not is_counted(draft):
        raise InputError(
            "--count-old-writes: old and new writes look alike to the database in this plan, so nothing can count them: leave it"
            " out, or say --count-old-statements, which counts statements with the old names"
        )
    if quiet_statements is not None:
        draft = watching_statements(draft, ground, seconds_from(quiet_statements, "--count-old-statements"))
    made = put_together(draft, ground, tuple(map(script.text_of, script.sent)), sizes_at(dsn or schema, draft.tables))
    folder = Path(out) if out is not None else Path("plans") / ground.id
    near = [*([file.parent] if file is not None else []), Path(schema)]
    outputs = outputs_of(
        made,
        tools,
        migrations,
        near=[one for one in near if one.is_dir()],
        replaces=file.resolve() if file is not None else None,
        now=datetime.now(UTC),
    )
    _write(folder, plan_files(made, found.schema, outputs))
    say(f"{made.title}: {say_count(len(made.phases), 'phase')}, {say_count(len(made.steps), 'step')}")
    for phase in made.phases:
        say(f"  {phase.name.value:<11} {phase.title}")
    for one in made.assumed:
        say(f"assumed: {one}")
    for one in made.by_hand:
        say(f"by hand: {one}")
    say(f"written to {folder}: read {folder / RUNBOOK} first")
    if not prove:
        return 0
    from migrasafe.cli.rehearse.rehearsal import prove_folder
    from migrasafe.rehearse.sandbox.wanted import Wanted
    from migrasafe.rehearse.stage import Wish

    until = file if before is None else Path(before)
    wanted = Wanted(major=target.pg_version, kind=sandbox, image=image)
    return prove_folder(folder, schema, wanted, Wish(), until=until, layout=layout)


@contextmanager
def _as_far_as_read(found: Found) -> Iterator[None]:
    """Where not all before the change was read, what is said to be missing may be in that."""
    try:
        yield
    except InputError as error:
        if not found.unread:
            raise
        raise InputError(f"{error}; what was not read (see above) may be why: mend it first") from error


def _ask(question: str) -> bool:
    return click.confirm(question, err=True)


def _write(folder: Path, files: dict[str, str]) -> None:
    """Write every file, or none over files of another plan. Raises InputError."""
    try:
        if folder.exists() and any(folder.iterdir()):
            raise InputError(f"--out {folder}: the folder is not empty: name another one, or remove it")
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"--out {folder}: cannot be written: {error.strerror or error}") from error
