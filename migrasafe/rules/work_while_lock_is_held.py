"""Long work in a transaction in which an earlier statement took a lock that others wait for."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Work, WorkKind
from migrasafe.effects.session import Held
from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import OWN_TRANSACTION, Stage, plan
from migrasafe.rules.wording import shown, who_waits
from migrasafe.schema.model import Ref

_WORDS = {
    WorkKind.REWRITE: "{0} is rewritten",
    WorkKind.INDEX_BUILD: "an index of {0} is built",
    WorkKind.SCAN: "every row of {0} is checked",
    WorkKind.BULK_WRITE: "the rows of {0} are changed",
    WorkKind.BULK_READ: "the rows of {0} are read",
    WorkKind.FILE_COPY: "the files of {0} are copied",
}


def check(step: Step) -> Iterator[Finding]:
    if not step.session.held:
        return
    for work in step.effects.work:
        if work.concurrent or not step.exists_already(work.relation):
            continue
        own = step.own_lock(work)
        for relation, held in step.held_against_others():
            if own is not None and own.strength >= held.mode.strength:
                continue  # the statement makes others wait by itself as much: the rule about its own work speaks of it
            yield _finding(step, work, relation, held)
            return


def _finding(step: Step, work: Work, relation: Ref, held: Held) -> Finding:
    line, _ = step.script.source.position(held.span.start)
    waiting = who_waits(held.mode)
    return step.finding(
        RULE.id,
        f"{waiting[0].upper()}{waiting[1:]} {shown(relation)} wait while {_WORDS[work.kind].format(shown(work.relation))}: "
        f"the {held.mode.value} lock that line {line} took is held until the transaction ends.",
        help="Put this statement into a migration of its own, or before the one that takes the lock.",
        fix=plan(step, Stage(OWN_TRANSACTION, (step.sql(),))),
        lock=held.mode,
        work=work,
        objects=(relation, work.relation),
    )


RULE = Rule(id="work-while-lock-is-held", check=check, needs_work=True)
