"""SET NOT NULL that has to look at every row while nobody can read the table."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Cause, Work
from migrasafe.findings import Finding, Fix
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.in_phases import in_phases
from migrasafe.rules.instead import NEXT_MIGRATION, Stage, others_with, plan
from migrasafe.rules.proving_not_null import NotNull
from migrasafe.rules.wording import shown
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import AlterTable, SetNotNull


def check(step: Step) -> Iterator[Finding]:
    for work in step.work(Cause.SET_NOT_NULL):
        column = work.column or ""
        yield step.finding(
            RULE.id,
            f"Reads and writes of {shown(work.relation)} wait while every row is checked for a NULL in {column}.",
            help="Prove it first with a constraint that is validated while the table stays in use.",
            work=work,
            command=in_phases(step, "not-null", work.relation, column),
            fix=not_null_first(step, work),
        )


def not_null_first(step: Step, work: Work) -> Fix:
    """The proof, with the rest of the statement where that is about something else."""
    column = work.column or ""
    on, name = step.table_name, quote_ident(column)
    not_null = NotNull(step=step, table=work.relation, on=on, name=name, column=column)
    statement = step.statement
    assert isinstance(statement, AlterTable)
    if work.action is not None and isinstance(statement.actions[work.action], SetNotNull):
        return plan(step, *not_null.stages(others_with(step, work.action, None)))
    return plan(step, *not_null.stages(), Stage(NEXT_MIGRATION, (step.sql(),)))


RULE = Rule(id="set-not-null-by-full-scan", check=check, on=(AlterTable,), needs_work=True)
