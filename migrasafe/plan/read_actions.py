"""One action of an ALTER TABLE as a change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from migrasafe.plan.changes.add_column import AddColumn
from migrasafe.plan.changes.add_numbered_column import AddNumberedColumn, is_numbered
from migrasafe.plan.changes.change_default import ChangeDefault
from migrasafe.plan.changes.change_identity import ChangeIdentity
from migrasafe.plan.changes.change_type import ChangeType
from migrasafe.plan.changes.drop_column import DropColumn
from migrasafe.plan.changes.drop_constraint import DropConstraint
from migrasafe.plan.changes.drop_not_null import DropNotNull
from migrasafe.plan.changes.enum_and_text import TEXTS, TextToEnum
from migrasafe.plan.changes.model import Change
from migrasafe.plan.changes.set_not_null import SetNotNull
from migrasafe.plan.changes.validate_constraint import ValidateConstraint
from migrasafe.plan.columns_of_type import enum_type
from migrasafe.plan.hints import Hints
from migrasafe.schema.model import Schema
from migrasafe.sql import statements as sql
from migrasafe.sql.statements import Name


def change_of(table: Name, action: sql.Action, hints: Hints, before: Schema) -> Change | None:
    """None for an action that has no plan. `before`: the schema that it is done to."""
    if isinstance(action, sql.AlterColumnType):
        return _type(table, action, hints, before)
    make = _ACTIONS.get(type(action))
    return None if make is None else make(table, action, hints)


def _type(name: Name, action: sql.AlterColumnType, hints: Hints, before: Schema) -> Change:
    table = before.table(before.resolve(*name))
    column = table.column(action.column) if table is not None else None
    is_text = column is not None and column.type is not None and column.type.name in TEXTS and not column.type.array
    if (
        is_text
        and hints.way != "app"
        and hints.up is None
        and hints.down is None
        and enum_type(before, action.type) is not None
    ):
        return TextToEnum(table=name, column=action.column, type=action.type, bad_rows=hints.bad_rows)
    return ChangeType(
        table=name,
        column=action.column,
        type=action.type,
        up=hints.up or action.using,
        down=hints.down,
        time_zone=hints.time_zone,
        bad_rows=hints.bad_rows,
        by_app=hints.way == "app",
        new_name=hints.new_name,
    )


_ACTIONS: Mapping[type[sql.Action], Callable[[Name, Any, Hints], Change]] = {
    sql.AddColumn: lambda table, action, hints: (
        AddNumberedColumn(table=table, column=action.column)
        if is_numbered(action.column)
        else AddColumn(table=table, column=action.column, fill=hints.up)
    ),
    sql.DropColumn: lambda table, action, hints: DropColumn(table=table, column=action.column, meanwhile=hints.down),
    sql.DropConstraint: lambda table, action, _: DropConstraint(table=table, constraint=action.name),
    sql.SetDefault: lambda table, action, _: ChangeDefault(table=table, column=action.column, default=action.default),
    sql.DropDefault: lambda table, action, _: ChangeDefault(table=table, column=action.column, default=None),
    sql.SetNotNull: lambda table, action, hints: SetNotNull(table=table, column=action.column, fill=hints.up),
    sql.ValidateConstraint: lambda table, action, _: ValidateConstraint(table=table, constraint=action.name),
    sql.DropIdentity: lambda table, action, _: ChangeIdentity(table=table, column=action.column, always=None),
    sql.DropNotNull: lambda table, action, _: DropNotNull(table=table, column=action.column),
}
