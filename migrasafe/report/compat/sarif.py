"""SARIF 2.1.0 at the app's own lines, for code scanning.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from migrasafe import __version__
from migrasafe.app.verdict import Breakage, CompatResult, MigrationVerdict, Weight
from migrasafe.report.compat.words import BREAKS_AFTER, NEEDS_FIRST, Texts, place_of, reason, rule_of, when
from migrasafe.report.words import in_repository

_LEVELS = {Weight.FAILS: "error", Weight.MAY_FAIL: "warning", Weight.RISK: "note"}
_ABOUT = {
    BREAKS_AFTER: "A version of the app that still runs breaks after the migration.",
    NEEDS_FIRST: "A version of the app breaks until the migration has run.",
}

_HELP = (
    "`migrasafe compat` holds what both versions of the app send to the server against the schema before and after each "
    "migration. Where one of them breaks on one side, the migration and the deploy have an order: see the steps in its report. "
    "Where no order works, `migrasafe plan` makes phases of the change."
)


def render(result: CompatResult, texts: Texts | None = None, *, color: bool = False) -> str:
    """One run; a result for each line of the app that breaks, before or after a migration."""
    known = texts or {}
    seen: Counter[str] = Counter()
    results = [_result(one, migration, known, seen) for migration in result.migrations for one in migration.breakages]
    rules = [
        {"id": rule, "shortDescription": {"text": text}, "help": {"text": _HELP, "markdown": _HELP}}
        for rule, text in _ABOUT.items()
    ]
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


def _result(one: Breakage, migration: MigrationVerdict, texts: Texts, seen: Counter[str]) -> Mapping[str, Any]:
    place = place_of(one, texts)
    region = {"startLine": place.line, "startColumn": place.column}
    if place.end_column > place.column:
        region["endColumn"] = place.end_column
    rule = rule_of(one)
    said = f"{when(one, migration)}: {reason(one)}"
    here = {"artifactLocation": {"uri": _uri(place.path)}, "region": region}
    there = {"artifactLocation": {"uri": _uri(migration.path)}}
    cause = f"{'mends' if one.before else 'breaks'} it ({migration.deploy.value})"
    fingerprint = _fingerprint(rule, migration.id, one, seen)
    steps = [
        {"location": {"physicalLocation": there, "message": {"text": f"{migration.id} {cause}"}}},
        {"location": {"physicalLocation": here, "message": {"text": reason(one)}}},
    ]
    return {
        "ruleId": rule,
        "ruleIndex": list(_ABOUT).index(rule),
        "level": _LEVELS[one.weight],
        "message": {"text": "\n".join(text for text in (said, one.rewrite) if text)},
        "locations": [{"physicalLocation": here}],
        "relatedLocations": [
            {"physicalLocation": there, "message": {"text": f"the migration ({migration.deploy.value})"}}
        ],
        # from the migration to the line of the app
        "codeFlows": [{"threadFlows": [{"locations": steps if not one.before else steps[::-1]}]}],
        "partialFingerprints": {"primaryLocationLineHash": f"{fingerprint}:1", "migrasafe/v1": fingerprint},
    }


def _fingerprint(rule: str, migration: str, one: Breakage, seen: Counter[str]) -> str:
    """What stays the same while the lines of the app move."""
    sql = " ".join(one.query.sql.split()) if one.query is not None else ""
    parts = (rule, migration, one.version.value, one.message, str(one.object), str(one.name), sql)
    alike = hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:32]
    seen[alike] += 1
    return alike if seen[alike] == 1 else hashlib.sha256(f"{alike}{seen[alike]}".encode()).hexdigest()[:32]


def _uri(path: str) -> str:
    """A relative path as a reference that code scanning resolves against the checkout."""
    return quote(in_repository(path), errors="surrogateescape")
