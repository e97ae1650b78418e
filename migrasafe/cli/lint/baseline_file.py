"""`--baseline` and `--write-baseline`: the baseline's file, and what is said about it."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from migrasafe.baseline import (
    Baseline,
    Compared,
    baseline_of,
    compare,
    read_baseline,
    with_others,
    write_baseline,
)
from migrasafe.cli.terminal import say
from migrasafe.errors import InputError
from migrasafe.lint import LintResult
from migrasafe.plain_file import refuse_endless
from migrasafe.quantities import say_count

_SHOWN = 5


class BaselineFile:
    """A baseline where it lies; the paths in it are relative to its folder."""

    def __init__(self, path: str, *, may_be_missing: bool = False) -> None:
        """Raises InputError for a file that cannot be used."""
        self.path = Path(path)
        try:
            refuse_endless(self.path)
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            if not may_be_missing:
                raise InputError(f"{path}: there is no such baseline: make it with --write-baseline") from None
            self.baseline = Baseline(version=1, findings=())
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
        else:
            self.baseline = read_baseline(text, path)

    def without_known(self, result: LintResult, texts: Mapping[str, str], ran: Collection[str]) -> Compared:
        return compare(
            result,
            texts,
            self.baseline,
            relative=self._relative(result),
            ran=ran,
            there=self._there(),
        )

    def write(self, result: LintResult, texts: Mapping[str, str], ran: Collection[str]) -> Baseline:
        """Writes what is found, and what the file said of what was not looked at. Raises InputError."""
        relative = self._relative(result)
        linted = {relative[migration.path] for migration in result.migrations}
        there = self._there()
        written = with_others(baseline_of(result, texts, relative), self.baseline, linted=linted, ran=ran, there=there)
        try:
            self.path.write_text(write_baseline(written), encoding="utf-8")
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written: {error.strerror or error}") from error
        return written

    def _relative(self, result: LintResult) -> dict[str, str]:
        paths = {migration.path for migration in result.migrations}
        paths.update(finding.place.path for finding in result.findings)
        paths.update(notice.path for migration in result.migrations for notice in migration.notices)
        paths.update(notice.path for notice in result.notices)
        folder = self.path.resolve().parent
        return {path: os.path.relpath(Path(path).resolve(), folder).replace(os.sep, "/") for path in paths}

    def _there(self) -> frozenset[str]:
        """The files of the baseline that still exist."""
        folder = self.path.resolve().parent
        paths = {one.path for one in self.baseline.findings} | {one.path for one in self.baseline.notes}
        return frozenset(path for path in paths if (folder / path).exists())


def tell_compared(compared: Compared, path: str) -> None:
    """Says on standard error how much the baseline took out, and what of it is fixed."""
    if not compared.known and not compared.fixed and not compared.known_notes:
        return
    notes = f" and {say_count(compared.known_notes, 'note')}" if compared.known_notes else ""
    said = f"{say_count(compared.known, 'finding')}{notes} not shown: in {path}"
    fixed = compared.fixed
    if fixed:
        listed = ", ".join(f"{one.path}: {one.rule}" for one in fixed[:_SHOWN])
        more = f" and {len(fixed) - _SHOWN} more" if len(fixed) > _SHOWN else ""
        gone, them = ("has", "it") if len(fixed) == 1 else ("have", "them")
        said += (
            f"\n{say_count(len(fixed), 'finding')} of the baseline {gone} been fixed since ({listed}{more}): "
            f"take {them} out with --write-baseline"
        )
    say(said, err=True)


def tell_written(written: Baseline, path: str) -> None:
    files = len({one.path for one in written.findings})
    notes = f", and {say_count(len(set(written.notes)), 'note')}" if written.notes else ""
    found = f"{say_count(len(written.findings), 'finding')} in {say_count(files, 'file')}{notes}"
    say(f"Wrote {found} to {path}. Commit it: from now on only new findings are reported.", err=True)
