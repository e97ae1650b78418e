"""The baseline: findings and notes that were there when migrasafe was adopted, so that only new ones are told.

A JSON file that people commit. Findings are known by fingerprint, notes by what they say of a file. Lines may move and
files may be renamed; what has been fixed since is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from migrasafe.errors import InputError
from migrasafe.fingerprints import fingerprints
from migrasafe.json_text import json_line
from migrasafe.lint import LintResult
from migrasafe.migrations.model import Notice

VERSION = 1


class Known(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One finding of the baseline."""

    path: str
    """Relative to the folder of the baseline, with slashes."""
    rule: str
    fingerprint: str
    message: str
    """For people who read the file."""


class KnownNote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was said of how a file is read."""

    path: str
    message: str


class Baseline(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: int
    findings: tuple[Known, ...]
    notes: tuple[KnownNote, ...] = ()
    """Also of what could not be checked."""


class Compared(Struct, frozen=True, kw_only=True):
    """A result held against a baseline."""

    result: LintResult
    """Without what is in the baseline."""
    known: int
    """How many findings that are."""
    known_notes: int
    """How many notes."""
    fixed: tuple[Known, ...]
    """What is in the baseline and is no longer found where it could have been."""


def read_baseline(text: str, shown: str) -> Baseline:
    """The baseline in a file's text. Raises InputError that names the file and what to do."""
    again = "write it again with --write-baseline"
    try:
        baseline = msgspec.json.decode(text, type=Baseline)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InputError(f"{shown}: is not a baseline of migrasafe ({error}): {again}") from error
    if baseline.version != VERSION:
        raise InputError(f"{shown}: is a baseline of version {baseline.version}, not {VERSION}: {again}")
    return baseline


def write_baseline(baseline: Baseline) -> str:
    """Its text: one finding on a line, in an order that changes as little as can be."""
    ordered = sorted(baseline.findings, key=lambda one: (one.path, one.rule, one.message, one.fingerprint))
    notes = sorted(set(baseline.notes), key=lambda one: (one.path, one.message))
    return f'{{"version": {baseline.version},\n "findings": {_listed(ordered)},\n "notes": {_listed(notes)}}}\n'


def _listed(values: Sequence[Known] | Sequence[KnownNote]) -> str:
    lines = ",\n  ".join(json_line(one) for one in values)
    return f"[\n  {lines}\n ]" if lines else "[]"


def baseline_of(result: LintResult, texts: Mapping[str, str], relative: Mapping[str, str]) -> Baseline:
    """All that is found. `relative` has the path of each file as the baseline writes it."""
    notices = (*result.notices, *(notice for migration in result.migrations for notice in migration.notices))
    notes = tuple(dict.fromkeys(_note(notice, relative) for notice in notices))
    return Baseline(version=VERSION, findings=_known(result, texts, relative), notes=notes)


def with_others(
    new: Baseline, old: Baseline, *, linted: Collection[str], ran: Collection[str], there: Collection[str]
) -> Baseline:
    """A new baseline with what an old one says of what was not looked at: files that are there and were not linted, rules
    that did not run."""
    kept = (one for one in old.findings if one.path in there and (one.path not in linted or one.rule not in ran))
    notes = (one for one in old.notes if one.path in there and one.path not in linted)
    return replace(new, findings=(*new.findings, *kept), notes=(*new.notes, *notes))


def compare(
    result: LintResult,
    texts: Mapping[str, str],
    baseline: Baseline,
    *,
    relative: Mapping[str, str],
    ran: Collection[str],
    there: Collection[str],
) -> Compared:
    """The result without what the baseline knows. `ran` are the rules that ran, `there` the files of the baseline that still
    exist: what is in a file that was not looked at, or of a rule that did not run, counts as there still. Pure."""
    left = Counter((one.path, one.rule, one.fingerprint) for one in baseline.findings)
    moved = Counter((one.rule, one.fingerprint) for one in baseline.findings if one.path not in there)
    known = iter(_known(result, texts, relative))
    total = 0
    notes = frozenset(baseline.notes)
    known_notes = 0

    def new_notes(notices: Sequence[Notice]) -> tuple[Notice, ...]:
        nonlocal known_notes
        left = tuple(notice for notice in notices if _note(notice, relative) not in notes)
        known_notes += len(notices) - len(left)
        return left

    of_all = new_notes(result.notices)
    migrations = []
    for migration in result.migrations:
        kept = []
        for finding in migration.findings:
            here = next(known)
            place, mark = (here.path, here.rule, here.fingerprint), (here.rule, here.fingerprint)
            if left[place] > 0:
                left[place] -= 1
            elif moved[mark] > 0:
                moved[mark] -= 1
            else:
                kept.append(finding)
                continue
            total += 1
        migrations.append(replace(migration, findings=tuple(kept), notices=new_notes(migration.notices)))
    linted = {relative.get(migration.path, migration.path) for migration in result.migrations}
    fixed = []
    for one in baseline.findings:
        place = one.path, one.rule, one.fingerprint
        if one.rule in ran and one.path in there and one.path in linted and left[place] > 0:
            left[place] -= 1
            fixed.append(one)
    left_over = replace(result, migrations=tuple(migrations), notices=of_all)
    return Compared(result=left_over, known=total, known_notes=known_notes, fixed=tuple(fixed))


def _note(notice: Notice, relative: Mapping[str, str]) -> KnownNote:
    return KnownNote(path=relative.get(notice.path, notice.path), message=notice.message)


def _known(result: LintResult, texts: Mapping[str, str], relative: Mapping[str, str]) -> tuple[Known, ...]:
    marks = fingerprints(result, texts)
    return tuple(
        Known(
            path=relative.get(finding.place.path) or finding.place.path,
            rule=finding.rule,
            fingerprint=mark,
            message=finding.message,
        )
        for finding, mark in zip(result.findings, marks, strict=True)
    )
