"""ADD VALUE to an enum: the running app may read a label that it does not know."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.sql.statements import AddEnumValue


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, AddEnumValue)
    found = step.situation.enum(statement.type)
    if found is not None and (found.born.migration == step.moment.migration or statement.label in found.labels):
        return
    yield step.finding(
        RULE.id,
        f"The running app may read '{statement.label}' from a column of {statement.type} as soon as the new version writes it.",
        severity=Severity.INFO,
        help="Deploy an app version that can read the label before one that writes it.",
        objects=(str(statement.type),),
        assumed=("the running app knows its labels by heart, as generated code does",),
    )


RULE = Rule(id="enum-value-unknown-to-app", check=check, on=(AddEnumValue,), default=False)
