"""A new migration stands before one that has shipped: databases that are past it may never run it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step

_BY_GRAPH = frozenset({"alembic", "django"})
"""Their migrations name the one they come after: no place is too late."""


def check(step: Step) -> Iterator[Finding]:
    since = step.migration.since
    if since is None or since.overtaken_by is None or step.layout in _BY_GRAPH:
        return
    later = PurePath(since.overtaken_by)
    name = later.parent.name if later.stem in ("up", "migration") else later.name
    yield step.finding(
        RULE.id,
        f"This migration is new, and stands before {name}, which was in {since.ref}: a database that has run that one skips "
        "this one, refuses it, or runs it out of order.",
        severity=Severity.WARNING,
        help="Give it a version after the last one that has shipped.",
        assumed=(f"what is in {since.ref} has run somewhere",),
    )


RULE = Rule(id="late-migration", check=check, needs_git=True, once=True)
