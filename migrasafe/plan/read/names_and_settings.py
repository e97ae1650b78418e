"""Statements that touch no row: other names of types, functions, sequences and parts, attributes, owners, settings."""

from __future__ import annotations

from migrasafe.plan.changes.change_composite import ChangeComposite
from migrasafe.plan.changes.change_owner import ChangeOwner
from migrasafe.plan.changes.column_settings import ChangeColumnSetting
from migrasafe.plan.changes.default_privileges import ChangeDefaultPrivileges
from migrasafe.plan.changes.domain_settings import ChangeDomainDefault, DropDomainNotNull, SetDomainNotNull
from migrasafe.plan.changes.index_tablespace import MoveIndex
from migrasafe.plan.changes.model import Change
from migrasafe.plan.changes.rename_function import RenameFunction
from migrasafe.plan.changes.rename_part import RenameDomainConstraint, RenamePolicy, RenameStatistics, RenameTrigger
from migrasafe.plan.changes.rename_sequence import RenameSequence
from migrasafe.plan.changes.rename_type import RenameType
from migrasafe.schema.model import Domain, Schema
from migrasafe.sql import statements as sql
from migrasafe.sql.statements import Action, Name, Statement


def statement_change(statement: Statement, before: Schema) -> tuple[Change, ...] | None:
    """None for a statement that is about something else. `before`: the schema that it is done to."""
    match statement:
        case sql.Rename():
            change = _rename(statement, before)
            return None if change is None else (change,)
        case sql.SetSchema(kind="TYPE" | "DOMAIN"):
            return (RenameType(type=statement.name, new_schema=statement.new_schema),)
        case sql.SetSchema(kind="FUNCTION" | "ROUTINE" | "PROCEDURE"):
            return (
                RenameFunction(function=statement.name, arguments=statement.arguments, new_schema=statement.new_schema),
            )
        case sql.AlterDomain():
            change = _domain(statement, before)
            return None if change is None else (change,)
        case sql.DefaultPrivileges():
            return (ChangeDefaultPrivileges(statement=statement),)
        case sql.AlterTable(kind="TYPE"):
            found = tuple(_attribute(statement.name, one) for one in statement.actions)
            return tuple(one for one in found if one is not None) if all(found) else None
        case sql.AlterTable(kind="INDEX", actions=(sql.SetTablespace(tablespace=tablespace),)):
            return (MoveIndex(index=statement.name, tablespace=tablespace),)
    return None


def action_change(table: Name, action: Action) -> Change | None:
    """Likewise for one action of an ALTER TABLE."""
    match action:
        case sql.OwnerTo():
            return ChangeOwner(table=table, owner=action.owner)
        case sql.SetColumnProperty():
            return ChangeColumnSetting(table=table, action=action)
    return None


def _rename(statement: sql.Rename, before: Schema) -> Change | None:
    name, new = statement.name, statement.new_name
    match statement.kind:
        case "TYPE" | "DOMAIN":
            return RenameType(type=name, new_name=new)
        case "FUNCTION" | "PROCEDURE" | "ROUTINE":
            return RenameFunction(function=name, arguments=statement.arguments, new_name=new)
        case "SEQUENCE":
            return RenameSequence(sequence=name, new_name=new)
        case "STATISTICS":
            return RenameStatistics(statistics=name, new_name=new)
        case "ATTRIBUTE" if statement.part is not None:
            return ChangeComposite(type=name, verb="rename", attribute=statement.part, new_name=new)
        case "TRIGGER" if statement.part is not None:
            return RenameTrigger(table=name, trigger=statement.part, new_name=new)
        case "POLICY" if statement.part is not None:
            return RenamePolicy(table=name, policy=statement.part, new_name=new)
        case "CONSTRAINT" if statement.part is not None:
            domain = before.types.get(before.resolve_type(*name))
            if isinstance(domain, Domain) and before.table(before.resolve(*name)) is None:
                return RenameDomainConstraint(domain=domain, constraint=statement.part, new_name=new)
    return None


def _domain(statement: sql.AlterDomain, before: Schema) -> Change | None:
    domain = before.types.get(before.resolve_type(*statement.name))
    if not isinstance(domain, Domain):
        return None
    match statement.verb:
        case "set default":
            return ChangeDomainDefault(domain=domain, default=statement.default)
        case "drop default":
            return ChangeDomainDefault(domain=domain, default=None)
        case "set not null":
            return SetDomainNotNull(domain=domain)
        case "drop not null":
            return DropDomainNotNull(domain=domain)
    return None


def _attribute(type: Name, action: Action) -> Change | None:
    if not isinstance(action, sql.AlterAttribute):
        return None
    return ChangeComposite(type=type, verb=action.verb, attribute=action.attribute, to=action.type)
