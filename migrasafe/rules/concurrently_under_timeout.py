"""CONCURRENTLY with a timeout: it waits for other transactions by nature, and leaves debris when it is cancelled."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import ONE_MIGRATION, Stage, plan
from migrasafe.rules.lock_timeouts import timeout_ms
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Ref
from migrasafe.sql.statements import AlterTable, CreateIndex, DetachPartition, Drop, Reindex

LONG_ENOUGH_MS = 3_600_000
"""A statement_timeout of an hour is there to stop what hangs, not what builds."""


def check(step: Step) -> Iterator[Finding]:
    told = _left_behind(step)
    if told is None or step.situation.in_block:
        return
    table, left = told
    if table is not None and not step.exists_already(table):
        return
    lock_timeout = timeout_ms(step, "lock_timeout")
    statement_timeout = timeout_ms(step, "statement_timeout")
    if lock_timeout is not None:
        name, why = "lock_timeout", "waits for every transaction that was open before, and is cancelled"
    elif statement_timeout is not None and statement_timeout < LONG_ENOUGH_MS:
        name, why = "statement_timeout", "takes as long as the table is large, and is cancelled"
    else:
        return
    yield step.finding(
        RULE.id,
        f"CONCURRENTLY {why} when {name} runs out: {left}.",
        severity=Severity.WARNING,
        help="It blocks nobody while it waits: take the limit away for this statement.",
        objects=() if table is None else (table,),
        fix=plan(step, Stage(ONE_MIGRATION, (f"SET {name} = 0", step.sql(), f"RESET {name}"))),
    )


def _left_behind(step: Step) -> tuple[Ref | None, str] | None:
    """The table that it works on, and what it leaves when it is cancelled."""
    statement = step.statement
    match statement:
        case CreateIndex(concurrently=True):
            name = statement.name or "the index"
            return step.situation.ref(
                statement.table
            ), f"{name} stays behind invalid, written by everybody and read by nobody"
        case Drop(kind="INDEX", concurrently=True):
            index = statement.objects[0].name
            table = step.situation.index_table(index)
            return table, f"{index.name} stays behind invalid, written by everybody and read by nobody"
        case Reindex(concurrently=True):
            return None, "an invalid index whose name ends in _ccnew stays behind"
        case AlterTable() if any(isinstance(one, DetachPartition) and one.concurrently for one in statement.actions):
            ref = step.situation.ref(statement.name)
            return ref, f"the partition stays half detached until {shown(ref)} gets DETACH PARTITION … FINALIZE"
    return None


RULE = Rule(
    id="concurrently-under-timeout",
    check=check,
    on=(CreateIndex, Drop, Reindex, AlterTable),
    actions=(DetachPartition,),
)
