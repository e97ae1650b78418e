"""What several reports say of a finding, in the same words."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from migrasafe.findings import Finding, Severity
from migrasafe.lint import LintResult
from migrasafe.migrations.model import Notice
from migrasafe.quantities import say_count

WIDTH = 88
"""Columns of prose, where no terminal has fewer."""
NOT_CHECKED = "not-checked"
"""What stands in the place of a rule where something could not be read."""


def explanation(finding: Finding) -> str:
    """All that is said of a finding: what happens, what was assumed, what to do instead, and the SQL and command for it."""
    assumed = (f"Assumed: {one}." for one in finding.assumed)
    command = finding.fix.command and f"In phases: {finding.fix.command}"
    said = [finding.message, *assumed, finding.help, instead(finding), command]
    return "\n".join(one for one in said if one)


def instead(finding: Finding) -> str:
    """The SQL to run in its place; empty where there is none."""
    replacement = finding.fix.replacement
    return f"{replacement.rstrip().removesuffix(';')};" if replacement else finding.fix.steps or ""


def notices(result: LintResult) -> Iterator[Notice]:
    """Of all histories, then of each migration."""
    yield from result.notices
    for migration in result.migrations:
        yield from migration.notices


def not_checked(result: LintResult) -> Iterator[Notice]:
    """Where silence would be false."""
    return (notice for notice in notices(result) if notice.blocking)


def counted(result: LintResult) -> dict[Severity, int]:
    """How many findings there are of each severity, the worst first."""
    counts = dict.fromkeys(Severity, 0)
    for finding in result.findings:
        counts[finding.severity] += 1
    return counts


def say_severity(count: int, severity: Severity) -> str:
    """`1 error`, `2 warnings`, `3 advice`."""
    return f"{count:,} advice" if severity is Severity.INFO else say_count(count, severity.value)


def found(result: LintResult) -> str:
    """`2 errors, 1 warning`, or `nothing found`."""
    return ", ".join(say_severity(count, one) for one, count in counted(result).items() if count) or "nothing found"


def in_repository(path: str) -> str:
    """A path as those want it who look it up in a checkout: relative to the root of the repository that the working folder
    is in, else to that folder; with slashes."""
    near = os.path.relpath(path, _root(Path.cwd()))
    return (path if near.startswith("..") else near).replace(os.sep, "/")


@cache
def _root(folder: Path) -> Path:
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)
