"""Annotations for GitHub Actions: one workflow command per finding, shown beside the line in the pull request.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Mapping

from migrasafe.findings import Finding, Severity
from migrasafe.lint import LintResult
from migrasafe.migrations.model import Notice
from migrasafe.report.words import explanation, in_repository, not_checked

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(result: LintResult, texts: Mapping[str, str] | None = None, *, color: bool = False) -> str:
    """A line for each finding, and for each place that could not be checked."""
    lines = [_unchecked(notice) for notice in not_checked(result)]
    lines.extend(_annotation(finding) for finding in result.findings)
    return "".join(f"{line}\n" for line in lines)


def _annotation(finding: Finding) -> str:
    place = finding.place
    properties = {
        "file": in_repository(place.path),
        "line": str(place.line),
        "endLine": str(place.end_line),
        "title": finding.rule,
    }
    if place.line == place.end_line and place.end_column > place.column:  # GitHub takes columns of one line only
        properties |= {"col": str(place.column), "endColumn": str(place.end_column)}
    return _command(_COMMANDS[finding.severity], properties, explanation(finding))


def _unchecked(notice: Notice) -> str:
    properties = {"file": in_repository(notice.path), "line": str(notice.line), "title": "not checked"}
    return _command("warning", properties, notice.message)


def _command(name: str, properties: Mapping[str, str], message: str) -> str:
    shown = ",".join(f"{key}={_escaped(value, {':': '%3A', ',': '%2C'})}" for key, value in properties.items())
    return f"::{name} {shown}::{_escaped(message, {})}"


def _escaped(text: str, also: Mapping[str, str]) -> str:
    for one, escape in {"%": "%25", "\r": "%0D", "\n": "%0A", **also}.items():
        text = text.replace(one, escape)
    return text
