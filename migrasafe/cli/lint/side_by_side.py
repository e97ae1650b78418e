"""Migrations judged by several processes at once. Each walks the history up to its own part, for the schema, and judges only
that part; the earliest part, which has the least to walk, is the largest."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from migrasafe.lint import LintedMigration, LintOptions, LintResult, judged, reported_of, result_of
from migrasafe.migrations.model import History
from migrasafe.rules.context import Rule

_FEWEST = 200
"""Migrations that are worth a process of their own."""
_OF_THE_ONE_BEFORE = 0.55
"""How large a part is beside the one before it, so that all take the same time: judging takes a little longer than walking."""


def lint_side_by_side(
    histories: Sequence[History], rules: Sequence[Rule], options: LintOptions, jobs: int
) -> LintResult:
    """As `lint`, by up to `jobs` processes."""
    wanted = (one for history in histories for one in reported_of(history, options))
    asked = [place for place, one in enumerate(wanted) if one]
    jobs = min(jobs, len(asked) // _FEWEST) if hasattr(os, "fork") else 1
    first, *others = parts(asked, max(jobs, 1), alike=options.independent)
    with ExitStack() as running:
        started = [(part, running.enter_context(_Process(histories, rules, options, part))) for part in others]
        linted = judged(histories, rules, options, frozenset(first))
        for part, process in started:
            found = process.found()
            if found is None:  # it has failed, and says why when it is done again here
                linted += judged(histories, rules, options, frozenset(part))
            else:
                linted += tuple(_with_its_text(one, place, histories) for one, place in zip(found, part, strict=True))
    return result_of(histories, linted, options.target)


def parts(asked: Sequence[int], jobs: int, *, alike: bool) -> list[Sequence[int]]:
    """All of them in order, in `jobs` parts that take the same time. `alike`: where none has to walk what is before it."""
    weights = [1.0 if alike else _OF_THE_ONE_BEFORE**number for number in range(jobs)]
    ends = [round(len(asked) * sum(weights[: number + 1]) / sum(weights)) for number in range(jobs)]
    return [asked[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _with_its_text(told: _Told, place: int, histories: Sequence[History]) -> LintedMigration:
    linted, has_text = told
    if not has_text:
        return linted
    for history in histories:
        if place < len(history.migrations):
            break
        place -= len(history.migrations)
    return replace(linted, scripts=tuple(part.script for part in history.migrations[place].parts))


_Told: TypeAlias = tuple[LintedMigration, bool]


class _Process:
    """Another one that judges, begun from where this one is."""

    def __init__(
        self, histories: Sequence[History], rules: Sequence[Rule], options: LintOptions, part: Sequence[int]
    ) -> None:
        self._histories, self._rules, self._options, self._part = histories, rules, options, part

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

    def found(self) -> tuple[_Told, ...] | None:
        """What it has found, without the texts of the migrations, and whether these are wanted; None where it has failed."""
        with os.fdopen(os.dup(self._read), "rb") as pipe:
            told = pipe.read()
        try:
            return msgspec.msgpack.decode(told, type=tuple[_Told, ...])
        except msgspec.DecodeError:
            return None

    def _judge(self, write: int) -> None:
        try:
            linted = judged(self._histories, self._rules, self._options, frozenset(self._part))
            told = msgspec.msgpack.encode([(replace(one, scripts=()), bool(one.scripts)) for one in linted])
            with os.fdopen(write, "wb") as pipe:
                pipe.write(told)
        finally:
            os._exit(0)  # without what this process would do at its end: that is the other one's
