"""SARIF 2.1.0 at the app's own lines, for code scanning.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from migrasafe import __version__
from migrasafe.app.verdict import Breakage, CompatResult, MigrationVerdict, Weight
from migrasafe.report.compat.words import Texts, place_of, reason, when

_LEVELS = {Weight.FAILS: "error", Weight.MAY_FAIL: "warning", Weight.RISK: "note"}
_RULES = {
    "app-breaks-after-migration": "A version of the app that still runs breaks after the migration.",
    "app-needs-migration-first": "A version of the app breaks until the migration has run.",
}


def render(result: CompatResult, texts: Texts | None = None, *, color: bool = False) -> str:
    """One run; a result for each line of the app that breaks, before or after a migration."""
    known = texts or {}
    results = [_result(one, migration, known) for migration in result.migrations for one in migration.breakages]
    rules = [{"id": rule, "shortDescription": {"text": text}} for rule, text in _RULES.items()]
    run = {
        "tool": {"driver": {"name": "migrasafe", "semanticVersion": __version__, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not any(notice.blocking for notice in result.notices),
                "toolExecutionNotifications": [
                    {"level": "warning" if notice.blocking else "note", "message": {"text": notice.message}}
                    for notice in result.notices
                ],
            }
        ],
        "results": results,
        "properties": {"deploy": result.deploy.value},
    }
    document = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _result(one: Breakage, migration: MigrationVerdict, texts: Texts) -> Mapping[str, Any]:
    place = place_of(one, texts)
    region = {"startLine": place.line, "startColumn": place.column}
    if place.end_column > place.column:
        region["endColumn"] = place.end_column
    rule = list(_RULES)[1 if one.before else 0]
    return {
        "ruleId": rule,
        "ruleIndex": list(_RULES).index(rule),
        "level": _LEVELS[one.weight],
        "message": {"text": f"{when(one, migration)}: {reason(one)}"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(place.path)}, "region": region}}],
        "relatedLocations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": _uri(migration.path)}},
                "message": {"text": f"the migration ({migration.deploy.value})"},
            }
        ],
    }


def _uri(path: str) -> str:
    """A relative path as a reference that code scanning resolves against the checkout."""
    return quote(path.replace(os.sep, "/"))
