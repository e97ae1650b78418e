"""Flyway's SQL callbacks: `<event>.sql` and `<event>__<description>.sql`, which run at a point of every `flyway migrate`.

https://documentation.red-gate.com/flyway/flyway-concepts/callbacks
"""

from __future__ import annotations

from enum import Enum

from migrasafe.regex import regex

_BEFORE = ("beforeMigrate",)
_AFTER = ("beforeRepeatables", "afterVersioned", "afterMigrate", "afterMigrateApplied")
_OTHERS = (
    *("beforeEachMigrate", "afterEachMigrate", "afterEachMigrateError", "afterMigrateError"),
    *("beforeEachMigrateStatement", "afterEachMigrateStatement", "afterEachMigrateStatementError"),
    *("beforeConnect", "afterConnect", "createSchema"),
)
_COMMANDS = ("Undo", "Clean", "Info", "Validate", "Baseline", "Repair")
_NAME = regex(r"^(?P<event>(?:before|after|create)[A-Za-z]+)(?:__.*)?\.sql$")


class Runs(Enum):
    """When a callback runs, next to the versioned migrations."""

    BEFORE = "before"
    AFTER = "after"
    ELSEWHERE = "elsewhere"
    """Around each migration, or after an error: part of runs that are not told apart here."""
    NEVER = "never"
    """With commands that do not migrate."""


def runs(file: str) -> Runs | None:
    """When the callback of this file name runs; None for a file that is no callback."""
    match = _NAME.match(file.rsplit("/", 1)[-1])
    event = match["event"] if match else ""
    if event in _BEFORE:
        return Runs.BEFORE
    if event in _AFTER:
        return Runs.AFTER
    if event in _OTHERS:
        return Runs.ELSEWHERE
    return Runs.NEVER if match and any(command in event for command in _COMMANDS) else None


def order(file: str) -> tuple[int, str, str]:
    """Sorts the callbacks that run after the versioned migrations: by their event, then by the description."""
    name = file.rsplit("/", 1)[-1]
    match = _NAME.match(name)
    event = match["event"] if match else ""
    return (_AFTER.index(event) if event in _AFTER else -1, name, file)
