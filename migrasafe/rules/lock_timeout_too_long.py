"""A lock_timeout so long that it does not protect: queries wait behind the lock until it runs out."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.lock_timeouts import first_strong_lock, timeout_ms
from migrasafe.rules.wording import shown

LONGEST_MS = 30_000
"""What an app bears whose own requests time out after half a minute."""


def check(step: Step) -> Iterator[Finding]:
    limit = timeout_ms(step, "lock_timeout")
    if limit is None or limit <= LONGEST_MS or limit == float("inf"):
        return
    ref = first_strong_lock(step)
    if ref is None:
        return
    yield step.finding(
        RULE.id,
        f"While this waits for its lock on {shown(ref)}, every query that comes after it waits too, for up to "
        f"{_words(limit)}: that is the lock_timeout here.",
        severity=Severity.WARNING,
        help="Let it give up after a few seconds, and try again: SET lock_timeout = '2s'.",
        objects=(ref,),
        lock=step.effects.lock_on(ref),
    )


def _words(limit_ms: float) -> str:
    seconds = limit_ms / 1000
    if seconds < 120:
        return f"{seconds:g} seconds"
    return f"{seconds / 60:g} minutes" if seconds < 7200 else f"{seconds / 3600:g} hours"


RULE = Rule(id="lock-timeout-too-long", check=check, needs_lock=True)
