"""One document of an editor, linted with the texts that are not saved and with its history."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from msgspec import Struct

from migrasafe.cli.lint.run import Only, Run, Scope
from migrasafe.cli.lint.settings import settings_of
from migrasafe.errors import InputError, MigrasafeError
from migrasafe.findings import Finding
from migrasafe.migrations.model import Notice

_NOTHING_SAID: Mapping[str, object] = {"select": (), "ignore": ()}


class Checked(Struct, frozen=True, kw_only=True):
    """What is to be shown of one document."""

    findings: tuple[Finding, ...] = ()
    notices: tuple[Notice, ...] = ()
    """Places of it that could not be checked."""
    problem: str = ""
    """Why nothing could be checked at all."""
    pages: Mapping[str, str] = {}
    """The files with the pages of the project's own rules, by id."""


def check(path: Path, unsaved: Mapping[str, str]) -> Checked:
    """What lint finds in a file, by the config of the working folder. `unsaved`: the texts of open documents by path. A file
    that is no migration has nothing to show."""
    try:
        asked = settings_of((), None, _NOTHING_SAID)
        scope = Scope(only=Only.of([str(path)], search=not asked.settings.paths))
        result = Run(asked, scope, render_on=None, baseline=asked.settings.baseline).lint(unsaved).result
    except MigrasafeError as error:
        return Checked(problem=str(error))
    real = path.resolve()
    here = [one for migration in result.migrations for one in migration.notices if one.blocking]
    return Checked(
        findings=tuple(one for one in result.findings if Path(one.place.path).resolve() == real),
        notices=tuple(one for one in dict.fromkeys(here) if Path(one.path).resolve() == real),
        pages=asked.book.own_pages,
    )


def make_plan(command: str, folder: Path) -> str:
    """Carries out a `migrasafe plan …` of a finding, into a folder; what it prints. Raises InputError."""
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if words[:2] != ["migrasafe", "plan"]:
        raise InputError(f"{command or 'nothing'}: is no plan")
    before = next((after for word, after in pairwise(words) if word == "--before"), None)
    if before is not None and not Path(before).exists():
        raise InputError(f"{before}: save it first, as a plan is made of what the files say")
    ran = subprocess.run(
        [sys.executable, "-m", *words, "--out", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if ran.returncode not in (0, 1):
        raise InputError(ran.stderr.strip().removeprefix("migrasafe: "))
    return ran.stdout
