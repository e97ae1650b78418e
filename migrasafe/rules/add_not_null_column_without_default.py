"""ADD COLUMN … NOT NULL without a DEFAULT: it fails on a table with rows, and the running app's inserts fail after it."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Trouble
from migrasafe.findings import Finding
from migrasafe.rules.adding_column import column_steps
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.sql.statements import AddColumn, AlterTable


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, AlterTable)
    ref = step.situation.ref(statement.name)
    for failure in step.effects.failures:
        if failure.trouble is not Trouble.NULLS_IN_COLUMN or failure.action is None:
            continue
        action = statement.actions[failure.action]
        assert isinstance(action, AddColumn)
        column = action.column
        yield step.finding(
            RULE.id,
            f"The statement fails if {shown(ref)} has a row, and inserts of the running app, which do not give {column.name}, "
            "fail after it.",
            help="Add it with a DEFAULT (no rewrite if it is a constant), or nullable first, and NOT NULL when it is filled.",
            action=failure.action,
            objects=(f"{ref}.{column.name}",),
            assumed=failure.assumed,
            fix=column_steps(step, ref, failure.action),
        )


RULE = Rule(id="add-not-null-column-without-default", check=check, on=(AlterTable,), needs_failure=True)
