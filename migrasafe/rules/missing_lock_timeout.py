"""A strong lock without lock_timeout: while it waits, everything else waits behind it."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import lock_timeout_first
from migrasafe.rules.lock_timeouts import first_strong_lock, timeout_ms, why_not_set
from migrasafe.rules.wording import shown


def check(step: Step) -> Iterator[Finding]:
    if timeout_ms(step, "lock_timeout") is not None:
        return
    ref = first_strong_lock(step)
    if ref is None:
        return
    yield step.finding(
        RULE.id,
        f"While this waits for its lock on {shown(ref)}, every query that comes after it waits too: {why_not_set(step)}.",
        severity=Severity.WARNING,
        help="Set it before, and try again when it runs out.",
        objects=(ref,),
        lock=step.effects.lock_on(ref),
        fix=lock_timeout_first(step),
    )


RULE = Rule(id="missing-lock-timeout", check=check, needs_lock=True)
