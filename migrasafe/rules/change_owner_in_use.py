"""OWNER TO: the role that owned it could do everything with it, and can do nothing any more unless it was granted."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.locks import LockMode
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Ref, Table
from migrasafe.sql.statements import AlterTable, OwnerTo

_PRIVILEGES = {"SEQUENCE": "USAGE, SELECT, UPDATE", "VIEW": "SELECT, INSERT, UPDATE, DELETE"}
_ALL = "SELECT, INSERT, UPDATE, DELETE"


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, AlterTable)
    ref = step.situation.ref(statement.name)
    if statement.kind == "INDEX" or not step.situation.exists_already(ref):
        return
    for place, action in enumerate(statement.actions):
        if isinstance(action, OwnerTo):
            yield _finding(step, statement, ref, action.owner, place)


def _finding(step: Step, statement: AlterTable, ref: Ref, owner: str, place: int) -> Finding:
    table = step.schema.relation(ref)
    spared = isinstance(table, Table) and table.row_security
    policies = f", and row level security no longer applies to {owner}" if spared else ""
    privileges = _PRIVILEGES.get(statement.kind, _ALL)
    return step.finding(
        RULE.id,
        f"The role that owns {shown(ref)} now can no longer use it unless it was granted to it{policies}; only {owner} can "
        "alter it from here on.",
        severity=Severity.WARNING,
        help=f"Grant the role of the app what it needs in the same transaction: GRANT {privileges}.",
        action=place,
        objects=(ref,),
        lock=LockMode.ACCESS_EXCLUSIVE,
        assumed=("the app connects as the owner, or as a member of it",),
    )


RULE = Rule(id="change-owner-in-use", check=check, on=(AlterTable,), actions=(OwnerTo,))
