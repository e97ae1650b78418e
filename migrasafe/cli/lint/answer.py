"""What `migrasafe lint` does: reads the migrations, lints them, prints a report."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from migrasafe.cli.lint.run import Linted, Only, Run, Scope, server_to_render_on
from migrasafe.cli.lint.settings import BASELINE, Asked, settings_of
from migrasafe.cli.output import write
from migrasafe.cli.outputs import outputs as asked_for
from migrasafe.cli.terminal import columns, say, wants_color
from migrasafe.config import Settings
from migrasafe.errors import InputError
from migrasafe.findings import Severity
from migrasafe.lint import LintResult
from migrasafe.report import FORMATS, report_in_pieces

_MANY = 50
"""Findings that nobody reads through."""


def answer(
    paths: tuple[str, ...],
    *,
    report: str,
    outputs: tuple[str, ...],
    statistics: bool,
    show_allowed: bool,
    explain_config: bool,
    since: str | None,
    staged: bool,
    write_baseline: bool,
    no_baseline: bool,
    with_history: bool,
    config: str | None,
    no_config: bool,
    color: str,
    quiet: bool,
    fix: bool,
    diff: bool,
    down: bool,
    sandbox: bool,
    no_exec: bool,
    no_cache: bool,
    jobs: int | None,
    **said: Any,
) -> int:
    """Lints, prints, and gives the exit status; the settings are those of `options.py`. Raises MigrasafeError."""
    # Everything made here lives until the end, and little of it is cyclic: collecting garbage would only cost time.
    gc.disable()
    _exclude(paths, said, fix=fix, diff=diff, staged=staged, with_history=with_history, write_baseline=write_baseline)
    reports = asked_for("statistics" if statistics else report, outputs, FORMATS)
    with _as_staged() if staged else nullcontext(()) as staged_files:
        asked = settings_of(
            () if with_history else paths, config, said, no_config=no_config, no_baseline=no_baseline, no_exec=no_exec
        )
        settings = asked.settings
        if explain_config:
            return _explain_config(asked)
        _exclude_settled(settings, down=down)
        scope = Scope(
            since=since,
            only=_only(paths, staged_files if staged else None, with_history=with_history, searched=settings.paths),
            down=down,
            show_allowed=show_allowed,
            no_exec=no_exec,
            cache=not no_cache,
            jobs=jobs,
        )
        if no_exec and (down or sandbox):
            given = "--down" if down else "--sandbox"
            raise InputError(f"{given} runs the revisions, which --no-exec excludes; leave one of them out")
        with server_to_render_on(settings, sandbox=sandbox) as dsn:
            run = Run(asked, scope, render_on=dsn, baseline=None if write_baseline else settings.baseline)
            if diff:
                from migrasafe.cli.lint.fix import show_diff

                return _status(show_diff(run), settings.fail_on)
            linted = _fixed(run, quiet=quiet) if fix else run.lint()
    result = linted.result
    if show_allowed:
        return _show_allowed(linted, asked)
    if write_baseline:
        return _write_baseline(linted, asked)
    for one in reports:
        if one.file is None and quiet and not result.findings and not _unread(result):
            continue
        colored = color == "always" if one.file is not None else wants_color(color)
        width = columns() if one.file is None else None
        write(report_in_pieces(one.format, result, linted.texts, color=colored, width=width), one.file)
    if linted.compared is not None and settings.baseline is not None and not quiet:
        from migrasafe.cli.lint.baseline_file import tell_compared

        tell_compared(linted.compared, settings.baseline)
    if not (quiet or outputs or since or staged or with_history or settings.baseline) and report == "text":
        _advise(result, counted=statistics)
    return _status(result, settings.fail_on)


def _advise(result: LintResult, *, counted: bool) -> None:
    """Says to whoever sees the past of a project for the first time how to leave it be."""
    if len(result.findings) >= _MANY:
        counts = "" if counted else " --statistics counts by rule."
        say(f"To see only what is new: --since GIT_REF, or --write-baseline, once.{counts}", err=True)


def _exclude(
    paths: tuple[str, ...],
    said: Mapping[str, Any],
    *,
    fix: bool,
    diff: bool,
    staged: bool,
    write_baseline: bool,
    with_history: bool,
) -> None:
    """Raises InputError for options that make no sense together."""
    if fix and diff:
        raise InputError("--fix and --diff exclude each other: give one of them")
    if (fix or diff) and "-" in paths:
        raise InputError("--fix and --diff are about files: give their paths instead of -")
    if write_baseline and (fix or diff or staged):
        raise InputError("--write-baseline writes what is found: leave out --fix, --diff and --staged")
    if fix and staged:
        raise InputError("--fix changes files, --staged reads what is staged: give one of them")
    if (staged or with_history) and "-" in paths:
        raise InputError("standard input has no history and is not staged: give paths instead of -")
    if with_history and said["independent"]:
        raise InputError("--with-history and --independent exclude each other: give one of them")


def _exclude_settled(settings: Settings, *, down: bool) -> None:
    """Likewise for options that a config can give."""
    if settings.new is not None and settings.old is None:
        raise InputError("--new needs --old: what the running app uses decides about findings")
    if down and settings.old is not None:
        raise InputError("--down and --old exclude each other: a downgrade is judged without the app")


def _as_staged() -> AbstractContextManager[tuple[str, ...]]:
    from migrasafe.cli.inputs.staged import as_staged

    return as_staged()


def _only(
    paths: tuple[str, ...], staged: tuple[str, ...] | None, *, with_history: bool, searched: tuple[str, ...]
) -> Only | None:
    """The files to report on; None for all that is read."""
    if with_history:
        here = [Path(folder).resolve() for folder in (".", *searched)]
        for path in paths:
            if staged is None and not Path(path).exists():
                raise InputError(f"{path}: there is no such file or folder")
            if not any(Path(path).resolve().is_relative_to(folder) for folder in here):
                raise InputError(
                    f"{path}: --with-history looks for migrations below {here[0]}, and this is not there; run it in the"
                    " folder of that project"
                )
        return Only.of(paths, search=True)
    return None if staged is None else Only.of(staged, search=not paths)


def _explain_config(asked: Asked) -> int:
    from migrasafe.cli.lint.explain_config import explain_config

    say(explain_config(asked))
    return 0


def _show_allowed(linted: Linted, asked: Asked) -> int:
    from migrasafe.cli.lint.show_allowed import show_allowed

    say(show_allowed(linted, asked.book.known))
    return 0


def _write_baseline(linted: Linted, asked: Asked) -> int:
    from migrasafe.cli.lint.baseline_file import BaselineFile, tell_written

    path = asked.settings.baseline or _beside_config(asked)
    tell_written(BaselineFile(path, may_be_missing=True).write(linted.result, linted.texts, asked.ran), path)
    return 0


def _beside_config(asked: Asked) -> str:
    return os.path.relpath(asked.settings.folder / BASELINE)


def _fixed(run: Run, *, quiet: bool) -> Linted:
    from migrasafe.cli.lint.fix import fix

    return fix(run, quiet=quiet)


def _unread(result: LintResult) -> bool:
    """Whether something could not be read, so that silence about it would be false."""
    notices = (*result.notices, *(notice for migration in result.migrations for notice in migration.notices))
    return any(notice.blocking for notice in notices)


def _status(result: LintResult, fail_on: Severity | None) -> int:
    if fail_on is None:
        return 0
    worst = max((finding.severity.weight for finding in result.findings), default=0)
    if _unread(result):
        worst = max(worst, Severity.WARNING.weight)
    return 1 if worst >= fail_on.weight else 0
