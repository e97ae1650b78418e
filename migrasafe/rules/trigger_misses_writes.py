"""A trigger that is to keep a column filled, and does not see every write."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Ref
from migrasafe.sql.plpgsql.trigger_bodies import Assignment, assignments_to_new
from migrasafe.sql.statements import CreateTrigger


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, CreateTrigger)
    ref = step.situation.ref(statement.table)
    assignments = _assignments(step, statement)
    if not assignments:
        return
    column = assignments[0].column
    if statement.timing == "after" or not statement.row:
        when = "after the row is written" if statement.timing == "after" else "once for the statement, which has no NEW"
        yield _finding(
            step,
            ref,
            f"{shown(ref)}.{column} keeps its old value: the trigger {statement.name} sets it {when}.",
            "Make it a BEFORE trigger FOR EACH ROW.",
        )
        return
    for assignment in assignments:
        if not assignment.always:
            continue  # such as a default for what is NULL
        yield from _misses(step, ref, statement, assignment)


def _misses(step: Step, ref: Ref, statement: CreateTrigger, assignment: Assignment) -> Iterator[Finding]:
    """A column that is computed from others of the row must be computed whenever they are written."""
    sources = assignment.reads - {assignment.column}
    if not sources or statement.timing != "before":
        return
    source = sorted(sources)[0]
    others = _other_triggers_events(step, ref, statement)
    covered = {*statement.events, *others}
    missing = [event.upper() for event in ("insert", "update") if event not in covered]
    if missing and "insert" not in missing and assignment.from_old:
        return
    if missing:
        yield _finding(
            step,
            ref,
            f"{shown(ref)}.{assignment.column} does not follow {source} on {missing[0]}: the trigger {statement.name} runs on "
            f"{' and '.join(event.upper() for event in statement.events)} only.",
            "Let it run BEFORE INSERT OR UPDATE.",
        )
        return
    unlisted = sorted(sources - set(statement.columns)) if statement.columns and "update" in statement.events else []
    if unlisted:
        yield _finding(
            step,
            ref,
            f"{shown(ref)}.{assignment.column} does not follow an UPDATE of {unlisted[0]}: the trigger {statement.name} runs on "
            f"UPDATE OF {', '.join(statement.columns)} only.",
            "Name every column that the value is computed from, or none: UPDATE OF does not see what other triggers change.",
        )


def _assignments(step: Step, statement: CreateTrigger) -> tuple[Assignment, ...]:
    name = statement.function
    functions = step.schema.functions.get(step.schema.resolve_function(name.schema, name.name), ())
    function = next((one for one in functions if not one.arguments), None)
    if function is None or function.language != "plpgsql" or function.source_text is None:
        return ()
    return assignments_to_new(function.source_text)


def _other_triggers_events(step: Step, ref: Ref, statement: CreateTrigger) -> frozenset[str]:
    """What the other triggers of the table with the same function run on, also those made later in the migration."""
    table = step.at_end().table(ref)
    name = statement.function
    function = step.schema.resolve_function(name.schema, name.name)
    if table is None:
        return frozenset()
    same = [one for one in table.triggers if one.function == function and one.name != statement.name]
    return frozenset(event for one in same for event in one.events)


def _finding(step: Step, ref: Ref, message: str, help: str) -> Finding:
    return step.finding(
        RULE.id,
        message,
        severity=Severity.WARNING,
        help=help,
        objects=(ref,),
        lock=step.effects.lock_on(ref),
    )


RULE = Rule(id="trigger-misses-writes", check=check, on=(CreateTrigger,))
