"""SonarQube's generic format for issues of other tools (10.3 and newer).

https://docs.sonarsource.com/sonarqube-server/analyzing-source-code/importing-external-issues/generic-issue-import-format
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from migrasafe.findings import Finding, Place, Severity
from migrasafe.lint import LintResult
from migrasafe.migrations.model import Notice
from migrasafe.report.words import NOT_CHECKED, explanation, in_repository, not_checked
from migrasafe.rules.page import page_ids, read_page

_IMPACTS = {Severity.ERROR: "HIGH", Severity.WARNING: "MEDIUM", Severity.INFO: "LOW"}
_SEVERITIES = {Severity.ERROR: "CRITICAL", Severity.WARNING: "MAJOR", Severity.INFO: "INFO"}


def render(result: LintResult, texts: Mapping[str, str] | None = None, *, color: bool = False) -> str:
    """The rules that were broken, and the issues. What could not be checked is an issue too."""
    unchecked = list(dict.fromkeys(not_checked(result)))
    broken = {finding.rule for finding in result.findings}
    rules = [_rule(rule, result.own_pages) for rule in page_ids(result.own_pages) if rule in broken]
    worst = {finding.rule: finding.severity for finding in reversed(result.findings)}
    pages = frozenset(page_ids(result.own_pages))
    rules += [
        _described(rule, rule.replace("-", " "), "", severity) for rule, severity in worst.items() if rule not in pages
    ]
    if unchecked:
        rules.append(_described(NOT_CHECKED, "A place could not be checked", "", Severity.WARNING))
    issues = [*(_issue(finding) for finding in result.findings), *(_unchecked(notice) for notice in unchecked)]
    return json.dumps({"rules": rules, "issues": issues}, indent=1, ensure_ascii=False) + "\n"


def _rule(rule: str, own: Mapping[str, str]) -> Mapping[str, Any]:
    page = read_page(rule, own)
    return _described(rule, page.facts.title, page.why, Severity(page.facts.severity))


def _described(rule: str, name: str, why: str, severity: Severity) -> Mapping[str, Any]:
    return {
        "id": rule,
        "name": name,
        "description": why or name,
        "engineId": "migrasafe",
        "cleanCodeAttribute": "LOGICAL",
        "type": "BUG",
        "severity": _SEVERITIES[severity],
        "impacts": [{"softwareQuality": "RELIABILITY", "severity": _IMPACTS[severity]}],
    }


def _issue(finding: Finding) -> Mapping[str, Any]:
    location = {
        "message": explanation(finding),
        "filePath": in_repository(finding.place.path),
        "textRange": _range(finding.place),
    }
    return {"ruleId": finding.rule, "primaryLocation": location}


def _range(place: Place) -> Mapping[str, int]:
    """Lines only: SonarQube refuses a report with one column outside of its line, and counts other units than we do."""
    last = place.end_line - 1 if place.end_column == 1 else place.end_line  # the end is after the last character
    return {"startLine": place.line, "endLine": max(place.line, last)}


def _unchecked(notice: Notice) -> Mapping[str, Any]:
    location = {
        "message": f"Not checked: {notice.message}",
        "filePath": in_repository(notice.path),
        "textRange": {"startLine": max(notice.line, 1)},
    }
    return {"ruleId": NOT_CHECKED, "primaryLocation": location}
