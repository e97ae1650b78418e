"""A view that is made to read with the rights of its callers: who had none on its tables gets an error, or no rows."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Fix, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import Stage, plan
from migrasafe.rules.row_security import people
from migrasafe.rules.wording import shown, sql_name
from migrasafe.schema.model import Ref, Table, View
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import AlterTable, CreateView, SetOptions

_ON = frozenset({"true", "on", "1", "yes"})


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, (AlterTable, CreateView))
    ref = step.situation.ref(statement.name)
    before, after = step.schema.view(ref), step.after.view(ref)
    if isinstance(statement, AlterTable) and statement.kind != "VIEW":
        return
    if after is None or not step.situation.exists_already(ref) or not _as_caller(after):
        return
    if before is None or _as_caller(before):
        return
    refused = sorted({one.role for one in before.grants if not _may_read(step, one.role, before)})
    yield step.finding(
        RULE.id,
        f"Queries of {people(tuple(refused))} on {shown(ref)} fail: they may not read its tables themselves (42501)."
        if refused
        else f"{shown(ref)} reads its tables with the rights of whoever queries it: row level security and privileges decide anew.",
        severity=Severity.ERROR if refused else Severity.WARNING,
        help="Grant SELECT on the tables that it reads first, and look at their policies.",
        objects=(ref,),
        lock=step.effects.lock_on(ref),
        fix=_granted(step, refused, before) if refused else None,
        assumed=() if refused else ("some roles may use the view and not its tables",),
    )


def _granted(step: Step, roles: list[str], view: View) -> Fix:
    """What the view needs of its tables, for everybody who may read the view."""
    grants = tuple(
        f"GRANT SELECT ON {sql_name(table)} TO {'PUBLIC' if role == 'public' else quote_ident(role)}"
        for role in roles
        for table in sorted({one.relation for one in view.reads})
        if not _is_readable(step, role, table)
    )
    return plan(
        step, Stage("one migration, in one transaction", (*grants, *((step.sql(),) if step.has_own_text else ())))
    )


def _as_caller(view: View) -> bool:
    return dict(view.options).get("security_invoker", "false").lower() in _ON


def _may_read(step: Step, role: str, view: View) -> bool:
    return all(_is_readable(step, role, ref) for ref in {one.relation for one in view.reads})


def _is_readable(step: Step, role: str, ref: Ref) -> bool:
    relation = step.at_commit().relation(ref)
    if not isinstance(relation, (Table, View)):
        return True
    return any(one.privilege == "select" and one.role in (role, "public") for one in relation.grants)


RULE = Rule(id="view-with-rights-of-caller", check=check, on=(AlterTable, CreateView), actions=(SetOptions,))
