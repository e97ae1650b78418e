"""Syntax that the target version does not know yet."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step


def check(step: Step) -> Iterator[Finding]:
    span = step.statement.span
    for newer in step.script.newer:
        if newer.since <= step.target.pg_version or not span.start <= newer.span.start < span.end:
            continue
        yield step.finding(
            RULE.id,
            f"{newer.feature} came with PostgreSQL {newer.since}: version {step.target.pg_version} does not know it.",
            help=f"Write it without, or lint for the server you have: --pg-version {newer.since}.",
            assumed=(f"the server is PostgreSQL {step.target.pg_version}",) if step.target.pg_version_assumed else (),
        )


RULE = Rule(id="syntax-too-new", check=check)
