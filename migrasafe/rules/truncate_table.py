"""TRUNCATE of a table that was there before: its rows are lost."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Fix
from migrasafe.locks import LockMode
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import Stage, plan, shell
from migrasafe.rules.wording import shown, sql_name
from migrasafe.schema.model import Ref
from migrasafe.sql.statements import Truncate


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, Truncate)
    for name in statement.tables:
        ref = step.situation.ref(name)
        if step.situation.exists_already(ref):
            others = " and of every table that references it" if statement.cascade else ""
            yield step.finding(
                RULE.id,
                f"All rows of {shown(ref)}{others} are lost, and reads and writes wait meanwhile.",
                help="Deploy an app version that does without the rows, keep a copy of them, and empty the table then.",
                fix=_copy_first(step, ref),
                objects=(ref,),
                lock=LockMode.ACCESS_EXCLUSIVE,
            )


def _copy_first(step: Step, ref: Ref) -> Fix:
    """The rows in a file, for whoever misses them, and the statement when nobody does."""
    words = ("pg_dump", "--data-only", f"--table={sql_name(ref)}", f"--file={shown(ref)}.sql")
    return plan(
        step,
        Stage(f"deploy the app version that does without the rows of {shown(ref)}"),
        Stage("when the old version is gone, from a shell", (f"--    {' '.join(map(shell, words))}",)),
        Stage("when the file is in a safe place", (step.sql(),) if step.has_own_text else (), by_hand=True),
    )


RULE = Rule(id="truncate-table", check=check, on=(Truncate,))
