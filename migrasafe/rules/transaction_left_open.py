"""BEGIN without COMMIT: the locks stay, and the change is lost when the connection ends."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step
from migrasafe.sql.statements import Transaction

_ENDS = frozenset({"commit", "rollback", "prepare"})


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, Transaction)
    if statement.verb == "prepare":
        yield from _prepared(step)
        return
    if statement.verb != "begin" or step.session.tool_transaction:
        return
    if any(isinstance(later, Transaction) and later.verb in _ENDS for later in step.later):
        return
    yield step.finding(
        RULE.id,
        "This BEGIN is never committed: what follows holds its locks until the connection ends, and is lost then.",
        help="End the script with COMMIT.",
        steps="-- at the end of the script\nCOMMIT;",
    )


def _prepared(step: Step) -> Iterator[Finding]:
    """A prepared transaction outlives its connection, and a restart of the server."""
    if any(isinstance(later, Transaction) and later.verb.endswith(" prepared") for later in step.later):
        return
    yield step.finding(
        RULE.id,
        "This transaction is prepared and never committed: its locks stay, even when the connection ends or the server "
        "restarts, and vacuum cannot go past it.",
        help="Commit it in the same script, or do without PREPARE TRANSACTION.",
        replacement="COMMIT",
    )


RULE = Rule(id="transaction-left-open", check=check, on=(Transaction,))
