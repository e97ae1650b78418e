"""A published table without a replica identity: its UPDATEs and DELETEs fail."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.publishing import refuses_changes
from migrasafe.rules.wording import shown, sql_name
from migrasafe.schema.model import Ref, Table
from migrasafe.sql.statements import (
    AlterPublication,
    AlterTable,
    CreatePublication,
    CreateTable,
    CreateTableAs,
    DropColumn,
    DropConstraint,
    ReplicaIdentity,
)

_ACTIONS = (DropConstraint, DropColumn, ReplicaIdentity)


def check(step: Step) -> Iterator[Finding]:
    if not step.after.publications:
        return
    for ref in _candidates(step):
        end = step.at_end() if step.situation.is_new(ref) or step.schema.relation(ref) is None else step.at_commit()
        table = end.table(ref)
        publication = refuses_changes(end, table) if table is not None else None
        before = step.schema.table(ref)
        if table is None or publication is None:
            continue
        if before is not None and refuses_changes(step.schema, before) is not None:
            continue
        in_use = before is not None and step.situation.exists_already(ref)
        yield step.finding(
            RULE.id,
            f"UPDATE and DELETE on {shown(ref)} fail: it is published by {publication.name}, and has no replica identity "
            "to tell its rows apart (55000).",
            severity=Severity.ERROR if in_use else Severity.WARNING,
            help="Give it a primary key, or a replica identity, before.",
            objects=(ref,),
            steps=_steps(step, ref, is_new=before is None),
        )


def _steps(step: Step, ref: Ref, *, is_new: bool) -> str:
    full = f"ALTER TABLE {sql_name(ref)} REPLICA IDENTITY FULL;"
    if isinstance(step.statement, AlterTable) and any(
        isinstance(one, ReplicaIdentity) for one in step.statement.actions
    ):
        return f"-- instead of this one\n{full}"
    note = "-- or, without the cost of FULL: a primary key, or a unique index over NOT NULL columns"
    return f"{step.sql()};\n{note}\n{full}" if is_new else f"{note}\n{full}\n{step.sql()};"


def _candidates(step: Step) -> list[Ref]:
    """The tables that the statement may leave so."""
    statement = step.statement
    match statement:
        case AlterTable():
            return [step.situation.ref(statement.name)]
        case CreateTable() | CreateTableAs():
            return [step.situation.ref(statement.name)]
        case CreatePublication() | AlterPublication():
            named = [step.situation.ref(one.table) for one in statement.tables]
            if not statement.schemas and not (isinstance(statement, CreatePublication) and statement.all_tables):
                return named if named else _published_by_name(step, statement.name)
            return sorted(ref for ref, one in step.after.relations.items() if isinstance(one, Table))
    return []


def _published_by_name(step: Step, name: str) -> list[Ref]:
    """For ALTER PUBLICATION … SET (publish = …), which names no table."""
    publication = step.after.publications.get(name)
    return list(publication.tables) if publication is not None else []


RULE = Rule(
    id="publish-without-replica-identity",
    check=check,
    on=(AlterTable, CreatePublication, AlterPublication, CreateTable, CreateTableAs),
    actions=_ACTIONS,
)
