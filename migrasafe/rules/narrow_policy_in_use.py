"""ALTER POLICY, and new restrictive policies: the running app may see fewer rows."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import after_deploy
from migrasafe.rules.row_security import people
from migrasafe.rules.wording import shown
from migrasafe.sql.expressions import same_expression
from migrasafe.sql.statements import AlterPolicy, CreatePolicy, Expression


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, (AlterPolicy, CreatePolicy))
    ref = step.situation.ref(statement.table)
    table = step.schema.table(ref)
    if table is None or not step.situation.exists_already(ref):
        return
    if table.complete and not table.row_security:
        return
    if isinstance(statement, CreatePolicy):
        if statement.permissive:
            return
        message = (
            f"The running app no longer sees the rows of {shown(ref)} that the restrictive policy does not let through."
        )
    else:
        before = next((one for one in table.policies if one.name == statement.name), None)
        if before is None or before.born.migration == step.moment.migration:
            return
        lost = () if "public" in (statement.roles or ("public",)) else _without(before.roles, statement.roles)
        if lost:
            message = f"The policy {before.name} of {shown(ref)} lets rows through to {people(lost)} no longer."
        elif _differs(before.using, statement.using) or _differs(before.check, statement.check):
            message = (
                f"The policy {before.name} lets other rows of {shown(ref)} through: the running app may miss some."
            )
        else:
            return
    yield step.finding(
        RULE.id,
        message,
        severity=Severity.WARNING,
        help="Deploy an app version that works with both, and narrow the policy when the old version is gone.",
        objects=(f"{ref}.{statement.name}",),
        lock=step.effects.lock_on(ref),
        fix=after_deploy(step, f"works with the policy {statement.name} as it was and as it will be"),
        assumed=("the running app needs these rows",),
    )


def _without(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(role for role in before if role not in after)


def _differs(before: Expression | None, after: Expression | None) -> bool:
    return after is not None and (before is None or not same_expression(before, after))


RULE = Rule(id="narrow-policy-in-use", check=check, on=(AlterPolicy, CreatePolicy))
