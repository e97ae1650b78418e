"""The plan's SQL files, run by psql as they are: what the steps have shown has to be true of the texts that people run."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from msgspec import Struct

from migrasafe.plan.evidence import Failure, FileSeen
from migrasafe.plan.model import Phase, Plan
from migrasafe.plan.output.write_sql import files_of, sql_files
from migrasafe.postgres.psql import Psql, find_psql
from migrasafe.rehearse.phases.opening import open_phase
from migrasafe.rehearse.same.catalog_lines import Lines, catalog_lines, differences

NOTHING = "nothing to do"
"""What a file says of a step that is done already."""


class Ran(Struct, frozen=True, kw_only=True):
    psql: str = ""
    """Its version; empty: there is none on this machine."""
    files: tuple[FileSeen, ...] = ()
    notes: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()


def run_files(plan: Plan, files: Mapping[str, str], dsn: str, after: Sequence[Lines]) -> Ran:
    """Every file in its turn: run, run again, taken back, run again. `after`: the schema that the steps of each phase left."""
    other = tuple(_otherwise(plan, files))
    psql = find_psql()
    if psql is None:
        return Ran(
            failures=other, notes=("the SQL files were not run, only their steps: there is no psql on this machine",)
        )
    with tempfile.TemporaryDirectory(prefix="migrasafe-files-") as folder:
        running = _Running(plan, files, Path(folder), psql, dsn)
        failures = list(running.all(after))
    return Ran(psql=psql.version, files=tuple(running.seen.values()), failures=(*other, *failures))


def _otherwise(plan: Plan, files: Mapping[str, str]) -> Iterator[Failure]:
    """Files that are not what the steps of the plan come to, but for comments: without a timeout, say, or with one step less."""
    wanted = sql_files(plan)
    for name in sorted(wanted.keys() | files.keys()):
        told, is_there = (_without_comments(one.get(name, "")) for one in (wanted, files))
        if told != is_there:
            lines = zip_longest(told, is_there, fillvalue="")
            line, found = next((one, other) for one, other in lines if one != other)
            said = f"it says `{found.strip()}`" if found else "it ends"
            yield Failure(about="file", where=name, message=f"{said} where the steps of the plan say `{line.strip()}`")


def _without_comments(text: str) -> list[str]:
    lines = (line.partition(" -- ")[0].rstrip() for line in text.splitlines())
    return [line for line in lines if line and not line.lstrip().startswith("--")]


class _Running:
    def __init__(self, plan: Plan, files: Mapping[str, str], folder: Path, psql: Psql, dsn: str) -> None:
        self._plan, self._files, self._folder, self._psql, self._dsn = plan, files, folder, psql, dsn
        self.seen: dict[str, FileSeen] = {}
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")

    def all(self, after: Sequence[Lines]) -> Iterator[Failure]:
        """What did not hold, up to the first phase that cannot be run."""
        earlier: list[str] = []
        for phase, lines in zip(self._plan.phases, after, strict=False):
            failed = list(
                open_phase(self._plan, phase, self._dsn)
            )  # a job may find rows now that the walk did not leave
            failed += self._phase(phase, earlier, lines)
            yield from failed
            if failed:
                return
            earlier = files_of(phase, self._files)[0]

    def _phase(self, phase: Phase, earlier: Sequence[str], lines: Lines) -> Iterator[Failure]:
        ahead, back, for_good = files_of(phase, self._files)
        before = catalog_lines(self._dsn)
        turns = (
            *((name, False) for name in ahead),
            *((name, True) for name in ahead),
            *((name, False) for name in back),
            *((name, True) for name in back),
        )
        for name, again in turns:
            wrong = self._run(name, over=again)
            if wrong:
                yield Failure(about="file", where=name, message=wrong)
                return
        stays = any(step.stays for step in phase.own_steps)
        rest = (*(earlier if back else ()), *(ahead if back else ()))
        if back and not stays:
            for name in earlier:  # what the way back took with it
                self._run(name)
            left = differences(before, catalog_lines(self._dsn))
            if left:
                yield Failure(
                    about="file", where=back[0], message=f"run, it leaves another schema than before: {left[0]}"
                )
        for name in (*rest, *for_good):
            wrong = self._run(name)
            if wrong:
                yield Failure(about="file", where=name, message=f"after the way back, {wrong}")
                return
        for name in for_good:
            wrong = self._run(name, over=True)
            if wrong:
                yield Failure(about="file", where=name, message=wrong)
        other = differences(lines, catalog_lines(self._dsn))
        if other:
            message = f"the files leave another schema than the steps of the plan: {'; '.join(other[:4])}"
            yield Failure(about="file", where=phase.name.value, message=message)

    def _run(self, name: str, *, over: bool = False) -> str:
        """Run a file; what was wrong. `over`: it has been run already, so that every step must say so."""
        begun_at = time.monotonic()
        run = self._psql.run(self._dsn, self._folder / name)
        seconds = round(time.monotonic() - begun_at, 3)
        if name not in self.seen:
            digest = hashlib.sha256(self._files[name].encode()).hexdigest()
            self.seen[name] = FileSeen(file=name, sha256=digest, seconds=seconds)
        if run.error:
            return f"psql says: {run.error}"
        steps = self._files[name].count(NOTHING)
        if over and run.said.count(NOTHING) != steps:
            return f"run again, {steps - run.said.count(NOTHING)} of its {steps} steps were not stepped over"
        return ""
