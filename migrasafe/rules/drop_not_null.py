"""DROP NOT NULL: the running app may read NULL where there never was one."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.in_phases import in_phases
from migrasafe.rules.wording import shown
from migrasafe.sql.statements import AlterTable, DropNotNull


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, AlterTable)
    ref = step.situation.ref(statement.name)
    if not step.situation.exists_already(ref):
        return
    table, end = step.schema.table(ref), step.at_commit().table(ref)
    for index, action in enumerate(statement.actions):
        if not isinstance(action, DropNotNull):
            continue
        column = table.column(action.column) if table is not None else None
        if column is not None and (column.born.migration == step.moment.migration or not column.not_null):
            continue
        left = end.column(action.column) if end is not None else None
        if left is None or left.not_null:
            continue
        yield step.finding(
            RULE.id,
            f"The running app may read NULL from {shown(ref)}.{action.column} as soon as the new version writes one.",
            severity=Severity.INFO,
            help="Deploy an app version that can read NULL there before one that writes it.",
            action=index,
            objects=(f"{ref}.{action.column}",),
            command=in_phases(step, "nullable", ref, action.column),
            lock=step.effects.lock_on(ref),
            assumed=("the new app version writes NULL",),
        )


RULE = Rule(id="drop-not-null", check=check, on=(AlterTable,), actions=(DropNotNull,))
