"""The columns that a statement makes or changes the type of: what advice about types looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.schema.model import TEMPORARY_SCHEMA, Ref
from migrasafe.sql.statements import (
    AddColumn,
    AddConstraint,
    AlterColumnType,
    AlterTable,
    ColumnDef,
    ConstraintKind,
    CreateTable,
    Persistence,
    TypeName,
)


class NewColumn(Struct, frozen=True, kw_only=True):
    """A column with the type that it gets."""

    table: Ref
    name: str
    type: TypeName
    action: int | None = None
    key: bool = False
    """It is a primary key by itself."""


def new_columns(step: Step) -> Iterator[NewColumn]:
    """Those of CREATE TABLE, ADD COLUMN and ALTER COLUMN TYPE; temporary tables are left out."""
    statement = step.statement
    match statement:
        case CreateTable() if statement.persistence is not Persistence.TEMPORARY:
            ref = step.situation.ref(statement.name)
            keys = {
                one.columns[0]
                for one in statement.constraints
                if one.kind is ConstraintKind.PRIMARY_KEY and len(one.columns) == 1
            }
            for column in statement.columns:
                if column.type is not None:
                    yield NewColumn(
                        table=ref, name=column.name, type=column.type, key=column.name in keys or _is_key(column)
                    )
        case AlterTable() if statement.kind in ("TABLE", "FOREIGN TABLE"):
            ref = step.situation.ref(statement.name)
            keys = _keys_added(statement)
            for index, action in enumerate(statement.actions):
                match action:
                    case AddColumn(column=ColumnDef(type=TypeName() as type_name) as column):
                        is_key = _is_key(column) or column.name in keys
                        yield NewColumn(table=ref, name=column.name, type=type_name, action=index, key=is_key)
                    case AlterColumnType():
                        yield NewColumn(table=ref, name=action.column, type=action.type, action=index)


def _is_key(column: ColumnDef) -> bool:
    return any(one.kind is ConstraintKind.PRIMARY_KEY for one in column.constraints)


def _keys_added(statement: AlterTable) -> set[str]:
    return {
        action.constraint.columns[0]
        for action in statement.actions
        if isinstance(action, AddConstraint)
        and action.constraint.kind is ConstraintKind.PRIMARY_KEY
        and len(action.constraint.columns) == 1
    }


def advice(id: str, concerns: Callable[[NewColumn], bool], message: str, help: str) -> Rule:
    """A rule that says `message`, with {column} in it, of the new columns that it concerns; it runs only if selected."""

    def check(step: Step) -> Iterator[Finding]:
        for column in new_columns(step):
            if column.table.schema != TEMPORARY_SCHEMA and concerns(column):
                name = f"{shown(column.table)}.{column.name}"
                yield step.finding(
                    id,
                    message.format(column=name),
                    severity=Severity.INFO,
                    help=help,
                    action=column.action,
                    objects=(f"{column.table}.{column.name}",),
                )

    return Rule(id=id, check=check, on=(CreateTable, AlterTable), actions=(AddColumn, AlterColumnType), default=False)
