"""SQL that migrasafe cannot read: nothing is known of what it does."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.sql.statements import AlterTable, UnknownAction, Unrecognized


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    if isinstance(statement, AlterTable):
        for index, action in enumerate(statement.actions):
            if isinstance(action, UnknownAction):
                yield step.finding(
                    RULE.id,
                    f"migrasafe does not know this action ({action.subtype}): what it does is not checked.",
                    severity=Severity.WARNING,
                    action=index,
                )
        return
    assert isinstance(statement, Unrecognized)
    if statement.kind == "syntax error":
        yield step.finding(
            RULE.id, f"PostgreSQL cannot read this: {statement.reason}.", help="Nothing in it was checked."
        )
        return
    yield step.finding(
        RULE.id,
        f"Not checked: {statement.reason}.",
        severity=Severity.WARNING,
        help="Read it with the eyes of this rule book, and allow this finding with the reason why it is safe.",
    )


RULE = Rule(id="statement-not-understood", check=check, on=(Unrecognized, AlterTable), actions=(UnknownAction,))
