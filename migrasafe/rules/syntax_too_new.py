"""Syntax that the target version does not know yet."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import Stage, plan
from migrasafe.sql.syntax.functions import OF_EXTENSION


def check(step: Step) -> Iterator[Finding]:
    if step.situation.in_body:
        return  # the statement that it is a part of, or that made its function, is told of all that stands in it
    span = step.statement.span
    target = step.target.pg_version
    used = [one for one in step.script.newer if one.since > target and span.start <= one.span.start < span.end]
    for newer in used:
        if newer.function and _has_its_own(step, newer.function):
            continue
        assumed = (f"the server is PostgreSQL {step.target.pg_version}",) if step.target.pg_version_assumed else ()
        if newer.function:
            assumed = (*assumed, "no function of your own has this name")
        yield step.finding(
            RULE.id,
            f"{newer.feature} came with PostgreSQL {newer.since}: version {step.target.pg_version} does not know it.",
            severity=Severity.WARNING if newer.function and not step.schema.complete else Severity.ERROR,
            help=f"Write it without, or lint for the server you have: --pg-version {newer.since}.",
            assumed=assumed,
            fix=plan(
                step,
                Stage(f"bring the servers to PostgreSQL {newer.since} or newer", by_hand=True),
                Stage("this migration, as it stands", by_hand=True),
            ),
        )


def _has_its_own(step: Step, function: str) -> bool:
    """Whether the schema, or an extension of it, has a function of that name."""
    extension = OF_EXTENSION.get(function)
    if extension is not None and extension in step.schema.extensions:
        return True
    return bool(step.schema.functions.get(step.schema.resolve_function(None, function)))


RULE = Rule(id="syntax-too-new", check=check, needs_new_syntax=True)
