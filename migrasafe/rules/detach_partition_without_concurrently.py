"""DETACH PARTITION without CONCURRENTLY: brief, but every query on the partitioned table queues behind it."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import Stage, outside_title, outside_words, plan
from migrasafe.rules.wording import shown
from migrasafe.sql.edit import append
from migrasafe.sql.statements import AlterTable, DetachPartition, Span

SINCE = 14
"""The first major version with DETACH PARTITION … CONCURRENTLY."""


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, AlterTable)
    ref = step.situation.ref(statement.name)
    if statement.kind != "TABLE" or not step.target.at_least(SINCE) or not step.exists_already(ref):
        return
    table = step.schema.table(ref)
    has_default = table is not None and any(
        one is not None and one.bound is not None and one.bound.default
        for one in (step.schema.table(partition) for partition in table.partitions)
    )
    if has_default:
        return  # CONCURRENTLY is refused beside a DEFAULT partition
    for index, action in enumerate(statement.actions):
        if not isinstance(action, DetachPartition) or action.concurrently or action.finalize:
            continue
        if step.situation.is_new(step.situation.ref(action.partition)):
            continue
        yield step.finding(
            RULE.id,
            f"Reads and writes of {shown(ref)} wait for the detach of {action.partition}, and it waits for every query that "
            "runs on it.",
            severity=Severity.WARNING,
            help=f"Detach it concurrently, {outside_words(step)}.",
            action=index,
            objects=(ref,),
            lock=step.effects.lock_on(ref),
            fix=plan(step, Stage(outside_title(step), (append(step.sql(), Span(0, len(step.sql())), "CONCURRENTLY"),))),
        )


RULE = Rule(id="detach-partition-without-concurrently", check=check, on=(AlterTable,), actions=(DetachPartition,))
