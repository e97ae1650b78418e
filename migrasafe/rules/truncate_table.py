"""TRUNCATE of a table that was there before: its rows are lost."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding
from migrasafe.locks import LockMode
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
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
                help="Deploy an app version that does without the rows, keep a copy of them, and delete in small transactions.",
                objects=(ref,),
                lock=LockMode.ACCESS_EXCLUSIVE,
            )


RULE = Rule(id="truncate-table", check=check, on=(Truncate,))
