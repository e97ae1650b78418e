"""SQL that migrasafe cannot read: nothing is known of what it does."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import Stage, plan
from migrasafe.sql.builtin.called import direct_calls, is_known_function
from migrasafe.sql.statements import AlterTable, Call, Select, UnknownAction, Unrecognized


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    if isinstance(statement, AlterTable):
        for index, action in enumerate(statement.actions):
            if isinstance(action, UnknownAction):
                yield step.finding(
                    RULE.id,
                    f"migrasafe does not know this action ({action.subtype}): what it does is not checked.",
                    severity=Severity.WARNING,
                    action=index,
                )
        return
    if isinstance(statement, (Select, Call)):
        yield from _unknown_functions(step, statement)
        return
    assert isinstance(statement, Unrecognized)
    if statement.kind == "syntax error":
        yield step.finding(
            RULE.id,
            f"PostgreSQL cannot read this: {statement.reason}.",
            help="Nothing in it was checked.",
            fix=plan(step, Stage("put right what PostgreSQL cannot read, and lint it again", by_hand=True)),
        )
        return
    yield step.finding(
        RULE.id,
        f"Not checked: {statement.reason}.",
        severity=Severity.WARNING,
        help="Read it with the eyes of this rule book, and allow this finding with the reason why it is safe.",
    )


def _unknown_functions(step: Step, statement: Select | Call) -> Iterator[Finding]:
    """Functions that are called for what they do, and that nobody showed us."""
    if any(caller.trigger is not None for caller in step.callers):
        return
    for call in direct_calls(statement.query):
        ref = step.schema.resolve_function(call.schema, call.name)
        if is_known_function(call) or step.schema.functions.get(ref):
            continue
        yield step.finding(
            RULE.id,
            f"Not checked: {call.name}() is made neither here nor by PostgreSQL, and what it does is not known.",
            severity=Severity.WARNING,
            help="Let migrasafe see where it is made (the whole folder, or --schema), or read it and allow this finding.",
            objects=(ref,),
        )


RULE = Rule(
    id="statement-not-understood", check=check, on=(Unrecognized, AlterTable, Select, Call), actions=(UnknownAction,)
)
