"""The JSON report of `compat`: a contract that scripts stand on; `version` changes when it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrasafe.app.verdict import Breakage, CompatResult, MigrationVerdict, Side, Version, Weight
from migrasafe.json_text import json_line, json_list
from migrasafe.report.compat.words import Texts


def render(result: CompatResult, texts: Texts | None = None, *, color: bool = False) -> str:
    """One JSON document, keys in a fixed order."""
    head: dict[str, Any] = {
        "version": 1,
        "pg_version": result.pg_version,
        "old": result.old,
        "new": result.new,
        "deploy": result.deploy.value,
        "queries": {version.value: count for version, count in result.queries},
    }
    parts = [
        json_line(head)[1:-1],
        json_list("steps", [_step(step) for step in result.steps]),
        json_list("migrations", [_migration(one) for one in result.migrations]),
        json_list("left", [_breakage(one) for one in result.left]),
        json_list("unread", [_unread(one) for one in result.unread]),
        json_list("notices", [{"path": n.path, "message": n.message, "blocking": n.blocking} for n in result.notices]),
    ]
    return "{" + ",\n ".join(parts) + "}\n"


def _step(step: Any) -> Mapping[str, Any]:
    return {"do": step.kind.value, "migrations": list(step.migrations), "text": step.text}


def _migration(one: MigrationVerdict) -> Mapping[str, Any]:
    return {
        "path": one.path,
        "id": one.id,
        "deploy": one.deploy.value,
        "why": one.why,
        "hint": one.hint,
        "old_app": _side(one.old),
        "new_app": _side(one.new),
        "breaks": [_breakage(breakage) for breakage in one.breakages if breakage.weight is not Weight.RISK],
        "risks": [_breakage(breakage) for breakage in one.breakages if breakage.weight is Weight.RISK],
        "subscribers": [
            {
                "publication": change.publication,
                "table": str(change.table),
                "when": "before" if change.first else "after",
                "do": change.do,
                "reason": change.message or None,
            }
            for change in one.subscribers
        ],
        "not_understood": list(one.not_understood),
    }


def _side(side: Side) -> Mapping[str, str]:
    return {"before": side.before.value, "after": side.after.value}


def _breakage(one: Breakage) -> Mapping[str, Any]:
    return {
        "app": "old" if one.version is Version.OLD else "new",
        "when": "before" if one.before else "after",
        "certain": one.weight is Weight.FAILS,
        "readings_differ": one.uncertain,
        "path": one.location.path,
        "line": one.location.line,
        "column": one.location.column,
        "reason": one.message,
        "sqlstate": one.sqlstate or None,
        "object": str(one.object) if one.object is not None else None,
        "name": one.name,
        "through": str(one.through) if one.through is not None else None,
        "query": one.query.name or None if one.query is not None else None,
        "sql": one.query.sql if one.query is not None else None,
        "help": one.help or None,
        "rewrite": one.rewrite or None,
    }


def _unread(one: Any) -> Mapping[str, Any]:
    place = one.location
    return {"path": place.path, "line": place.line, "column": place.column, "reason": one.reason, "text": one.text}
