"""ALTER COLUMN TYPE that costs nothing: prepared statements that select the column fail once each."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Cause
from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.sql.statements import AlterColumnType, AlterTable


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, AlterTable)
    ref = step.situation.ref(statement.name)
    table = step.schema.table(ref)
    if table is None or statement.kind != "TABLE" or not step.situation.exists_already(ref):
        return
    for index, action in enumerate(statement.actions):
        column = table.column(action.column) if isinstance(action, AlterColumnType) else None
        if column is None or column.type is None or not isinstance(action, AlterColumnType):
            continue
        new = step.after.table(ref)
        after = new.column(action.column) if new is not None else None
        if after is None or after.type == column.type or column.born.migration == step.moment.migration:
            continue
        if any(work.action == index for work in step.effects.caused_by(Cause.COLUMN_TYPE, Cause.COLLATION)):
            continue  # change-column-type says what is worse
        yield step.finding(
            RULE.id,
            f"Prepared statements that select {shown(ref)}.{action.column} fail once in every session (0A000: cached plan must not "
            "change result type).",
            severity=Severity.INFO,
            help="Make sure that the app's driver prepares such a statement again, or run it when few sessions are open.",
            action=index,
            objects=(f"{ref}.{action.column}",),
            lock=step.effects.lock_on(ref),
            assumed=("the app keeps prepared statements",),
        )


RULE = Rule(id="type-change-breaks-prepared", check=check, on=(AlterTable,), actions=(AlterColumnType,))
