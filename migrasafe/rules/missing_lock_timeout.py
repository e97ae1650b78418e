"""A strong lock without lock_timeout: while it waits, everything else waits behind it."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.locks import LockMode
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import lock_timeout_first
from migrasafe.rules.wording import shown
from migrasafe.sql.statements import Unrecognized

_OFF = frozenset({"0", "0s", "0ms", "default"})


def check(step: Step) -> Iterator[Finding]:
    if isinstance(step.statement, Unrecognized):
        return
    strong = [lock.relation for lock in step.effects.locks if _is_strong(lock.mode)]
    if not strong:
        return
    timeout = step.session.setting("lock_timeout")
    if timeout is not None and timeout.strip("'").lower() not in _OFF:
        return
    for ref in strong:
        if not step.exists_already(ref):
            continue
        if any(_is_strong(held.mode) and step.exists_already(other) for other, held in step.session.held.items()):
            return  # said once per transaction, at its first strong lock
        yield step.finding(
            RULE.id,
            f"While this waits for its lock on {shown(ref)}, every query that comes after it waits too: lock_timeout is not set.",
            severity=Severity.WARNING,
            help="Set it before, and try again when it runs out.",
            objects=(ref,),
            lock=step.effects.lock_on(ref),
            fix=lock_timeout_first(step),
        )
        return


def _is_strong(mode: LockMode) -> bool:
    return mode.strength >= LockMode.SHARE_ROW_EXCLUSIVE.strength


RULE = Rule(id="missing-lock-timeout", check=check)
