"""Rules about one kind of work under the statement's own lock: they differ in their words only."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from migrasafe.effects.model import Cause, Work
from migrasafe.findings import Finding, Fix
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown, who_waits
from migrasafe.sql.statements import Statement

Words = Callable[[Step, Work], str]
Fixes = Callable[[Step, Work], Fix | None]


def rule_for(
    rule: str,
    causes: tuple[Cause, ...],
    on: tuple[type[Statement], ...],
    *,
    why: Words,
    instead: str,
    fix: Fixes,
) -> Rule:
    """A rule that reports every work of these causes. `why` says what the waiting is for, after "wait while"."""

    def check(step: Step) -> Iterator[Finding]:
        for work in step.work(*causes):
            mode = step.own_lock(work)
            assert mode is not None  # step.work gives only work under a lock of its own
            waiting = who_waits(mode)
            yield step.finding(
                rule,
                f"{waiting[0].upper()}{waiting[1:]} {shown(work.relation)} wait while {why(step, work)}.",
                help=instead,
                work=work,
                fix=fix(step, work),
            )

    return Rule(id=rule, check=check, on=on, needs_work=True, causes=frozenset(causes))
