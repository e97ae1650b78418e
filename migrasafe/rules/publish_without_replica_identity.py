"""A published table without a replica identity: its UPDATEs and DELETEs fail."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown, sql_name
from migrasafe.schema.model import Ref, Table
from migrasafe.schema.publishing import Refusal, identity_columns, refusal
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import (
    AlterPublication,
    AlterTable,
    CreatePublication,
    CreateTable,
    CreateTableAs,
    Drop,
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
        found = refusal(end, table) if table is not None else None
        before = step.schema.table(ref)
        if table is None or found is None:
            continue
        if before is not None and refusal(step.schema, before) is not None:
            continue
        in_use = before is not None and step.situation.exists_already(ref)
        yield step.finding(
            RULE.id,
            f"UPDATE and DELETE on {shown(ref)} fail: {_why(found)}.",
            severity=Severity.ERROR if in_use else Severity.WARNING,
            help=_help(found),
            objects=(ref,),
            steps=_steps(step, ref, found, is_new=before is None),
        )


def _why(found: Refusal) -> str:
    name = found.publication.name
    if found.column is None:
        return f"it is published by {name}, and has no replica identity to tell its rows apart (55000)"
    if found.listed:
        return f"{name} leaves out {found.column}, which is in the replica identity (42P10)"
    return f"the WHERE of {name} asks for {found.column}, which is not in the replica identity (42P10)"


def _help(found: Refusal) -> str:
    if found.column is None:
        return "Give it a primary key, or a replica identity, before."
    if found.listed:
        return f"Add {found.column} to the columns that are published."
    return f"Let the old row be sent whole, or use a unique index with {found.column} in it as the replica identity."


def _steps(step: Step, ref: Ref, found: Refusal, *, is_new: bool) -> str:
    if found.listed:
        published = next(part.columns for part in found.publication.parts if part.table == ref)
        table = step.at_commit().table(ref)
        asked = identity_columns(step.at_commit(), table) if table is not None else ()
        wanted = tuple(dict.fromkeys((*published, *(asked or ()))))
        columns = f" ({', '.join(map(quote_ident, wanted))})" if asked is not None else ""
        name = quote_ident(found.publication.name)
        again = f"ALTER PUBLICATION {name} DROP TABLE {sql_name(ref)};\nALTER PUBLICATION {name} ADD TABLE {sql_name(ref)}{columns};"
        return f"{step.sql()};\n{again}"
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
        case Drop(kind="INDEX"):
            indexes = [step.schema.index(step.situation.ref(one.name)) for one in statement.objects]
            return [one.table for one in indexes if one is not None and one.replica_identity]
    return []


def _published_by_name(step: Step, name: str) -> list[Ref]:
    """For ALTER PUBLICATION … SET (publish = …), which names no table."""
    publication = step.after.publications.get(name)
    return list(publication.tables) if publication is not None else []


RULE = Rule(
    id="publish-without-replica-identity",
    check=check,
    on=(AlterTable, CreatePublication, AlterPublication, CreateTable, CreateTableAs, Drop),
    actions=_ACTIONS,
)
