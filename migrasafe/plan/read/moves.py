"""`-- migrasafe: move users.street, town -> addresses`: the statements of a migration that belong to it, as one change."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.changes.move_columns import MoveColumns
from migrasafe.plan.read.names_said import SAID, listed, name_parts
from migrasafe.plan.read.recipes import Recipe
from migrasafe.quantities import say_count
from migrasafe.schema.model import Schema
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import Name, Statement

_MOVE = re.compile(rf"migrasafe:\s*move\s+({SAID})\s*->\s*({SAID})\s*(?:\*/)?$", re.IGNORECASE | re.MULTILINE)


def moves(script: Script, schema: Schema) -> Iterator[Recipe]:
    """Every move that a comment says. Raises NoPlanError for one that the migration does not carry out."""
    for comment in script.comments:
        found = _MOVE.search(script.text_of(comment))
        if found is None:
            continue
        try:
            first, *more = (name_parts(part) for part in listed(found[1]))
            target, *others = (name_parts(part) for part in listed(found[2]))
            if len(first) not in (2, 3):
                raise ValueError(found[1])
        except ValueError as error:
            raise NoPlanError(
                f"{script.source.path}: `{found[0]}` is said so: migrasafe: move TABLE.COLUMN[, COLUMN] -> TABLE[.COLUMN[, COLUMN]]"
            ) from error
        olds = (first[-1], *(one[-1] for one in more))
        old = Name(first[0] if len(first) == 3 else None, first[-2])
        new, named = _target(script, schema, target)
        news = (*named, *(one[-1] for one in others)) if named else olds
        if len(news) != len(olds):
            raise NoPlanError(
                f"{script.source.path}: `{found[0]}` names {say_count(len(olds), 'column')}, and {len(news)} to move them to"
            )
        yield _carried_out(script, found[0], old, new, tuple(zip(olds, news, strict=True)))


def _target(script: Script, schema: Schema, parts: tuple[str, ...]) -> tuple[Name, tuple[str, ...]]:
    """A table, or a table with the name of a column: whichever is there, or made."""
    table = Name(parts[-2] if len(parts) > 1 else None, parts[-1])
    made = {one.name.name for one in script.statements if isinstance(one, sql.CreateTable)}
    if len(parts) == 1 or (
        len(parts) == 2 and (table.name in made or schema.table(schema.resolve(*table)) is not None)
    ):
        return table, ()
    return Name(parts[-3] if len(parts) > 2 else None, parts[-2]), (parts[-1],)


def _carried_out(script: Script, said: str, old: Name, new: Name, columns: tuple[tuple[str, str], ...]) -> Recipe:
    parts: list[object] = []
    added: list[sql.ColumnDef] = []
    dropped: list[tuple[Statement, str]] = []
    for statement in script.statements:
        if isinstance(statement, sql.Insert | sql.Update) and statement.table.name == new.name:
            parts.append(statement)
        for action in statement.actions if isinstance(statement, sql.AlterTable) else ():
            name = statement.name.name if isinstance(statement, sql.AlterTable) else ""
            is_new = name == new.name and isinstance(action, sql.AddColumn)
            if is_new and isinstance(action, sql.AddColumn) and action.column.name in {here for _, here in columns}:
                added.append(action.column)
                parts.append(action)
            is_old = name == old.name and isinstance(action, sql.DropColumn)
            if is_old and isinstance(action, sql.DropColumn) and action.column in {there for there, _ in columns}:
                dropped.append((statement, action.column))
                parts.append(action)
    if {column for _, column in dropped} != {there for there, _ in columns}:
        raise NoPlanError(
            f"{script.source.path}: the comment `{said}` needs an ALTER TABLE {old} that drops what moves, behind what makes"
            f" room for it in {new}"
        )
    change = MoveColumns(old_table=old, new_table=new, columns=columns, added=tuple(added))
    return Recipe(change=change, first=dropped[0][0], parts=tuple(parts))
