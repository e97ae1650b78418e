"""The words that the reports for people share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from migrasafe.app.verdict import Breakage, CompatResult, Deploy, MigrationVerdict, Side, Version
from migrasafe.findings import Place

_NAME = re.compile(r"[\w.]+|\"[^\"]*\"|'[^']*'")

Texts = Mapping[Version, Mapping[str, str]]
"""The files of each version of the app, by path."""

RELEASE = {
    Deploy.BEFORE: "Run the migrations, then deploy.",
    Deploy.AFTER: "Deploy, wait until the old version is gone, then run the migrations.",
    Deploy.EITHER: "The order does not matter.",
    Deploy.SPLIT: "No single order works: follow the steps.",
    Deploy.UNKNOWN: "The order depends on what could not be seen.",
}


def cell(side: Side) -> str:
    """`works → breaks`."""
    return side.before.value if side.before is side.after else f"{side.before.value} → {side.after.value}"


BREAKS_AFTER, NEEDS_FIRST = "app-breaks-after-migration", "app-needs-migration-first"


def rule_of(one: Breakage) -> str:
    """What tools call it."""
    return NEEDS_FIRST if one.before else BREAKS_AFTER


def app_name(version: Version) -> str:
    return "old app" if version is Version.OLD else "new app"


def when(one: Breakage, migration: MigrationVerdict) -> str:
    """`old app, after 0003`."""
    return f"{app_name(one.version)}, {'before' if one.before else 'after'} {migration.id}"


def reason(one: Breakage) -> str:
    """The message, through what it comes, and what to know about it."""
    parts = [one.message]
    if one.through is not None:
        parts.append(f"(inside {one.through})")
    text = " ".join(parts)
    return f"{text}; {one.help}" if one.help else text


def place_of(one: Breakage, texts: Texts) -> Place:
    """The name in the app's source that a breakage is about."""
    location = one.location
    lines = texts.get(one.version, {}).get(location.path, "").split("\n")
    end = location.column
    if 1 <= location.line <= len(lines):
        found = _NAME.match(lines[location.line - 1], location.column - 1)
        end = found.end() + 1 if found is not None else location.column + 1
    return Place(path=location.path, line=location.line, column=location.column, end_line=location.line, end_column=end)


def shown_rows(result: CompatResult, most: int = 20) -> tuple[list[MigrationVerdict], int]:
    """The rows of the table, and how many others are left out: those that neither version minds, where there are many."""
    if len(result.migrations) <= most:
        return list(result.migrations), 0
    rows = [one for one in result.migrations if one.deploy is not Deploy.EITHER]
    return rows, len(result.migrations) - len(rows)


def by_place(breakages: Sequence[Breakage]) -> list[list[Breakage]]:
    """Those of one place of one version together, in the order of the first of each."""
    found: dict[tuple[object, ...], list[Breakage]] = {}
    for one in breakages:
        found.setdefault((one.version, one.before, one.weight, one.location), []).append(one)
    return list(found.values())
