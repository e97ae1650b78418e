"""Checkstyle's XML, which Jenkins, TeamCity, reviewdog and many editors read. https://checkstyle.org"""

from __future__ import annotations

from collections.abc import Mapping

from migrasafe.findings import Finding
from migrasafe.lint import LintResult
from migrasafe.migrations.model import Notice
from migrasafe.report.words import NOT_CHECKED, explanation, in_repository, not_checked
from migrasafe.report.xml_text import HEAD, attributes


def render(result: LintResult, texts: Mapping[str, str] | None = None, *, color: bool = False) -> str:
    """One `file` for each path, with its findings and what could not be checked as `error` elements."""
    by_file: dict[str, list[str]] = {}
    for finding in result.findings:
        by_file.setdefault(in_repository(finding.place.path), []).append(_error(finding))
    for notice in dict.fromkeys(not_checked(result)):
        by_file.setdefault(in_repository(notice.path), []).append(_unchecked(notice))
    files = [f" <file{attributes({'name': path})}>\n{''.join(errors)} </file>\n" for path, errors in by_file.items()]
    return f'{HEAD}<checkstyle version="10.0">\n{"".join(files)}</checkstyle>\n'


def _error(finding: Finding) -> str:
    values: dict[str, str | int] = {
        "line": finding.place.line,
        "column": finding.place.column,
        "severity": finding.severity.value,
        "message": explanation(finding),
        "source": f"migrasafe.{finding.rule}",
    }
    return f"  <error{attributes(values)}/>\n"


def _unchecked(notice: Notice) -> str:
    values: dict[str, str | int] = {
        "line": max(notice.line, 1),
        "severity": "warning",
        "message": f"Not checked: {notice.message}",
        "source": f"migrasafe.{NOT_CHECKED}",
    }
    return f"  <error{attributes(values)}/>\n"
