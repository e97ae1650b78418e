"""DROP TRIGGER: what it did for every write of the running app is no longer done."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import after_deploy
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Ref, Schema, Table, Trigger, View
from migrasafe.sql.statements import Drop


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, Drop)
    if statement.kind != "TRIGGER":
        return
    for dropped in statement.objects:
        if dropped.table is not None:
            yield from _dropped(step, statement, dropped.name.name, step.situation.ref(dropped.table))


def _dropped(step: Step, statement: Drop, name: str, ref: Ref) -> Iterator[Finding]:
    before = step.schema.relation(ref)
    trigger = _trigger(step.schema, ref, name)
    if not step.situation.exists_already(ref) or isinstance(before, View):
        return
    if trigger is None and (statement.if_exists or (isinstance(before, Table) and before.complete)):
        return
    if trigger is not None and (trigger.born.migration == step.moment.migration or not trigger.enabled):
        return
    if step.at_commit().relation(ref) is None or _does_the_same(step.at_commit(), ref, name, trigger):
        return
    again = _does_the_same(step.at_end(), ref, name, trigger)
    events = " and ".join(event.upper() for event in trigger.events) if trigger is not None else "write"
    yield step.finding(
        RULE.id,
        f"Rows that the app writes to {shown(ref)} before the trigger {name} is made again miss what it does."
        if again
        else f"No {events} of the running app on {shown(ref)} runs the trigger {name} any more, and nothing fails that would tell.",
        severity=Severity.WARNING,
        help="Drop it and make the new one in one transaction."
        if again
        else "Deploy an app version that does without it first, and drop it when the old version is gone.",
        objects=(f"{ref}.{name}",),
        lock=step.effects.lock_on(ref),
        fix=None if again else after_deploy(step, f"does without the trigger {name}"),
        assumed=() if again else ("the running app relies on it",),
    )


def _trigger(schema: Schema, ref: Ref, name: str) -> Trigger | None:
    table = schema.table(ref)
    return next((one for one in table.triggers if one.name == name), None) if table is not None else None


def _does_the_same(schema: Schema, ref: Ref, name: str, trigger: Trigger | None) -> bool:
    """Whether there is a trigger of this name, or another that runs the same function."""
    table = schema.table(ref)
    if table is None:
        return False
    return any(
        one.name == name or (trigger is not None and trigger.function is not None and one.function == trigger.function)
        for one in table.triggers
    )


RULE = Rule(id="drop-trigger-in-use", check=check, on=(Drop,))
