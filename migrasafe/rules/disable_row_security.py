"""DISABLE ROW LEVEL SECURITY, or NO FORCE: rows that policies hid are shown."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.sql.statements import AlterTable, SetRowSecurity


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, AlterTable)
    ref = step.situation.ref(statement.name)
    before, after = step.schema.table(ref), step.at_commit().table(ref)
    if not step.situation.exists_already(ref) or after is None:
        return
    known = before is not None and before.complete
    for index, action in enumerate(statement.actions):
        if not isinstance(action, SetRowSecurity):
            continue
        disabled = action.enabled is False and not after.row_security
        unforced = action.forced is False and not after.row_security_forced
        if known and before is not None:
            disabled = disabled and before.row_security
            unforced = unforced and before.row_security and before.row_security_forced
        if disabled or unforced:
            whom = "Everybody who may read" if disabled else "The owner of"
            yield step.finding(
                RULE.id,
                f"{whom} {shown(ref)} sees and changes all of its rows: its policies hold no longer.",
                severity=Severity.WARNING,
                help="Keep row level security on, and let more rows through with a policy.",
                action=index,
                objects=(ref,),
                lock=step.effects.lock_on(ref),
            )


RULE = Rule(id="disable-row-security", check=check, on=(AlterTable,), actions=(SetRowSecurity,))
