"""CREATE UNLOGGED TABLE: its rows are gone after a crash, and no replica has them."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.sql.statements import CreateTable, CreateTableAs, Persistence


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, (CreateTable, CreateTableAs))
    if statement.persistence is not Persistence.UNLOGGED:
        return
    ref = step.situation.ref(statement.name)
    table = step.at_end().table(ref)
    if table is None or table.persistence is not Persistence.UNLOGGED:
        return  # a working table that is dropped again, or logged in the end
    yield step.finding(
        RULE.id,
        f"{shown(ref)} is empty after a crash or an immediate shutdown, and on every replica.",
        severity=Severity.WARNING,
        help="Leave UNLOGGED out, unless its rows can be made again at any time.",
        objects=(ref,),
    )


RULE = Rule(id="unlogged-table", check=check, on=(CreateTable, CreateTableAs))
