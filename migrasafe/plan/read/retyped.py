"""The default of a column whose type changes, taken away before and said again behind: part of the same change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from migrasafe.plan.changes.change_type import ChangeType
from migrasafe.plan.changes.model import Change, NoPlanError
from migrasafe.plan.read.actions import change_of
from migrasafe.plan.read.hints import Hints
from migrasafe.schema.model import Ref, Schema
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import Expression


def defaults_with_types(script: Script, schema: Schema, hints: Hints) -> dict[tuple[Ref, str], Expression]:
    """The defaults that columns of `schema` have in the end which had one, and get another type meanwhile."""
    said: dict[tuple[Ref, str], Expression] = {}
    for table, action in _actions(script, schema):
        if isinstance(action, sql.SetDefault):
            said[table, action.column] = action.default
        elif isinstance(action, sql.DropDefault):
            said.pop((table, action.column), None)
    typed = {
        (table, action.column)
        for table, action in _actions(script, schema)
        if isinstance(action, sql.AlterColumnType) and _is_plain(schema, table, action, hints)
    }
    return {place: default for place, default in said.items() if place in typed}


def with_default(change: Change, defaults: Mapping[tuple[Ref, str], Expression], schema: Schema) -> Change:
    """A change of a type with the default that the column has in the end."""
    if not isinstance(change, ChangeType):
        return change
    return replace(change, default=defaults.get((schema.resolve(*change.table), change.column)))


def _is_plain(schema: Schema, ref: Ref, action: sql.AlterColumnType, hints: Hints) -> bool:
    """Whether the column has a default that comes along with the type."""
    table = schema.table(ref)
    column = table.column(action.column) if table is not None else None
    key = table.primary_key if table is not None else None
    if column is None or column.default is None or (key is not None and column.name in key.columns):
        return False
    try:
        made = change_of(sql.Name(ref.schema, ref.name), action, hints, schema)
    except NoPlanError:
        return False
    return isinstance(made, ChangeType) and not made.by_app


def _actions(script: Script, schema: Schema) -> Iterator[tuple[Ref, sql.Action]]:
    for statement in script.statements:
        if isinstance(statement, sql.AlterTable):
            yield from ((schema.resolve(*statement.name), action) for action in statement.actions)
