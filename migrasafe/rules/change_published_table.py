"""A published table gets a column or a name that its subscribers do not have: replication stops."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Ref
from migrasafe.schema.publishing import publications_of
from migrasafe.sql.statements import AddColumn, AlterTable, Rename


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, (AlterTable, Rename))
    if not step.schema.publications or (isinstance(statement, Rename) and statement.kind not in ("TABLE", "COLUMN")):
        return
    ref = step.situation.ref(statement.name)
    table = step.schema.table(ref)
    if table is None or not step.situation.exists_already(ref):
        return
    publication = next(publications_of(step.schema, table), None)
    if publication is None:
        return
    part = next((one for one in publication.parts if one.table == ref), None)
    listed = part.columns if part is not None else ()
    if listed and (isinstance(statement, AlterTable) or (statement.kind == "COLUMN" and statement.part not in listed)):
        return  # only the columns of its list are sent
    if isinstance(statement, Rename):
        new = f"{shown(ref)}.{statement.new_name}" if statement.kind == "COLUMN" else _renamed(ref, statement)
        yield _finding(step, ref, f"the {statement.kind.lower()} {new}", publication.name, None)
        return
    for index, action in enumerate(statement.actions):
        if isinstance(action, AddColumn) and table.column(action.column.name) is None:
            yield _finding(step, ref, f"the column {shown(ref)}.{action.column.name}", publication.name, index)


def _renamed(ref: Ref, statement: Rename) -> str:
    return shown(Ref(ref.schema, statement.new_name))


def _finding(step: Step, ref: Ref, what: str, publication: str, action: int | None) -> Finding:
    return step.finding(
        RULE.id,
        f"Logical replication through {publication} stops at a subscriber that does not have {what} yet.",
        severity=Severity.WARNING if action is None else Severity.INFO,
        help="Make the same change on every subscriber first: publications do not send it.",
        action=action,
        objects=(ref,),
        lock=step.effects.lock_on(ref),
        assumed=("subscribers have not been changed yet",),
    )


RULE = Rule(id="change-published-table", check=check, on=(AlterTable, Rename), actions=(AddColumn,))
