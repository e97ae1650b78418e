"""DROP EXPRESSION: a generated column is no longer computed for new rows."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.sql.statements import AlterTable, DropExpression


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, AlterTable)
    ref = step.situation.ref(statement.name)
    if not step.situation.exists_already(ref):
        return
    table, end = step.schema.table(ref), step.at_commit().table(ref)
    for index, action in enumerate(statement.actions):
        if not isinstance(action, DropExpression):
            continue
        column = table.column(action.column) if table is not None else None
        if column is not None and (column.generated is None or column.born.migration == step.moment.migration):
            continue
        left = end.column(action.column) if end is not None else None
        if left is None or left.default is not None or left.generated is not None:
            continue
        kept = "is NULL in rows that the running app inserts, and keeps its old value in rows that it updates"
        yield step.finding(
            RULE.id,
            f"{shown(ref)}.{action.column} {kept}.",
            severity=Severity.WARNING,
            help="Deploy an app version that computes the value itself first, or make a trigger that does in the same transaction.",
            action=index,
            objects=(f"{ref}.{action.column}",),
            lock=step.effects.lock_on(ref),
            assumed=("the running app does not write the column, which it cannot do yet",),
        )


RULE = Rule(id="drop-expression-in-use", check=check, on=(AlterTable,), actions=(DropExpression,))
