"""The options by which a command of `migrasafe backfill` is told which job: a name, a file, or what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import Any, TypeVar

import click
from msgspec.structs import replace

from migrasafe.backfill.job.file import JobFile, job_path, read_job_file, walk_from
from migrasafe.backfill.job.spec import Spec, key_from_text
from migrasafe.errors import InputError

_Command = TypeVar("_Command", bound=Callable[..., Any])
_OPTIONS = (
    click.option("--table", metavar="TABLE", help="The table that is filled: schema.table, quoted as in SQL."),
    click.option(
        "--set", "assignments", multiple=True, metavar="'COL = EXPR'", help="What each row gets; may be repeated."
    ),
    click.option(
        "--where", metavar="CONDITION", help="Only rows for which it holds; best one that the change makes false."
    ),
    click.option("--key", metavar="COLUMNS", help="Walk by these columns. [default: the primary key, or a unique one]"),
    click.option("--delete", is_flag=True, help="Delete the rows for which --where holds, instead of changing them."),
    click.option("--into", metavar="TABLE", help="Copy rows into this table; --set then gives its columns."),
    click.option(
        "--walk", type=click.Choice(["auto", "key", "blocks"]), default=None, help="How to go through the table."
    ),
    click.option("--name", metavar="NAME", help="The job's name. [default: made of table and columns]"),
)


def job_options(command: _Command) -> _Command:
    """The options that say what a job does."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def wanted_job(job: str | None, said: Mapping[str, Any]) -> JobFile | str:
    """A new job, or the name of one that is there."""
    spec_options = ("table", "assignments", "where", "key", "into", "walk", "delete")
    by_options = [name for name in spec_options if said[name]]
    if job is None:
        if not said["table"]:
            raise InputError("which backfill? Give a job's name, a TOML file, or --table and --set")
        spec = Spec(
            table=said["table"],
            set=", ".join(said["assignments"]) or None,
            where=said["where"],
            key=key_from_text(said["key"] or ""),
            into=said["into"],
            walk=walk_from(said["walk"] or "auto", "--walk"),
            delete=said["delete"],
        )
        return JobFile(spec=spec, name=said["name"], settings={})
    if by_options:
        option = {"assignments": "set"}.get(by_options[0], by_options[0])
        raise InputError(f"--{option} and a job ({job}) exclude each other: the job says what it does")
    path = Path(job)
    if path.suffix == ".toml" or path.is_dir():
        file = read_job_file(job_path(path))
        return replace(file, name=said["name"] or file.name)
    if said["name"]:
        raise InputError(f"--name and the name of a job ({job}) exclude each other")
    return job


@contextmanager
def naming_the_file(job: str | None, wanted: JobFile | str) -> Iterator[None]:
    """Say of what does not fit the server from which file it is; and where that is of a plan, what tells what comes before."""
    try:
        yield
    except InputError as error:
        if job is None or isinstance(wanted, str):
            raise
        from migrasafe.plan.output.write_plan import PLAN

        path = job_path(Path(job))
        hint = f"; `migrasafe plan --status {quote(str(path.parent))}` says what has to be run before"
        raise InputError(
            f"{_place(path, str(error))}: {error}{hint if (path.parent / PLAN).exists() else ''}"
        ) from error


def _place(path: Path, said: str) -> str:
    """The file, with the line of the key that a sentence begins with: `set: there is no column totl`, `--into: …`."""
    from migrasafe.toml_file import place_in

    whole, key = place_in(path), said.split(maxsplit=1)[0].strip("-:")
    return (whole / key if key in whole else whole).line
