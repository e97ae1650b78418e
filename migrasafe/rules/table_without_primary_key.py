"""Advice: a primary key for every table."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.sql.statements import CreateTable, CreateTableAs, Persistence


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, (CreateTable, CreateTableAs))
    ref = step.situation.ref(statement.name)
    table = step.at_end().table(ref)
    if table is None or not table.complete or table.primary_key is not None or step.schema.relation(ref) is not None:
        return
    if table.persistence is Persistence.TEMPORARY or table.partition_of is not None or table.inherits:
        return
    if isinstance(statement, CreateTable) and statement.foreign_server is not None:
        return
    yield step.finding(
        RULE.id,
        f"{shown(ref)} has no primary key: logical replication cannot send its UPDATEs and DELETEs, and one of two equal rows "
        "cannot be told from the other.",
        severity=Severity.INFO,
        help="Give it a primary key, of its own columns or of a bigint GENERATED ALWAYS AS IDENTITY.",
        objects=(ref,),
    )


RULE = Rule(id="table-without-primary-key", check=check, on=(CreateTable, CreateTableAs), default=False)
