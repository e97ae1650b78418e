"""DETACH PARTITION and NO INHERIT: rows disappear from queries on the parent."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import after_deploy
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Ref
from migrasafe.sql.statements import AlterTable, AttachPartition, DetachPartition, Inherit, Statement


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, AlterTable)
    ref = step.situation.ref(statement.name)
    if statement.kind != "TABLE" or not step.situation.exists_already(ref):
        return
    for index, action in enumerate(statement.actions):
        if isinstance(action, Inherit) and not action.add:
            yield from _no_longer_child(step, ref, step.situation.ref(action.parent), index)
        if not isinstance(action, DetachPartition) or action.finalize:
            continue
        partition = step.situation.ref(action.partition)
        table = step.schema.table(partition)
        if step.situation.is_new(partition) or (table is not None and table.rows == 0):
            continue
        if any(_attaches(later, ref, partition, step) for later in step.until_commit()):
            continue
        yield step.finding(
            RULE.id,
            f"Queries of the running app on {shown(ref)} no longer find the rows of {shown(partition)}.",
            help="Deploy an app version that does not ask for these rows, and detach the partition when the old version is "
            "gone.",
            action=index,
            objects=(ref, partition),
            lock=step.effects.lock_on(ref),
            assumed=("the running app reads these rows",),
            fix=after_deploy(step, f"does not ask for the rows of {shown(partition)}", action=index),
        )


def _no_longer_child(step: Step, child: Ref, parent: Ref, index: int) -> Iterator[Finding]:
    """NO INHERIT: the same for tables that inherit, whose queries know better what they ask for."""
    if not step.situation.is_new(child):
        yield step.finding(
            RULE.id,
            f"Queries of the running app on {shown(parent)} no longer find the rows of {shown(child)}.",
            severity=Severity.WARNING,
            help="Deploy an app version that does not ask for these rows first.",
            action=index,
            objects=(parent, child),
            lock=step.effects.lock_on(child),
            assumed=("the running app reads these rows through the parent",),
        )


def _attaches(later: Statement, parent: Ref, partition: Ref, step: Step) -> bool:
    """Whether the rows come back in the same transaction, with this partition or inside another."""
    if not isinstance(later, AlterTable):
        return False
    return any(
        isinstance(action, AttachPartition)
        and (step.situation.ref(action.partition) == partition or step.situation.ref(later.name) == parent)
        for action in later.actions
    )


RULE = Rule(id="detach-partition-in-use", check=check, on=(AlterTable,), actions=(DetachPartition, Inherit))
