"""Changes of a column that PostgreSQL refuses for what the column is: an identity, generated, part of a key, from above.

https://www.postgresql.org/docs/current/sql-altertable.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from migrasafe.effects.model import Failure, Refusal, Trouble
from migrasafe.schema.model import Column, Ref, RelationKind, Table
from migrasafe.sql.expressions import columns_read
from migrasafe.sql.quote import spell_type
from migrasafe.sql.statements import (
    Action,
    AddColumn,
    AddConstraint,
    AddIdentity,
    AlterColumnType,
    AlterTable,
    ConstraintKind,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropExpression,
    DropIdentity,
    DropNotNull,
    Expression,
    SetDefault,
    SetIdentity,
    TypeName,
)
from migrasafe.sql.written_values import can_be_written, fits

_NOT_NULL = (ConstraintKind.PRIMARY_KEY, ConstraintKind.NOT_NULL)
"""Whose columns are NOT NULL before the same statement makes identities."""
_STATE = Trouble.NOT_IN_PREREQUISITE_STATE


def refused_changes(statement: AlterTable, table: Table) -> Iterator[Failure]:
    """Each action that fails for what is known of its column. One whose column another action changes first is left out."""
    columns = [_column_of(action) for action in statement.actions]
    keys_go = any(isinstance(action, DropConstraint) for action in statement.actions)
    keys_come = any(isinstance(one, AddConstraint) and one.constraint.kind in _NOT_NULL for one in statement.actions)
    for place, action in enumerate(statement.actions):
        name = columns[place]
        if isinstance(action, AddColumn) and table.partition_of is not None:
            yield _failure((Trouble.WRONG_OBJECT, "cannot add column to a partition"), place, table.ref)
        column = table.column(name) if name is not None and columns.count(name) == 1 else None
        refuse = _REFUSALS.get(type(action))
        if column is None or refuse is None or (keys_go and isinstance(action, DropNotNull)):
            continue
        if keys_come and isinstance(action, AddIdentity):
            continue
        refusal = refuse(action, column, table)
        if refusal is not None:
            yield _failure(refusal, place, table.ref, column.name)


def _column_of(action: Action) -> str | None:
    return getattr(action, "column", None) if not isinstance(action, AddColumn) else action.column.name


def _failure(refusal: Refusal, place: int, table: Ref, column: str = "") -> Failure:
    trouble, reason = refusal
    objects = (f"{table}.{column}" if column else str(table),)
    return Failure(trouble=trouble, reason=reason, action=place, objects=objects)


def _is(what: str, column: Column, table: Table, trouble: Trouble = Trouble.SYNTAX) -> Refusal:
    return trouble, f"column {column.name} of {table.ref.name} is {what}"


# --- one action each --------------------------------------------------------------------------------------------------


def _default(action: SetDefault | DropDefault, column: Column, table: Table) -> Refusal | None:
    if column.identity is not None:
        return _is("an identity column", column, table)
    if column.generated is not None:
        return _is("a generated column", column, table)
    return next(refused_default(action.default, column.type), None) if isinstance(action, SetDefault) else None


def refused_default(
    default: Expression | None, type_name: TypeName | None, *, of_rows: bool = False
) -> Iterator[Refusal]:
    """A string constant which the type cannot read, or, as the value of rows that exist, has no room for."""
    text = default.node.get("A_Const", {}).get("sval", {}).get("sval") if default is not None else None
    if text is None or type_name is None:
        return
    if not can_be_written(text, type_name):
        yield Trouble.INVALID_TEXT, f"type {spell_type(type_name)} cannot read the default '{text}'"
    elif of_rows and not fits(text, type_name):
        yield Trouble.TEXT_TOO_LONG, f"the default '{text}' is too long for type {spell_type(type_name)}"


def _drop_not_null(action: DropNotNull, column: Column, table: Table) -> Refusal | None:
    if column.identity is not None:
        return _is("an identity column", column, table)
    key = table.primary_key
    if key is not None and column.name in key.columns:
        return _is("in the primary key", column, table, Trouble.INVALID_TABLE_DEFINITION)
    return None


def _add_identity(action: AddIdentity, column: Column, table: Table) -> Refusal | None:
    if not column.not_null:
        return _STATE, f"column {column.name} of {table.ref.name} must be NOT NULL before it can be an identity column"
    if column.identity is not None:
        return _is("an identity column already", column, table, _STATE)
    if column.default is not None:
        return _STATE, f"column {column.name} of {table.ref.name} has a default already"
    return None


def _identity(action: SetIdentity | DropIdentity, column: Column, table: Table) -> Refusal | None:
    if column.identity is not None or getattr(action, "if_exists", False):
        return None
    return _is("not an identity column", column, table, _STATE)


def _drop_expression(action: DropExpression, column: Column, table: Table) -> Refusal | None:
    if column.generated is None:
        return None if action.if_exists else _is("not a generated column", column, table, _STATE)
    if column.generated_stored:
        return None
    return _is("a virtual generated column, which has no values to keep", column, table, Trouble.FEATURE_NOT_SUPPORTED)


def _type(action: AlterColumnType, column: Column, table: Table) -> Refusal | None:
    return _from_above("alter", column, table) or _partition_key("alter", column, table)


def _drop(action: DropColumn, column: Column, table: Table) -> Refusal | None:
    return _from_above("drop", column, table) or _partition_key("drop", column, table)


def _from_above(what: str, column: Column, table: Table) -> Refusal | None:
    if not column.inherited:
        return None
    return Trouble.INVALID_TABLE_DEFINITION, f"cannot {what} inherited column {column.name}"


def _partition_key(what: str, column: Column, table: Table) -> Refusal | None:
    if table.partition_by is None or table.kind is not RelationKind.PARTITIONED_TABLE:
        return None
    if column.name in table.partition_by.columns or any(
        column.name in columns_read(e) for e in table.partition_by.expressions
    ):
        reason = f"cannot {what} column {column.name}: it is part of the partition key of {table.ref.name}"
        return Trouble.INVALID_TABLE_DEFINITION, reason
    return None


_REFUSALS: Mapping[type[Action], Callable[[Any, Column, Table], Refusal | None]] = {
    SetDefault: _default,
    DropDefault: _default,
    DropNotNull: _drop_not_null,
    AddIdentity: _add_identity,
    SetIdentity: _identity,
    DropIdentity: _identity,
    DropExpression: _drop_expression,
    AlterColumnType: _type,
    DropColumn: _drop,
}
