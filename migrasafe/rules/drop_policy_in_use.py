"""DROP POLICY while row level security stays on: rows that it let through can no longer be seen."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Fix, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import Stage, after_deploy, plan
from migrasafe.rules.row_security import COMMANDS, commands_shown, uncovered
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Policy, Ref, Table
from migrasafe.sql.statements import CreatePolicy, Drop, DroppedObject


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, Drop)
    if statement.kind != "POLICY":
        return
    for dropped in statement.objects:
        if dropped.table is not None:
            yield from _dropped(step, statement, dropped, step.situation.ref(dropped.table))


def _dropped(step: Step, statement: Drop, dropped: DroppedObject, ref: Ref) -> Iterator[Finding]:
    name = dropped.name.name
    before, after = step.schema.table(ref), step.at_commit().table(ref)
    policy = next((one for one in before.policies if one.name == name), None) if before is not None else None
    if not step.situation.exists_already(ref) or (policy is None and statement.if_exists):
        return
    if policy is not None and policy.born.migration == step.moment.migration:
        return
    known = before is not None and (before.complete or before.row_security)
    if after is None or (known and not after.row_security) or any(one.name == name for one in after.policies):
        return
    message, severity = _consequence(policy, after, ref, step)
    if message is None:
        return
    comes_back = not step.in_transaction and _made_later(step, ref, name)
    hid = policy is not None and not policy.permissive
    yield step.finding(
        RULE.id,
        message,
        severity=severity if known and policy is not None else Severity.WARNING,
        help="Put BEGIN and COMMIT around it and the policy that takes its place."
        if comes_back
        else "Make the policy that takes its place in the same transaction, or change this one with ALTER POLICY.",
        objects=(f"{ref}.{name}",),
        lock=step.effects.lock_on(ref),
        fix=None if hid else _with_successor(step, ref, name),
        assumed=() if known else (f"row level security is on for {shown(ref)}",),
    )


def _consequence(policy: Policy | None, after: Table, ref: Ref, step: Step) -> tuple[str | None, Severity]:
    """What to say, and how badly; nothing where policies of this migration take its place."""
    if policy is None:
        return (
            f"Rows of {shown(ref)} that only this policy lets through can no longer be seen or changed.",
            Severity.ERROR,
        )
    if not policy.permissive:
        return f"Rows of {shown(ref)} that this policy hid can be seen and changed.", Severity.WARNING
    commands = COMMANDS if policy.command == "all" else (policy.command,)
    blocked = tuple(command for command in uncovered(after) if command in commands)
    if blocked == COMMANDS:
        return (
            f"No policy of {shown(ref)} is left: all of its rows are hidden from every role but its owner.",
            Severity.ERROR,
        )
    if blocked:
        what = f"{commands_shown(blocked)} of every role but its owner"
        return f"No policy of {shown(ref)} is left for {what}.", Severity.ERROR
    if any(one.born.migration == step.moment.migration for one in after.policies):
        return None, Severity.WARNING
    return (
        f"Rows of {shown(ref)} that only this policy lets through can no longer be seen or changed.",
        Severity.WARNING,
    )


def _with_successor(step: Step, ref: Ref, name: str) -> Fix:
    """The policy that takes its place in the same transaction, so that nobody sees the table without it; else later."""
    made = [
        step.text_of(later)
        for later in (step.later if step.has_own_text and not step.in_transaction else ())
        if isinstance(later, CreatePolicy) and later.name == name and step.situation.ref(later.table) == ref
    ]
    if not made:
        return after_deploy(step, f"does without what {name} lets through")
    return plan(step, Stage("one migration, in one transaction", (step.sql(), made[0])))


def _made_later(step: Step, ref: Ref, name: str) -> bool:
    table = step.at_end().table(ref)
    return table is not None and any(one.name == name for one in table.policies)


RULE = Rule(id="drop-policy-in-use", check=check, on=(Drop,))
