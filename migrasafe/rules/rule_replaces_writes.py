"""CREATE RULE … DO INSTEAD on a table in use: the app's writes do something else, or nothing."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import after_deploy
from migrasafe.rules.wording import shown
from migrasafe.schema.model import View
from migrasafe.sql.statements import CreateRule


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, CreateRule)
    ref = step.situation.ref(statement.table)
    if not statement.instead or statement.event == "select" or not step.situation.exists_already(ref):
        return
    if isinstance(step.schema.relation(ref), View):
        return  # that is how writes through a view were made possible before it had triggers
    event = statement.event.upper()
    some = "that the condition takes " if statement.conditional else ""
    if statement.nothing:
        message = f"{event}s of the running app on {shown(ref)} {some}do nothing and report success: the data is lost."
    else:
        message = (
            f"{event}s of the running app on {shown(ref)} {some}do something else instead, and fail with RETURNING."
        )
    yield step.finding(
        RULE.id,
        message,
        severity=Severity.WARNING if statement.conditional else Severity.ERROR,
        help="Use a trigger: it sees each row, can raise an error, and leaves RETURNING and the number of rows as they are.",
        objects=(ref,),
        lock=step.effects.lock_on(ref),
        fix=after_deploy(
            step, f"makes no {event}s on {shown(ref)}{' that the condition takes' if statement.conditional else ''}"
        ),
    )


RULE = Rule(id="rule-replaces-writes", check=check, on=(CreateRule,))
