"""What the rules about lock_timeout share: the strong lock that is waited for, the timeout then, and who said so."""

from __future__ import annotations

from migrasafe.locks import LockMode
from migrasafe.rules.context import Step
from migrasafe.schema.model import Ref
from migrasafe.sql.settings import milliseconds, settings_of
from migrasafe.sql.statements import Statement, Unrecognized


def first_strong_lock(step: Step) -> Ref | None:
    """The table in use on which this statement takes a strong lock, the first one of its transaction."""
    if isinstance(step.statement, Unrecognized):
        return None
    for lock in step.effects.locks:
        if lock.mode.strength >= _STRONG and step.exists_already(lock.relation):
            break
    else:
        return None
    held_before = step.session.held
    if held_before and any(is_strong(held.mode) and step.exists_already(ref) for ref, held in held_before.items()):
        return None
    return lock.relation


_STRONG = LockMode.SHARE_ROW_EXCLUSIVE.strength


def is_strong(mode: LockMode) -> bool:
    """Whether so much waits behind it that nobody should wait for it without limit."""
    return mode.strength >= _STRONG


def timeout_ms(step: Step, name: str) -> float | None:
    """How long a statement waits at most, in milliseconds: None where the script sets no limit, infinite where it sets one
    that cannot be told."""
    value = step.situation.session.setting(name)
    if value is None or value.lower() == "default":
        return None
    duration = milliseconds(value)
    if duration is None:
        return float("inf")
    return duration or None


def why_not_set(step: Step) -> str:
    """How it comes that there is no lock_timeout: `lock_timeout is not set`, `line 3 sets lock_timeout to 0`."""
    said = step.session.said.get("lock_timeout")
    if said is None:
        for later in step.later:
            if any(setting.name == "lock_timeout" for setting in settings_of(later)):
                return f"lock_timeout is set too late{_in_line(step, later)}"
        return "lock_timeout is not set"
    where = _line(step, said)
    if said.values is None:
        return f"{where or 'the script'} resets lock_timeout"
    if milliseconds(said.values[0]) == 0:
        return f"{where or 'the script'} sets lock_timeout to 0, which is no limit"
    if said.values[0].lower() == "default":
        return f"{where or 'the script'} sets lock_timeout to the server's default, which is no limit"
    of = f" of {where}" if where else ""
    if not said.local:
        return f"the SET lock_timeout{of} was rolled back"
    if step.in_transaction:
        return f"the SET LOCAL lock_timeout{of} stands outside this transaction"
    return f"the SET LOCAL lock_timeout{of} holds in a transaction only, and there is none here"


def _line(step: Step, statement: Statement) -> str:
    if not any(one is statement or one.span == statement.span for one in step.script.statements):
        return ""
    return f"line {step.script.line_at(statement.span.start)}"


def _in_line(step: Step, statement: Statement) -> str:
    line = _line(step, statement)
    return f", in {line}" if line else ""
