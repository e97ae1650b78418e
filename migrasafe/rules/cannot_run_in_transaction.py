"""A statement that PostgreSQL refuses inside a transaction block."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Trouble
from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import outside_transaction, outside_words

_TROUBLE = (Trouble.NOT_IN_TRANSACTION, Trouble.TRANSACTION_END_IN_BODY)


def check(step: Step) -> Iterator[Finding]:
    for failure in step.effects.failures:
        if failure.trouble in _TROUBLE:
            yield step.finding(
                RULE.id,
                f"{failure.reason}: it fails in {_where(step, failure.trouble)}.",
                help=f"Run it {outside_words(step)}, in a migration of its own."
                if failure.trouble is Trouble.NOT_IN_TRANSACTION
                else "Call it in a migration that runs without a transaction, or leave the transaction to the caller.",
                action=failure.action,
                fix=outside_transaction(step, None),
            )


def _where(step: Step, trouble: Trouble) -> str:
    if trouble is Trouble.NOT_IN_TRANSACTION and step.situation.in_body:
        return "a function" if step.callers else "a DO block"
    if step.session.explicit:
        return "the script's own BEGIN"
    if step.session.tool_transaction:
        return "the transaction of the migration tool"
    return "the transaction that is open here"


RULE = Rule(id="cannot-run-in-transaction", check=check, needs_failure=True)
