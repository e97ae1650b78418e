"""Strong locks on one table after another in one transaction: those of the first wait for the second, too."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.session import Held
from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.deadlock_over_foreign_key import related_tables
from migrasafe.rules.lock_timeouts import timeout_ms
from migrasafe.rules.wording import shown, who_waits
from migrasafe.schema.model import Ref
from migrasafe.sql.statements import Unrecognized


def check(step: Step) -> Iterator[Finding]:
    """Said once in a transaction, at the second table; with a lock_timeout, which bounds it, as advice."""
    if isinstance(step.statement, Unrecognized):
        return
    wanted = [one for one in step.effects.locks if one.mode.blocks_writes and step.exists_already(one.relation)]
    if not wanted:
        return
    held: dict[Ref, Held] = {}
    for relation, one in step.held_against_others():
        held[relation] = one
        if one.statement is not next(iter(held.values())).statement:
            return
    lock = next((one for one in wanted if one.relation not in held), None)
    if lock is None or not held:
        return
    if related_tables(step) is not None:
        return  # the worse of the two is said
    first, taken = next(iter(held.items()))
    line = step.script.line_at(taken.span.start)
    waiting = who_waits(taken.mode)
    bounded = timeout_ms(step, "lock_timeout") is not None
    yield step.finding(
        RULE.id,
        f"{waiting[0].upper()}{waiting[1:]} {shown(first)} go on waiting while this waits for its lock on "
        f"{shown(lock.relation)}: the {taken.mode.value} lock that line {line} took is held until the transaction ends.",
        severity=Severity.INFO if bounded else Severity.WARNING,
        help="Change one table in each transaction, so that only one of them is ever locked.",
        objects=(first, lock.relation),
        lock=taken.mode,
    )


RULE = Rule(id="locks-on-several-tables", check=check, needs_lock=True, needs_held_lock=True)
