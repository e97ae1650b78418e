"""Migrations judged by several processes at once. Each walks the history up to its own part, for the schema, and judges only
that part; the earliest part, which has the least to walk, is the largest."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from contextlib import ExitStack, suppress

import msgspec
from msgspec.structs import replace

from migrasafe.lint import LintedMigration, LintOptions, LintResult, judged, result_of
from migrasafe.migrations.model import History, Migration
from migrasafe.rules.context import Rule

_FEWEST = 200
"""Migrations that are worth a process of their own."""
_OF_THE_ONE_BEFORE = 0.55
"""How large a part is beside the one before it, so that all take the same time: judging takes a little longer than walking."""


def lint_side_by_side(
    histories: Sequence[History], rules: Sequence[Rule], options: LintOptions, jobs: int
) -> LintResult:
    """As `lint`, by up to `jobs` processes."""
    asked = [one for history in histories for one in history.migrations if options.reported(one)]
    jobs = min(jobs, len(asked) // _FEWEST) if hasattr(os, "fork") else 1
    first, *others = parts(asked, max(jobs, 1), alike=options.independent)
    with ExitStack() as running:
        started = [(part, running.enter_context(_Process(histories, rules, _only(options, part)))) for part in others]
        linted = judged(histories, rules, _only(options, first))
        for part, process in started:
            found = process.found()
            if found is None:  # it has failed, and says why when it is done again here
                linted += judged(histories, rules, _only(options, part))
            else:
                linted += tuple(map(_with_its_text, found, part))
    return result_of(histories, linted, options.target)


def parts(asked: Sequence[Migration], jobs: int, *, alike: bool) -> list[Sequence[Migration]]:
    """All of them in order, in `jobs` parts that take the same time. `alike`: where none has to walk what is before it."""
    weights = [1.0 if alike else _OF_THE_ONE_BEFORE**number for number in range(jobs)]
    ends = [round(len(asked) * sum(weights[: number + 1]) / sum(weights)) for number in range(jobs)]
    return [asked[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _only(options: LintOptions, part: Sequence[Migration]) -> LintOptions:
    ids = {id(migration) for migration in part}
    return replace(options, reported=lambda migration: id(migration) in ids)


def _with_its_text(linted: LintedMigration, migration: Migration) -> LintedMigration:
    return replace(linted, scripts=tuple(part.script for part in migration.parts), notices=migration.notices)


class _Process:
    """Another one that judges, begun from where this one is."""

    def __init__(self, histories: Sequence[History], rules: Sequence[Rule], options: LintOptions) -> None:
        self._histories, self._rules, self._options = histories, rules, options

    def __enter__(self) -> _Process:
        self._read, write = os.pipe()
        self._id = os.fork()
        if self._id == 0:
            self._judge(write)
        os.close(write)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._read)
        with suppress(ProcessLookupError):
            os.kill(self._id, signal.SIGKILL)
        os.waitpid(self._id, 0)

    def found(self) -> tuple[LintedMigration, ...] | None:
        """What it has found, without the texts of the migrations; None where it has failed."""
        with os.fdopen(os.dup(self._read), "rb") as pipe:
            told = pipe.read()
        try:
            return msgspec.msgpack.decode(told, type=tuple[LintedMigration, ...])
        except msgspec.DecodeError:
            return None

    def _judge(self, write: int) -> None:
        try:
            linted = judged(self._histories, self._rules, self._options)
            told = msgspec.msgpack.encode([replace(one, scripts=(), notices=()) for one in linted])
            with os.fdopen(write, "wb") as pipe:
                pipe.write(told)
        finally:
            os._exit(0)  # without what this process would do at its end: that is the other one's
