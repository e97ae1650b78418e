"""How often each rule was broken, most often first: for deciding where to begin, and what to allow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from migrasafe.findings import Severity
from migrasafe.lint import LintResult
from migrasafe.quantities import say_count
from migrasafe.report.text import render_not_checked, summary


def render(
    result: LintResult, texts: Mapping[str, str] | None = None, *, color: bool = False, width: int | None = None
) -> str:
    """A line for each rule and severity: how many findings in how many files, and whether --fix can change them."""
    found: Counter[tuple[str, Severity]] = Counter()
    files: dict[tuple[str, Severity], set[str]] = {}
    fixable: Counter[tuple[str, Severity]] = Counter()
    for finding in result.findings:
        key = finding.rule, finding.severity
        found[key] += 1
        files.setdefault(key, set()).add(finding.place.path)
        fixable[key] += bool(finding.fix.edits)
    ordered = sorted(found, key=lambda key: (-found[key], -key[1].weight, key[0]))
    rows = [
        (str(found[key]), key[1].value, key[0], f"in {say_count(len(files[key]), 'file')}{_fixable(fixable[key])}")
        for key in ordered
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    lines = [
        f"{count:>{widths[0]}}  {severity:<{widths[1]}}  {rule:<{widths[2]}}  {where}"
        for count, severity, rule, where in rows
    ]
    # The places come first: there may be hundreds, and what was asked for is what the eye ends at.
    blocks = [*render_not_checked(result, color=color, width=width), *(["\n".join(lines)] if lines else [])]
    return "\n\n".join([*blocks, summary(result, color=color, width=width)]) + "\n"


def _fixable(count: int) -> str:
    return f", --fix changes {count}" if count else ""
