"""Applies fixes in rounds until nothing changes any more, looking at the result after each.

A fix that would not make its finding go away, or that would make an error where there was none, is taken back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from msgspec import Struct

from migrasafe.edits import edited, next_round
from migrasafe.errors import MigrasafeError
from migrasafe.findings import Edit, Finding, Severity
from migrasafe.lint import LintResult


class Fixed(Struct, frozen=True, kw_only=True):
    result: LintResult
    """What lint says of the texts after the fixes."""
    texts: Mapping[str, str]
    """The texts of the files that are different, by path."""
    fixed: int
    """How many findings were fixed."""


def fix_all(lint: Callable[[Mapping[str, str]], LintResult], read: Callable[[str], str | None]) -> Fixed:
    """Everything that can be fixed in files. `lint` gives what is found with other texts in the place of some files;
    `read` gives the text of a file, None for one that is not there."""
    texts: dict[str, str] = {}
    result = lint(texts)
    refused: set[tuple[str, str]] = set()
    fixed = 0
    while True:
        chosen = next_round(one for one in result.findings if (one.place.path, one.rule) not in refused)
        if not chosen.findings:
            return Fixed(result=result, texts=texts, fixed=fixed)
        changed, impossible = _changed(chosen.edits, texts, read)
        wrong = {(one.place.path, one.rule) for one in chosen.findings if _paths(one) & impossible}
        after = None if wrong else _lint(lint, {**texts, **changed})
        if after is None:
            wrong = wrong or {(one.place.path, one.rule) for one in chosen.findings}
        else:
            wrong = _not_better(chosen.findings, result, after)
        if wrong or after is None:
            refused |= wrong
            continue
        texts.update(changed)
        result = after
        fixed += len(chosen.findings)


def _changed(
    edits: Mapping[str, tuple[Edit, ...]], texts: Mapping[str, str], read: Callable[[str], str | None]
) -> tuple[dict[str, str], set[str]]:
    """The texts after the edits, and the paths of settings that say something else already."""
    changed, impossible = {}, set()
    for path, made in edits.items():
        text = texts[path] if path in texts else read(path)
        if text is not None and not path.endswith(".sql") and any(_says_otherwise(text, edit) for edit in made):
            impossible.add(path)
        changed[path] = edited(text or "", made)
    return changed, impossible


def _says_otherwise(text: str, edit: Edit) -> bool:
    """Whether a settings file has the key that the edit would put in."""
    key = edit.replacement.partition("=")[0].strip()
    return any(line.partition("=")[0].strip() == key for line in text.splitlines())


def _paths(finding: Finding) -> set[str]:
    return {edit.place.path for edit in finding.fix.edits}


def _lint(lint: Callable[[Mapping[str, str]], LintResult], texts: Mapping[str, str]) -> LintResult | None:
    """None where the changed files cannot be read any more."""
    try:
        return lint(texts)
    except MigrasafeError:
        return None


def _not_better(fixed: tuple[Finding, ...], before: LintResult, after: LintResult) -> set[tuple[str, str]]:
    """The fixes, by path and rule, after which the file does not have as many findings of the rule less, or has more
    errors of another."""
    was, now = _counts(before), _counts(after)
    wrong = set()
    for (path, rule), count in Counter((one.place.path, one.rule) for one in fixed).items():
        worse = any(
            now[key] > was[key] for key in now if key[0] == path and key[1] != rule and key[2] is Severity.ERROR
        )
        left = sum(now[path, rule, severity] for severity in Severity)
        if worse or left > sum(was[path, rule, severity] for severity in Severity) - count:
            wrong.add((path, rule))
    return wrong


def _counts(result: LintResult) -> Counter[tuple[str, str, Severity]]:
    return Counter((one.place.path, one.rule, one.severity) for one in result.findings)
