"""GitLab's code quality report, shown in merge requests.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from migrasafe.findings import Finding, Severity
from migrasafe.fingerprints import fingerprints
from migrasafe.lint import LintResult
from migrasafe.migrations.model import Notice
from migrasafe.report.words import NOT_CHECKED, explanation, in_repository, not_checked

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(result: LintResult, texts: Mapping[str, str] | None = None, *, color: bool = False) -> str:
    """A list of issues: the findings, and what could not be checked."""
    pairs = zip(result.findings, fingerprints(result, texts or {}), strict=True)
    issues = [_issue(finding, fingerprint) for finding, fingerprint in pairs]
    issues.extend(_unchecked(notice) for notice in dict.fromkeys(not_checked(result)))
    return json.dumps(issues, indent=1, ensure_ascii=False) + "\n"


def _issue(finding: Finding, fingerprint: str) -> Mapping[str, Any]:
    place, path = finding.place, in_repository(finding.place.path)
    return {
        "type": "issue",
        "check_name": finding.rule,
        "description": " ".join(one for one in (finding.message, finding.help) if one),
        "content": {"body": explanation(finding)},
        "categories": ["Bug Risk"],
        "severity": _SEVERITIES[finding.severity],
        "fingerprint": _unique(path, fingerprint),
        "location": {"path": path, "lines": {"begin": place.line, "end": max(place.line, place.end_line)}},
    }


def _unchecked(notice: Notice) -> Mapping[str, Any]:
    path = in_repository(notice.path)
    return {
        "type": "issue",
        "check_name": NOT_CHECKED,
        "description": f"Not checked: {notice.message}",
        "categories": ["Bug Risk"],
        "severity": "minor",
        "fingerprint": _unique(path, NOT_CHECKED, notice.message, str(notice.line)),
        "location": {"path": path, "lines": {"begin": max(notice.line, 1)}},
    }


def _unique(*parts: str) -> str:
    """GitLab shows one issue for each fingerprint, so that the file has to be a part of it."""
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()
