"""Long work in a transaction in which an earlier statement took a lock that others wait for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from migrasafe.effects.model import Cause, Work, WorkKind
from migrasafe.effects.session import Held
from migrasafe.findings import Finding, Fix
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.in_batches import in_batches
from migrasafe.rules.index_by_partitions import index_by_partitions
from migrasafe.rules.index_concurrently import concurrently
from migrasafe.rules.index_first import index_first
from migrasafe.rules.instead import OWN_TRANSACTION, Stage, plan
from migrasafe.rules.not_valid_first import not_valid_first
from migrasafe.rules.set_not_null_by_full_scan import not_null_first
from migrasafe.rules.wording import shown, who_waits
from migrasafe.schema.model import Ref, RelationKind
from migrasafe.sql.statements import CreateIndex, Dml, Select

_WORDS = {
    WorkKind.REWRITE: "{0} is rewritten",
    WorkKind.INDEX_BUILD: "an index of {0} is built",
    WorkKind.SCAN: "every row of {0} is checked",
    WorkKind.BULK_WRITE: "the rows of {0} are changed",
    WorkKind.BULK_READ: "the rows of {0} are read",
    WorkKind.FILE_COPY: "the files of {0} are copied",
}


def check(step: Step) -> Iterator[Finding]:
    for work in step.effects.work:
        if work.concurrent or not step.exists_already(work.relation):
            continue
        own = step.own_lock(work)
        # Where the statement makes others wait by itself as much, the rule about its own work speaks of it.
        for relation, held in step.held_against_others(above=own):
            yield _finding(step, work, relation, held)
            return


def _finding(step: Step, work: Work, relation: Ref, held: Held) -> Finding:
    line = step.script.line_at(held.span.start)
    waiting = who_waits(held.mode)
    return step.finding(
        RULE.id,
        f"{waiting[0].upper()}{waiting[1:]} {shown(relation)} wait while {_WORDS[work.kind].format(shown(work.relation))}: "
        f"the {held.mode.value} lock that line {line} took is held until the transaction ends.",
        help="Put this statement into a migration of its own, or before the one that takes the lock.",
        fix=_apart(step, work),
        lock=held.mode,
        work=work,
        objects=(relation, work.relation),
    )


def _apart(step: Step, work: Work) -> Fix:
    """The work where nothing is locked: an index concurrently, rows in batches, all else as it is."""
    statement = step.statement
    if not step.has_own_text or (step.situation.in_body and isinstance(statement, (Dml, Select))):
        return plan(step)
    if isinstance(statement, CreateIndex):
        table = step.schema.table(step.situation.ref(statement.table))
        if table is not None and table.kind is RelationKind.PARTITIONED_TABLE:
            return index_by_partitions(step, table) or plan(step, Stage(OWN_TRANSACTION, (step.sql(),)))
        return concurrently(step, statement) or plan(step)
    careful = _CAREFULLY.get(work.cause)
    if careful is not None and not _is_partitioned(step, work.relation):
        return careful(step, work) or plan(step, Stage(OWN_TRANSACTION, (step.sql(),)))
    return plan(step, *(in_batches(step, work) or (Stage(OWN_TRANSACTION, (step.sql(),)),)))


_CAREFULLY: Mapping[Cause, Callable[[Step, Work], Fix | None]] = {
    Cause.CHECK: not_valid_first,
    Cause.FOREIGN_KEY: not_valid_first,
    Cause.UNIQUE: index_first,
    Cause.PRIMARY_KEY: index_first,
    Cause.SET_NOT_NULL: not_null_first,
}


def _is_partitioned(step: Step, ref: Ref) -> bool:
    table = step.schema.table(ref)
    return table is not None and table.kind is RelationKind.PARTITIONED_TABLE


RULE = Rule(id="work-while-lock-is-held", check=check, needs_work=True, needs_held_lock=True)
