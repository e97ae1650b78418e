"""SET LOCAL where there is no transaction: PostgreSQL warns, and does nothing."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import in_place
from migrasafe.sql.edit import without_word
from migrasafe.sql.settings import settings_of
from migrasafe.sql.statements import Select, SetVariable


def check(step: Step) -> Iterator[Finding]:
    if step.in_transaction and not step.situation.alone:
        return
    for setting in settings_of(step.statement):
        if not setting.local:
            continue
        called = isinstance(step.statement, Select)
        what = f"set_config('{setting.name}', …, true)" if called else f"SET LOCAL {setting.name}"
        session_wide = None if called else without_word(step.as_written, step.statement.span, "LOCAL")
        yield step.finding(
            RULE.id,
            f"{what} has no effect here: it holds until the end of the transaction, and there is none.",
            severity=Severity.WARNING,
            help="Set it for the session, or put BEGIN and COMMIT around what needs it.",
            fix=in_place(step, session_wide) if session_wide is not None else None,
            assumed=() if step.told else _assumed(step),
        )


def _assumed(step: Step) -> tuple[str, ...]:
    return ("whatever runs the script opens no transaction (--in-transaction)",) if step.layout in ("", "plain") else ()


RULE = Rule(id="set-local-outside-transaction", check=check, on=(SetVariable, Select))
