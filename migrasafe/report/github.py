"""Annotations for GitHub Actions: one workflow command per finding, shown beside the line in the pull request.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Mapping

from migrasafe.findings import Finding, Severity
from migrasafe.lint import LintResult
from migrasafe.migrations.model import Notice

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(result: LintResult, texts: Mapping[str, str] | None = None, *, color: bool = False) -> str:
    """A line for each finding, and for each place that could not be checked."""
    notices = (*result.notices, *(notice for migration in result.migrations for notice in migration.notices))
    lines = [_unchecked(notice) for notice in notices if notice.blocking]
    lines.extend(_annotation(finding) for finding in result.findings)
    return "".join(f"{line}\n" for line in lines)


def _annotation(finding: Finding) -> str:
    place, fix = finding.place, finding.fix
    properties = {
        "file": place.path,
        "line": str(place.line),
        "endLine": str(place.end_line),
        "title": finding.rule,
    }
    if place.line == place.end_line and place.end_column > place.column:  # GitHub takes columns of one line only
        properties |= {"col": str(place.column), "endColumn": str(place.end_column)}
    said = [
        finding.message,
        *(f"Assumed: {one}." for one in finding.assumed),
        finding.help,
        fix.replacement or fix.steps,
    ]
    return _command(_COMMANDS[finding.severity], properties, "\n".join(one for one in said if one))


def _unchecked(notice: Notice) -> str:
    properties = {"file": notice.path, "line": str(notice.line), "title": "not checked"}
    return _command("warning", properties, notice.message)


def _command(name: str, properties: Mapping[str, str], message: str) -> str:
    shown = ",".join(f"{key}={_escaped(value, {':': '%3A', ',': '%2C'})}" for key, value in properties.items())
    return f"::{name} {shown}::{_escaped(message, {})}"


def _escaped(text: str, also: Mapping[str, str]) -> str:
    for one, escape in {"%": "%25", "\r": "%0D", "\n": "%0A", **also}.items():
        text = text.replace(one, escape)
    return text
