"""SARIF 2.1.0, which GitHub code scanning and many other tools read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from migrasafe import __version__
from migrasafe.findings import Finding, Severity
from migrasafe.fingerprints import fingerprints
from migrasafe.lint import LintResult
from migrasafe.migrations.model import Notice
from migrasafe.report.words import explanation, in_repository, notices
from migrasafe.rules.page import page_ids, read_page

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(result: LintResult, texts: Mapping[str, str] | None = None, *, color: bool = False) -> str:
    """One run with the findings as results, the pages of their rules, and what was not checked as notifications."""
    found = {finding.rule for finding in result.findings}
    rules = [rule for rule in page_ids(result.own_pages) if rule in found]
    index = {rule: number for number, rule in enumerate(rules)}
    all_notices = list(notices(result))
    marks = fingerprints(result, texts or {})
    run = {
        "tool": {
            "driver": {
                "name": "migrasafe",
                "semanticVersion": __version__,
                "rules": [_rule(rule, result.own_pages) for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not any(notice.blocking for notice in all_notices),
                "toolExecutionNotifications": [_notification(notice) for notice in all_notices],
            }
        ],
        "results": [
            _result(finding, index[finding.rule], mark) for finding, mark in zip(result.findings, marks, strict=True)
        ],
    }
    document = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _rule(rule: str, own: Mapping[str, str]) -> Mapping[str, Any]:
    page = read_page(rule, own)
    return {
        "id": rule,
        "shortDescription": {"text": f"{page.facts.title}."},
        "fullDescription": {"text": page.why},
        "help": {"text": f"{page.why}\n\nmigrasafe explain {rule} shows examples.", "markdown": page.text},
        "defaultConfiguration": {"level": _LEVELS[Severity(page.facts.severity)]},
        "properties": {"tags": ["postgresql", "migration", page.facts.category], "precision": "high"},
    }


def _result(finding: Finding, rule_index: int, fingerprint: str) -> Mapping[str, Any]:
    place = finding.place
    region = {"startLine": place.line, "startColumn": place.column, "endLine": place.end_line}
    if (place.end_line, place.end_column) > (place.line, place.column):
        region["endColumn"] = place.end_column
    reported: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.severity],
        "message": {"text": explanation(finding)},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(place.path)}, "region": region}}],
        # code scanning compares results by the first name, others by their own
        "partialFingerprints": {"primaryLocationLineHash": f"{fingerprint}:1", "migrasafe/v1": fingerprint},
    }
    if finding.fix.edits:
        reported["fixes"] = [_fix(finding)]
    return reported


def _fix(finding: Finding) -> Mapping[str, Any]:
    """All edits of a finding's fix, file by file; a region without width is where text is put in."""
    changes: dict[str, list[Mapping[str, Any]]] = {}
    for edit in finding.fix.edits:
        place = edit.place
        deleted = {
            "startLine": place.line,
            "startColumn": place.column,
            "endLine": place.end_line,
            "endColumn": place.end_column,
        }
        replacement = {"deletedRegion": deleted, "insertedContent": {"text": edit.replacement}}
        changes.setdefault(place.path, []).append(replacement)
    return {
        "description": {"text": finding.help or finding.message},
        "artifactChanges": [
            {"artifactLocation": {"uri": _uri(path)}, "replacements": replacements}
            for path, replacements in changes.items()
        ],
    }


def _notification(notice: Notice) -> Mapping[str, Any]:
    location = {"artifactLocation": {"uri": _uri(notice.path)}, "region": {"startLine": max(notice.line, 1)}}
    return {
        "level": "warning" if notice.blocking else "note",
        "message": {"text": notice.message},
        "locations": [{"physicalLocation": location}],
    }


def _uri(path: str) -> str:
    """A relative path as a reference that code scanning resolves against the checkout."""
    return quote(in_repository(path), errors="surrogateescape")
