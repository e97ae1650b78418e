"""BEGIN, COMMIT or ROLLBACK in a migration that its tool runs in a transaction."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.migrations.model import TransactionMode
from migrasafe.rules.context import Rule, Step
from migrasafe.sql.statements import Transaction


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, Transaction)
    if not step.session.tool_transaction or step.transaction is not TransactionMode.ONE or step.situation.in_body:
        return
    match statement.verb:
        case "begin":
            message = (
                "BEGIN does nothing in the transaction that the migration tool has begun: the COMMIT after it ends the tool's "
                "transaction."
            )
        case "commit":
            message = "COMMIT ends the transaction that the migration tool has begun."
        case "rollback":
            message = "ROLLBACK takes back all that was done in the transaction that the migration tool has begun."
        case _:
            return
    yield step.finding(
        RULE.id,
        f"{message} What follows, and the tool's note that this migration has run, are not in it: if one fails, the other stays.",
        severity=Severity.WARNING,
        help="Leave the transaction to the tool, or tell the tool to open none for this migration.",
    )


RULE = Rule(id="ends-tool-transaction", check=check, on=(Transaction,))
