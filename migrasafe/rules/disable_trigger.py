"""DISABLE TRIGGER, and session_replication_role: triggers and foreign keys do nothing."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown, sql_name
from migrasafe.schema.model import Ref, Table
from migrasafe.sql.statements import AlterTable, ConstraintKind, Dml, SetTriggers, SetVariable, Statement, Update


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    if isinstance(statement, SetVariable):
        yield from _replica_role(step, statement)
        return
    assert isinstance(statement, AlterTable)
    ref = step.situation.ref(statement.name)
    if not step.situation.exists_already(ref):
        return
    for index, action in enumerate(statement.actions):
        if isinstance(action, SetTriggers) and not action.enabled and not action.rule:
            yield from _disabled(step, ref, action, index)


def _disabled(step: Step, ref: Ref, action: SetTriggers, index: int) -> Iterator[Finding]:
    restored = any(_enables(later, action, ref, step) for later in step.until_commit())
    everything = action.which == "all"
    if restored and not (everything and any(_writes(later, ref, step) for later in step.until_commit())):
        return
    which = {"all": "ALL", "user": "USER"}.get(action.which, action.name or "")
    if restored:
        message = f"What this migration writes to {shown(ref)} is not checked against its foreign keys, now or later."
    elif everything:
        message = f"The foreign keys of {shown(ref)} are not checked any more, and none of its triggers runs."
    elif action.which == "user":
        message = f"None of the triggers of {shown(ref)} runs for the writes of the app."
    else:
        message = f"The trigger {action.name} of {shown(ref)} does not run for the writes of the app."
    yield step.finding(
        RULE.id,
        message,
        severity=Severity.ERROR if everything and not restored else Severity.WARNING,
        help="Disable only the trigger that is in the way (USER leaves foreign keys on), and enable it again in the same "
        "transaction.",
        action=index,
        objects=(ref,),
        lock=step.effects.lock_on(ref),
        steps=None if restored else f"-- in the same transaction\nALTER TABLE {sql_name(ref)} ENABLE TRIGGER {which};",
    )


def _enables(later: Statement, disabled: SetTriggers, ref: Ref, step: Step) -> bool:
    if not isinstance(later, AlterTable) or step.situation.ref(later.name) != ref:
        return False
    return any(
        isinstance(action, SetTriggers)
        and action.enabled
        and (action.which in ("all", disabled.which) and (action.which != "one" or action.name == disabled.name))
        for action in later.actions
    )


def _writes(later: Statement, ref: Ref, step: Step) -> bool:
    """Whether the statement may break a foreign key of the table."""
    if not isinstance(later, Dml) or step.situation.ref(later.table) != ref:
        return False
    table = step.schema.table(ref)
    if table is None or not table.complete:
        return True
    keys = [one for one in table.constraints if one.kind is ConstraintKind.FOREIGN_KEY]
    referenced = any(isinstance(step.schema.relation(one), Table) for one in step.schema.dependents_of(ref))
    if not isinstance(later, Update):
        return bool(keys) or referenced
    assigned = {column for column, _ in later.assignments}
    return any(not assigned.isdisjoint(key.columns) for key in keys)


def _replica_role(step: Step, statement: SetVariable) -> Iterator[Finding]:
    if statement.name != "session_replication_role" or statement.values != ("replica",):
        return
    tables = (step.situation.ref(one.table) for one in step.later if isinstance(one, Dml))
    ref = next((ref for ref in tables if not _is_made_here(step, ref)), None)
    if ref is None:
        return
    yield step.finding(
        RULE.id,
        f"What this migration writes to {shown(ref)} is not checked against foreign keys, and runs no trigger.",
        severity=Severity.WARNING,
        help="Disable only the trigger that is in the way, and enable it again in the same transaction.",
        objects=(ref,),
    )


def _is_made_here(step: Step, ref: Ref) -> bool:
    """Whether the migration makes the table, before or after this statement."""
    made = step.at_end().relation(ref)
    return made is not None and made.born.migration == step.moment.migration


RULE = Rule(id="disable-trigger", check=check, on=(AlterTable, SetVariable), actions=(SetTriggers,))
