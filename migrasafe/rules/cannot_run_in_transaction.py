"""A statement that PostgreSQL refuses inside a transaction block."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Trouble
from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step


def check(step: Step) -> Iterator[Finding]:
    for failure in step.effects.failures:
        if failure.trouble is Trouble.NOT_IN_TRANSACTION:
            where = "the script's own BEGIN" if step.session.explicit else "the transaction of the migration tool"
            yield step.finding(
                RULE.id,
                f"{failure.reason}: it fails in {where}.",
                help="Put it into a migration of its own that runs without a transaction.",
                action=failure.action,
            )


RULE = Rule(id="cannot-run-in-transaction", check=check, needs_failure=True)
