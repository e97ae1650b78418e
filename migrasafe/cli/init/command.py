"""`migrasafe init`: looks at a project, says what it found, and writes a config that says it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from migrasafe.cli.terminal import say
from migrasafe.config import find_config
from migrasafe.errors import InputError
from migrasafe.target import DEFAULT, NEWEST, OLDEST

if TYPE_CHECKING:
    from migrasafe.cli.init.server_version import SaidVersion
    from migrasafe.cli.init.survey import FoundFolder, Survey

_FILE = "migrasafe.toml"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--dry-run", is_flag=True, help="Print the config, and write nothing.")
def init(*, dry_run: bool) -> int:
    """Look at the project in this folder, say what was found, and write migrasafe.toml with it.

    It looks for migrations and their tool, the version of PostgreSQL that the project names, the app's queries, and the branch
    that is deployed. Nothing is changed but that file, and a config that is there is left alone.

    \b
    Example:
      migrasafe init --dry-run
    """
    from migrasafe.cli.init.survey import survey

    there = find_config(Path.cwd()).source
    if there is not None and not dry_run:
        raise InputError(f"{there}: is there already; `migrasafe init --dry-run` prints what init would write")
    found = survey(Path.cwd())
    text = config_text(found)
    for line in _told(found):
        say(line, err=dry_run)
    if dry_run:
        click.echo(text, nl=False)
        return 0
    try:
        with Path(_FILE).open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise InputError(f"{_FILE}: cannot be written: {error.strerror or error}") from error
    say(f"\nWrote {_FILE}. Next:")
    following = list(_next(found))
    widest = max(len(command) for command, _ in following)
    for command, why in following:
        say(f"  {command:<{widest}}  {why}")
    return 0


def _ours(found: Survey) -> tuple[FoundFolder, ...]:
    return tuple(one for one in found.folders if one.database is None and not one.for_tests)


def _told(found: Survey) -> Iterator[str]:
    if not _ours(found):
        yield "migrations   none found here: say where they are with paths"
    for one in found.folders:
        if one.database is not None:
            yield f"left out     {one.path}: for {one.database}"
        elif one.for_tests:
            yield f"left out     {one.path}: there for tests, by its name"
        elif one.problem is not None:
            yield f"migrations   {one.path}: {one.problem}"
        else:
            others = f" or {', '.join(one.others)}" if one.others else ""
            yield f"migrations   {one.path}: {one.migrations} of {one.tool}{others} ({one.why})"
    if found.versions:
        first = found.versions[0]
        rest = sorted({one.major for one in found.versions} - {first.major})
        also = f"; elsewhere {', '.join(map(str, rest))}" if rest else ""
        yield f"PostgreSQL   {first.major} ({first.path}:{first.line}{also})"
    elif found.unsupported:
        other = found.unsupported[0]
        yield f"PostgreSQL   {_unsupported(other)}: {_nearest(other)} is assumed"
    else:
        yield f"PostgreSQL   no file names a version: {DEFAULT} is assumed"
    if found.versions and found.unsupported:
        yield f"note         {_unsupported(found.unsupported[0])}"
    places = ", ".join(f"{place} {count}" for place, count in found.sources)
    yield f"queries      {found.queries} of the app{f' ({places})' if places else ''}"
    yield f"deployed     {found.branch or 'git tells no branch'}"


def _unsupported(one: SaidVersion) -> str:
    which = "older" if one.major < OLDEST else "newer"
    return f"{one.major} ({one.path}:{one.line}) is {which} than what migrasafe knows ({OLDEST} to {NEWEST})"


def _nearest(one: SaidVersion) -> int:
    return OLDEST if one.major < OLDEST else NEWEST


def config_text(found: Survey) -> str:
    """The config, each setting with a comment; those that are not needed stand there as comments."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Survey) -> Iterator[str]:
    folders = _ours(found)
    yield "# How migrasafe looks at this project; `migrasafe lint --explain-config` shows what"
    yield "# counts in the end."
    yield ""
    if folders:
        yield "# The migrations, relative to this file."
        yield f"paths = {_toml([_slashes(one.path) for one in folders])}"
    else:
        yield "# The migrations, relative to this file: none were found."
        yield '# paths = ["db/migrations"]'
    yield ""
    unsure = [one for one in folders if one.others]
    if unsure and len({one.tool for one in folders}) == 1:
        yield f"# The tool: {unsure[0].path} could be of {', '.join((unsure[0].tool, *unsure[0].others))}. Say which."
        yield f"layout = {_toml(unsure[0].tool)}"
    else:
        yield "# The tool, where the folder does not tell."
        yield f"# layout = {_toml(folders[0].tool if folders else 'flyway')}"
    yield ""
    if found.versions:
        first = found.versions[0]
        yield f"# The server's major version, as in {first.path}:{first.line}."
        yield "# Say that of production, 12 to 18."
        yield f"pg_version = {first.major}"
    elif found.unsupported:
        other = found.unsupported[0]
        yield f"# The server's major version, {OLDEST} to {NEWEST}:"
        yield f"# {_unsupported(other)}."
        yield f"pg_version = {_nearest(other)}"
    else:
        yield "# The server's major version, 12 to 18. No file of the project names it:"
        yield "# say that of production."
        yield f"# pg_version = {DEFAULT}"
    yield ""
    yield "# The app that runs now. With it, dropping what no query uses is no error, and"
    yield "# `migrasafe compat --new .` says which side is deployed first."
    yield f"# old = {_toml(found.branch or 'origin/main')}"
    yield ""
    yield "# From which severity on lint fails: error, warning, info, never."
    yield 'fail_on = "error"'
    yield ""
    yield "# Findings that were there before: `migrasafe lint --write-baseline` writes this"
    yield "# file, which counts if it is there."
    yield '# baseline = "migrasafe-baseline.json"'
    yield ""
    yield "# Rules that do not fit here; `migrasafe rules` lists all."
    yield '# ignore = ["missing-lock-timeout"]'
    yield ""
    yield "# [severity]"
    yield '# missing-lock-timeout = "info"'
    yield ""
    yield "# [per_path]"
    yield f'# "{_slashes(folders[0].path) if folders else "db/migrations"}/2019*" = {{ ignore = ["missing-lock-timeout"] }}'


def _next(found: Survey) -> Iterator[tuple[str, str]]:
    if not _ours(found):
        yield "migrasafe lint FOLDER", "the migrations, wherever they are"
        return
    yield "migrasafe lint --statistics", "count what is in them"
    yield "migrasafe lint --write-baseline", "report only what is new"
    if found.branch is not None:
        yield f"migrasafe lint --since {found.branch}", "what this branch brings"
    if found.queries and found.branch is not None:
        yield f"migrasafe compat --old {found.branch} --new .", "what breaks, who goes first"


def _slashes(path: str) -> str:
    return Path(path).as_posix()


def _toml(value: str | list[str]) -> str:
    """A TOML string or list of them; JSON spells those alike."""
    return msgspec.json.encode(value).decode().replace('","', '", "')
