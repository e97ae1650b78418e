"""DROP INDEX without CONCURRENTLY: brief, but everything queues behind it."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Fix, Severity
from migrasafe.locks import LockMode
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import Stage, outside_title, outside_transaction, outside_words, plan
from migrasafe.rules.wording import shown
from migrasafe.schema.model import RelationKind
from migrasafe.sql.edit import insert_after
from migrasafe.sql.quote import quote_name
from migrasafe.sql.statements import Drop


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, Drop)
    if statement.kind != "INDEX" or statement.concurrently:
        return
    for dropped in statement.objects:
        ref = step.situation.ref(dropped.name)
        index = step.schema.index(ref)
        if not step.situation.exists_already(ref) or (index is None and (statement.if_exists or step.schema.complete)):
            continue
        table = step.schema.table(index.table) if index is not None else None
        if table is not None and (table.kind is RelationKind.PARTITIONED_TABLE or step.is_small(table.ref)):
            continue
        owner = shown(table.ref) if table is not None else "its table"
        yield step.finding(
            RULE.id,
            f"Reads and writes of {owner} wait for the drop of {dropped.name.name}, and it waits for every query that runs on it.",
            severity=Severity.WARNING,
            help="Drop what depends on it first, then the index concurrently."
            if statement.cascade
            else f"Drop it concurrently, {outside_words(step)}.",
            objects=(ref,),
            lock=LockMode.ACCESS_EXCLUSIVE,
            fix=None if statement.cascade else _concurrently(step, statement),
        )


def _concurrently(step: Step, statement: Drop) -> Fix | None:
    """CONCURRENTLY takes one index at a time."""
    if len(statement.objects) == 1:
        concurrent = insert_after(step.script.source.text, statement.span, "INDEX", "CONCURRENTLY", step.as_written)
        return outside_transaction(step, concurrent) if concurrent is not None else None
    exists = "IF EXISTS " if statement.if_exists else ""
    each = (f"DROP INDEX CONCURRENTLY {exists}{quote_name(dropped.name)}" for dropped in statement.objects)
    return plan(step, Stage(outside_title(step), tuple(each)))


RULE = Rule(id="drop-index-without-concurrently", check=check, on=(Drop,))
