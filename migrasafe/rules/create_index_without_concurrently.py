"""CREATE INDEX without CONCURRENTLY on a table in use."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Cause
from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.index_by_partitions import index_by_partitions
from migrasafe.rules.index_concurrently import concurrently
from migrasafe.rules.instead import outside_words
from migrasafe.rules.wording import shown
from migrasafe.schema.model import RelationKind
from migrasafe.sql.statements import CreateIndex


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, CreateIndex)
    work = next(step.work(Cause.CREATE_INDEX), None)
    if work is None:
        return
    ref = step.situation.ref(statement.table)
    table = step.schema.table(ref)
    if table is not None and table.kind is RelationKind.PARTITIONED_TABLE:
        help_text = "CONCURRENTLY does not work on a partitioned table: build the index partition by partition."
        fix = index_by_partitions(step, table)
    else:
        help_text = (
            f"Build it concurrently, {outside_words(step)}. If the build fails, drop the invalid index it leaves before you "
            "try again."
        )
        fix = concurrently(step, statement)
    yield step.finding(
        RULE.id,
        f"Writes to {shown(ref)} wait until the index is built.",
        help=help_text,
        work=work,
        objects=(ref,),
        fix=fix,
    )


RULE = Rule(id="create-index-without-concurrently", check=check, on=(CreateIndex,), needs_work=True)
