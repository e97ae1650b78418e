"""The JSON report: a contract that scripts stand on; `version` changes when it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from migrasafe.findings import Edit, Finding
from migrasafe.json_text import json_list_in_pieces
from migrasafe.lint import LintedMigration, LintResult
from migrasafe.migrations.model import Notice


def render(result: LintResult, texts: Mapping[str, str] | None = None, *, color: bool = False) -> str:
    """One JSON document, keys in a fixed order."""
    return "".join(pieces(result))


def pieces(result: LintResult) -> Iterator[str]:
    """The document, piece by piece."""
    files = len({migration.path for migration in result.migrations})
    yield f'{{"version": 1, "pg_version": {result.target.pg_version},\n "files": {files}, "statements": {result.statements}'
    findings = (finding for migration in result.migrations for finding in migration.findings)
    for key, items in (
        ("findings", map(_finding, findings)),
        ("migrations", map(_migration, result.migrations)),
        ("notices", map(_notice, result.notices)),
    ):
        yield ",\n "
        yield from json_list_in_pieces(key, items)
    yield "}\n"


def _finding(finding: Finding) -> Mapping[str, Any]:
    place, fix = finding.place, finding.fix
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "path": place.path,
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
        "message": finding.message,
        "help": finding.help,
        "objects": list(finding.objects),
        "lock": finding.lock,
        "work": finding.work,
        "assumed": list(finding.assumed),
        "fix": {
            "kind": fix.kind,
            "replacement": fix.replacement,
            "steps": fix.steps,
            "edits": [_edit(edit) for edit in fix.edits],
            "command": fix.command,
        },
        "docs": f"migrasafe explain {finding.rule}",
    }


def _edit(edit: Edit) -> Mapping[str, Any]:
    place = edit.place
    return {
        "path": place.path,
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
        "replacement": edit.replacement,
    }


def _migration(migration: LintedMigration) -> Mapping[str, Any]:
    return {
        "path": migration.path,
        "id": migration.id,
        "transaction": migration.transaction,
        "deploy": migration.hint or "unknown",
        "notices": [_notice(notice) for notice in migration.notices] if migration.notices else [],
    }


def _notice(notice: Notice) -> Mapping[str, Any]:
    return {"path": notice.path, "line": notice.line, "message": notice.message, "blocking": notice.blocking}
