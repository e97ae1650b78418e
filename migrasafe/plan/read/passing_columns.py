"""A column made anew through a passing one: added, filled, and given the name of the old one when that is dropped."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan.changes.change_type import ChangeType
from migrasafe.plan.read.hints import Hints
from migrasafe.plan.read.recipes import Recipe, columns_added, columns_dropped
from migrasafe.schema.model import Schema
from migrasafe.sql import statements as sql
from migrasafe.sql.deparse import substituted
from migrasafe.sql.expressions import columns_read, matches_all_rows
from migrasafe.sql.script import Script
from migrasafe.sql.statements import Expression, Name, Statement, TypeName


class _Passing(Struct, frozen=True, kw_only=True):
    table: Name
    old: str
    added: sql.AddColumn
    up: Expression
    type: TypeName
    parts: tuple[object, ...]
    first: Statement


def passing_columns(script: Script, schema: Schema, hints: Hints) -> Iterator[Recipe]:
    """Every column that the migration takes out and puts back with another type."""
    for rename in script.statements:
        if isinstance(rename, sql.Rename) and rename.kind == "COLUMN" and rename.of == "TABLE" and rename.part:
            found = _passing(script, schema, rename, rename.part)
            if found is not None:
                yield Recipe(
                    change=ChangeType(
                        table=found.table,
                        column=found.old,
                        type=found.type,
                        up=hints.up or found.up,
                        down=hints.down,
                        time_zone=hints.time_zone,
                        bad_rows=hints.bad_rows,
                        default=found.added.column.default,
                    ),
                    first=found.first,
                    parts=found.parts,
                )


def _passing(script: Script, schema: Schema, rename: sql.Rename, passing: str) -> _Passing | None:
    name, old = rename.name, rename.new_name
    table = schema.table(schema.resolve(*name))
    was = table.column(old) if table is not None else None
    added = list(columns_added(script.statements, name, passing))
    dropped = list(columns_dropped(script.statements, name, (old,)))
    fills = [
        one
        for one in script.statements
        if isinstance(one, sql.Update)
        and one.table.name == name.name
        and [column for column, _ in one.assignments] == [passing]
        and not one.joins
        and matches_all_rows(one.where)
    ]
    if was is None or len(added) != 1 or len(dropped) != 1 or len(fills) != 1:
        return None
    first, action = added[0]
    up, type = fills[0].assignments[0][1], action.column.type
    if up is None or type is None or columns_read(up) != {old}:
        return None
    parts: list[object] = [action, fills[0], dropped[0][1], rename]
    for statement in script.statements:
        if not isinstance(statement, sql.AlterTable) or statement.name.name != name.name:
            continue
        for one in statement.actions:
            if isinstance(one, sql.AlterColumnType) and one.column == old:
                using = one.using or Expression(node={"ColumnRef": {"fields": [{"String": {"sval": old}}]}})
                up, type = Expression(node=substituted(using.node, old, up.node)), one.type
                parts.append(one)
            elif isinstance(one, sql.SetNotNull) and one.column == old and was.not_null:
                parts.append(one)
    return _Passing(table=name, old=old, added=action, up=up, type=type, parts=tuple(parts), first=first)
