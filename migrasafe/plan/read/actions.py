"""One action of an ALTER TABLE as a change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from migrasafe.plan.carry_over.columns_of_type import enum_type
from migrasafe.plan.changes.add_column import AddColumn
from migrasafe.plan.changes.add_numbered_column import AddNumberedColumn, is_numbered
from migrasafe.plan.changes.change_collation import ChangeCollation
from migrasafe.plan.changes.change_default import ChangeDefault
from migrasafe.plan.changes.change_identity import ChangeIdentity
from migrasafe.plan.changes.change_type import ChangeType
from migrasafe.plan.changes.drop_column import DropColumn
from migrasafe.plan.changes.drop_constraint import DropConstraint
from migrasafe.plan.changes.drop_expression import DropExpression
from migrasafe.plan.changes.drop_not_null import DropNotNull
from migrasafe.plan.changes.enum_and_text import TEXTS, TextToEnum
from migrasafe.plan.changes.generated_column import GeneratedColumn
from migrasafe.plan.changes.model import Change, NoPlanError
from migrasafe.plan.changes.narrow_column import NarrowColumn, is_narrower
from migrasafe.plan.changes.replace_foreign_key import ReplaceForeignKey
from migrasafe.plan.changes.set_not_null import SetNotNull
from migrasafe.plan.changes.switch_trigger import SwitchTrigger
from migrasafe.plan.changes.validate_constraint import ValidateConstraint
from migrasafe.plan.read.hints import Hints
from migrasafe.schema.model import Schema
from migrasafe.sql import statements as sql
from migrasafe.sql.statements import ColumnDef, ConstraintKind, Name


def change_of(table: Name, action: sql.Action, hints: Hints, before: Schema) -> Change | None:
    """None for an action that has no plan. `before`: the schema that it is done to."""
    if isinstance(action, sql.AlterColumnType):
        return _type(table, action, hints, before)
    if isinstance(action, sql.AlterConstraint):
        return _deferred(table, action, before)
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
    if column is not None and column.type is not None and hints.up is None and hints.down is None:
        if action.collation is not None:
            return ChangeCollation(table=name, column=action.column, type=action.type, collation=action.collation.name)
        if hints.way != "app" and is_narrower(column.type, action.type) and not _with_using(action):
            return NarrowColumn(table=name, column=action.column, type=action.type, bad_rows=hints.bad_rows)
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


def _deferred(name: Name, action: sql.AlterConstraint, before: Schema) -> Change | None:
    """A foreign key that is checked at another time; None for what else ALTER CONSTRAINT says."""
    table = before.table(before.resolve(*name))
    old = table.constraint(action.name) if table is not None else None
    if action.enforced is not None or action.no_inherit is not None:
        return None
    if old is None or old.kind is not ConstraintKind.FOREIGN_KEY:
        raise NoPlanError(
            f"{name} has no foreign key {action.name}, and PostgreSQL alters no other constraint: drop it and add it again in one"
            " ALTER TABLE, or say `migrasafe plan defer`, which plans a UNIQUE or PRIMARY KEY beside the old one"
        )
    deferred = action.initially_deferred if action.initially_deferred is not None else old.initially_deferred
    deferrable = action.deferrable if action.deferrable is not None else old.deferrable or deferred
    if (deferrable, deferred and deferrable) == (old.deferrable, old.initially_deferred):
        raise NoPlanError(f"{action.name} of {name} is checked at that time already")
    new = replace(old, deferrable=deferrable, initially_deferred=deferred and deferrable)
    return ReplaceForeignKey(table=name, old=old, new=new)


def _generated(table: Name, column: ColumnDef) -> Change:
    assert column.generated is not None  # whoever asks has seen it
    return GeneratedColumn(
        table=table,
        column=column.name,
        type=column.type,
        expression=column.generated,
        stored=column.generated_stored,
    )


def _with_using(action: sql.AlterColumnType) -> bool:
    """Whether USING says more than a cast."""
    return action.using is not None and "TypeCast" not in action.using.node


_ACTIONS: Mapping[type[sql.Action], Callable[[Name, Any, Hints], Change]] = {
    sql.AddColumn: lambda table, action, hints: (
        AddNumberedColumn(table=table, column=action.column)
        if is_numbered(action.column)
        else _generated(table, action.column)
        if action.column.generated is not None
        else AddColumn(table=table, column=action.column, fill=hints.up)
    ),
    sql.DropColumn: lambda table, action, hints: DropColumn(table=table, column=action.column, meanwhile=hints.down),
    sql.DropConstraint: lambda table, action, _: DropConstraint(table=table, constraint=action.name),
    sql.SetDefault: lambda table, action, _: ChangeDefault(table=table, column=action.column, default=action.default),
    sql.DropDefault: lambda table, action, _: ChangeDefault(table=table, column=action.column, default=None),
    sql.SetNotNull: lambda table, action, hints: SetNotNull(table=table, column=action.column, fill=hints.up),
    sql.ValidateConstraint: lambda table, action, _: ValidateConstraint(table=table, constraint=action.name),
    sql.DropExpression: lambda table, action, _: DropExpression(table=table, column=action.column),
    sql.SetExpression: lambda table, action, _: GeneratedColumn(
        table=table, column=action.column, type=None, expression=action.expression
    ),
    sql.DropIdentity: lambda table, action, _: ChangeIdentity(table=table, column=action.column, always=None),
    sql.SetTriggers: lambda table, action, _: SwitchTrigger(table=table, action=action),
    sql.DropNotNull: lambda table, action, _: DropNotNull(table=table, column=action.column),
}
