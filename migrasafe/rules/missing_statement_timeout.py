"""Policy: a statement_timeout before work that makes others wait."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Cause
from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.lock_timeouts import timeout_ms
from migrasafe.rules.wording import shown


def check(step: Step) -> Iterator[Finding]:
    if timeout_ms(step, "statement_timeout") is not None:
        return
    for work in step.work(*Cause):
        yield step.finding(
            RULE.id,
            f"Nothing ends this statement if its work on {shown(work.relation)} takes longer than others can wait: "
            "statement_timeout is not set.",
            severity=Severity.WARNING,
            help="Set it before: what is not done in that time is rolled back, and can be tried in another way.",
            work=work,
            steps=f"SET {'LOCAL ' if step.in_transaction else ''}statement_timeout = '5min';\n{step.sql()};"
            if step.has_own_text
            else None,
        )
        return


RULE = Rule(id="missing-statement-timeout", check=check, needs_work=True, default=False)
