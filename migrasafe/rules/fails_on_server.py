"""A statement that PostgreSQL refuses, for a reason that the schema shows."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Trouble
from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step

_OTHER_RULES = frozenset({Trouble.NOT_IN_TRANSACTION, Trouble.TRANSACTION_END_IN_BODY, Trouble.NULLS_IN_COLUMN})
_CAUGHT = {
    Trouble.DUPLICATE_COLUMN: "duplicate_column",
    Trouble.DUPLICATE_TABLE: "duplicate_table",
    Trouble.DUPLICATE_OBJECT: "duplicate_object",
}


def check(step: Step) -> Iterator[Finding]:
    for failure in step.effects.failures:
        if failure.trouble in _OTHER_RULES or not failure.certain:
            continue
        if _CAUGHT.get(failure.trouble, "") in step.catches or "others" in step.catches or step.may_run:
            continue
        guessed = failure.trouble is Trouble.NO_TRANSACTION and step.layout in ("", "plain") and not step.told
        yield step.finding(
            RULE.id,
            f"PostgreSQL refuses it: {failure.reason} ({failure.trouble.value}).",
            severity=Severity.WARNING if guessed else Severity.ERROR,
            action=failure.action,
            objects=failure.objects,
            assumed=("whatever runs the script opens no transaction (--in-transaction)",) if guessed else (),
        )


RULE = Rule(id="fails-on-server", check=check, needs_failure=True)
