"""What `rehearse` and `plan --prove` have in common: the ground, the sandbox, and the evidence in the plan's folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec
from msgspec.structs import replace

from migrasafe.app.model import Query
from migrasafe.cli.plan.session import written_plan
from migrasafe.cli.terminal import say
from migrasafe.dsn import is_dsn
from migrasafe.errors import InputError
from migrasafe.plan.fingerprint import fingerprint
from migrasafe.plan.model import Plan
from migrasafe.plan.output.write_plan import PAGE, PLAN, RUNBOOK, Written, with_documents
from migrasafe.postgres.catalog.introspect import load_schema
from migrasafe.postgres.connect import connect
from migrasafe.rehearse.prove import Tell, prove
from migrasafe.rehearse.sandbox.ground import dump_of, lay_migrations, lay_script
from migrasafe.rehearse.sandbox.server import Sandbox, open_sandbox
from migrasafe.rehearse.sandbox.wanted import Wanted
from migrasafe.rehearse.stage import Lay, Wish
from migrasafe.report.proof import proof_text
from migrasafe.schema.model import Ref
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source, read_source


def ground_of(given: str, sandbox: Sandbox, *, until: Path | None = None, layout: str | None = None) -> Lay:
    """What makes the schema that --schema says, in an empty database of the sandbox. `until`: a migration that has not run
    yet. `layout`: the tool that a folder belongs to."""
    if not is_dsn(given) and Path(given).is_dir():
        from migrasafe.cli.inputs.read import migrations_until

        migrations = migrations_until(given, until, layout)
        sandbox.will_run(text for one in migrations for text in one.texts)
        return lambda dsn: lay_migrations(dsn, migrations, sandbox.needs_role)
    source = Source(path="pg_dump", text=dump_of(given)) if is_dsn(given) else read_source(Path(given))
    sandbox.will_run([source.text])
    script = read_script(source)
    return lambda dsn: lay_script(dsn, script, sandbox.needs_role)


def prove_folder(
    folder: Path,
    schema: str,
    wanted: Wanted,
    wish: Wish,
    *,
    until: Path | None = None,
    layout: str | None = None,
    report: str = "text",
) -> int:
    """Rehearse the plan of a folder, print the evidence and write it there; the exit status.

    Raises ServerError, and InputError for a plan that was made for another schema.
    """
    written = written_plan(folder)
    plan = written.plan
    tell: Tell = _tell if sys.stderr.isatty() else _silent
    with sandbox_of(replace(wanted, major=wanted.major or plan.pg_version)) as sandbox:
        lay = ground_of(schema, sandbox, until=until, layout=layout)
        files = {name: (folder / name).read_text(encoding="utf-8") for name in written.files if _is_run_by_psql(name)}
        sandbox.will_run((*plan.migration, *files.values()))
        evidence = prove(plan, _for_this_plan(plan, sandbox.major, lay, schema), sandbox, wish, tell, files)
    _write_evidence(folder, written, replace(plan, evidence=evidence))
    if report == "text":
        say(proof_text(evidence).rstrip())
    else:
        click.echo(msgspec.json.encode(evidence))
    return 0 if evidence.holds else 1


def _is_run_by_psql(name: str) -> bool:
    """Whether a file of the plan's folder is one of the numbered ones; those of tools are in folders of theirs."""
    return name.endswith(".sql") and "/" not in name


def _for_this_plan(plan: Plan, major: int, lay: Lay, schema: str) -> Lay:
    """The same ground; InputError for a schema that is not the one that the plan was made for."""
    tables = [Ref.of(table) for table in plan.tables]

    def checked(dsn: str) -> tuple[str, ...]:
        notes = lay(dsn)
        with connect(dsn) as session:
            there = load_schema(session)
        found = fingerprint(there, tables)
        if plan.fingerprints[0] != found and (gone := [str(one) for one in tables if there.relation(one) is None]):
            refused = next((note for note in notes if note.startswith("not made")), "nothing in it makes it")
            raise InputError(f"--schema {schema}: {', '.join(gone)} is not there when it has been run: {refused}")
        if tables and major == plan.pg_version and found != plan.fingerprints[0]:
            raise InputError(
                f"--schema {schema}: {', '.join(plan.tables)} there is not as it was when the plan was made: give the schema"
                " from before it, or plan again"
            )
        return notes

    return checked


@contextmanager
def sandbox_of(wanted: Wanted) -> Iterator[Sandbox]:
    """The server, named on standard error, with a warning where it is another than the one that is meant, and where something
    stays on it."""
    sandbox = open_sandbox(wanted)
    say(f"rehearsing on PostgreSQL {sandbox.description}", err=True)
    if sandbox.warning:
        say(f"warning: {sandbox.warning}", err=True)
    try:
        with sandbox:
            yield sandbox
    finally:
        for left in sandbox.left:
            say(f"warning: {left}", err=True)


def queries_of(source: str | None, schema: str) -> tuple[Query, ...]:
    """The queries of a version of the app. `schema`: where its migrations are, which are no part of it."""
    if source is None:
        return ()
    from migrasafe.cli.inputs.app_version import read_app_version
    from migrasafe.cli.inputs.read import histories

    known = histories((schema,), None, {}) if not is_dsn(schema) and Path(schema).is_dir() else ()
    return read_app_version(source, known).queries


def _write_evidence(folder: Path, written: Written, plan: Plan) -> None:
    """Write a plan with its evidence into its folder. What is run stays as it is. Raises InputError."""
    try:
        texts = {
            name: (folder / name).read_text(encoding="utf-8") for name in written.files if name not in (RUNBOOK, PAGE)
        }
        ours = {name: text for name, text in texts.items() if name.endswith((".sql", ".toml")) and "/" not in name}
        of_tools = {name: text for name, text in texts.items() if name not in ours}
        documents = with_documents(plan, ours, of_tools, written.outputs)
        for name in (RUNBOOK, PAGE, PLAN):
            (folder / name).write_text(documents[name], encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder}: the evidence cannot be written: {error.strerror or error}") from error


def _tell(what: str) -> None:
    say(f"  {what}", err=True)


def _silent(what: str) -> None:
    pass
