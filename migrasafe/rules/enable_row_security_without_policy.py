"""ENABLE or FORCE ROW LEVEL SECURITY where no policy lets the running app's rows through."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.row_security import COMMANDS, commands_shown, cut_off, lets_all_through, people, uncovered
from migrasafe.rules.wording import name_for, shown, sql_name
from migrasafe.schema.model import Ref, Table
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import AlterTable, SetRowSecurity


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, AlterTable)
    ref = step.situation.ref(statement.name)
    before, table = step.schema.table(ref), step.at_commit().table(ref)
    if table is None or not table.row_security or not step.situation.exists_already(ref):
        return
    for index, action in enumerate(statement.actions):
        if not isinstance(action, SetRowSecurity):
            continue
        forces = action.forced is True and not (before is not None and before.row_security_forced)
        enables = action.enabled is True and not (before is not None and before.row_security)
        if forces or enables:
            yield from _found(step, ref, table, index, owner_too=table.row_security_forced)
            return


def _found(step: Step, ref: Ref, table: Table, index: int, *, owner_too: bool) -> Iterator[Finding]:
    blocked = uncovered(table)
    if not blocked and any(lets_all_through(policy) for policy in table.policies):
        return
    roles = tuple(role for role, _ in cut_off(table))
    assumed: tuple[str, ...] = ()
    severity = Severity.WARNING
    if blocked == COMMANDS:
        seen = (
            f"Nobody but superusers sees a row of {shown(ref)}"
            if owner_too
            else f"Only its owner sees rows of {shown(ref)}"
        )
        if roles:
            seen = f"No policy lets {people(roles)} see a row of {shown(ref)}"
        message = f"{seen}: reads find nothing, and writes are refused."
        if roles or owner_too:
            severity = Severity.ERROR
        else:
            assumed = (f"the app connects neither as the owner of {shown(ref)} nor with BYPASSRLS",)
    elif blocked and "select" in blocked:
        message = f"No policy of {shown(ref)} is for {commands_shown(blocked)}: reads find no rows."
        assumed = (f"the app connects neither as the owner of {shown(ref)} nor with BYPASSRLS",)
    else:
        message = f"The running app sees and changes only those rows of {shown(ref)} that its policies let through."
        assumed = ("it does not set yet what the policies look at",)
    yield step.finding(
        RULE.id,
        message,
        severity=severity,
        help="Make a policy that lets all rows through in the same transaction; narrow it when every running app version "
        "is ready for it.",
        action=index,
        objects=(ref,),
        lock=step.effects.lock_on(ref),
        steps=_steps(step, ref, roles) if blocked == COMMANDS else None,
        assumed=assumed,
    )


def _steps(step: Step, ref: Ref, roles: tuple[str, ...]) -> str:
    to = "" if not roles or "public" in roles else f" TO {', '.join(quote_ident(role) for role in roles)}"
    name = quote_ident(name_for(ref.name, label="all_rows"))
    return (
        "BEGIN;\n"
        f"CREATE POLICY {name} ON {sql_name(ref)}{to} USING (true) WITH CHECK (true);\n"
        f"{step.sql()};\n"
        "COMMIT;\n"
        "-- deploy the app version that works with narrower policies, then make them and\n"
        f"DROP POLICY {name} ON {sql_name(ref)};"
    )


RULE = Rule(id="enable-row-security-without-policy", check=check, on=(AlterTable,), actions=(SetRowSecurity,))
