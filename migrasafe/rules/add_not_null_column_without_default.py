"""ADD COLUMN … NOT NULL without a DEFAULT: it fails on a table with rows, and the running app's inserts fail after it."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Trouble
from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.set_not_null_by_full_scan import safe_way
from migrasafe.rules.wording import shown, sql_name
from migrasafe.sql.quote import quote_ident, spell_type
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
        spelled = spell_type(column.type) if column.type is not None else "…"
        name = quote_ident(column.name)
        yield step.finding(
            RULE.id,
            f"The statement fails if {shown(ref)} has a row, and inserts of the running app, which do not give {column.name}, "
            "fail after it.",
            help="Add it with a DEFAULT (no rewrite if it is a constant), or nullable first, and NOT NULL when it is filled.",
            action=failure.action,
            objects=(f"{ref}.{column.name}",),
            assumed=failure.assumed,
            steps=(
                "-- 1. one migration\n"
                f"ALTER TABLE {sql_name(ref)} ADD COLUMN {name} {spelled};\n"
                f"-- 2. deploy the app version that writes {column.name}, then fill the old rows in batches:\n"
                f"--    migrasafe backfill\n"
                "-- 3. then\n" + safe_way(ref, column.name, step)
            ),
        )


RULE = Rule(id="add-not-null-column-without-default", check=check, on=(AlterTable,), needs_failure=True)
