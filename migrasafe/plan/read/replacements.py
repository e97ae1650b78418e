"""`-- migrasafe: replace users.name -> first_name, last_name`: the statements of a migration that belong to it, as one change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.changes.replace_columns import ReplaceColumns
from migrasafe.plan.read.names_said import SAID, listed, name_parts
from migrasafe.sql import statements as sql
from migrasafe.sql.expressions import columns_read
from migrasafe.sql.script import Script
from migrasafe.sql.statements import ColumnDef, Expression, Name

_REPLACE = re.compile(rf"migrasafe:\s*replace\s+({SAID})\s*->\s*({SAID})\s*(?:\*/)?$", re.IGNORECASE | re.MULTILINE)


class Replaced(Struct, frozen=True, kw_only=True):
    """What a comment says, and which parts of the migration carry it out."""

    table: Name
    old: tuple[str, ...]
    new: tuple[str, ...]
    added: tuple[sql.AddColumn, ...] = ()
    filled: tuple[sql.Update, ...] = ()
    dropped: tuple[sql.DropColumn, ...] = ()
    first: sql.Statement | None = None
    """The statement in the place of which the change stands."""

    def owns(self, part: object) -> bool:
        """Whether an action, or an UPDATE, is part of this change."""
        return any(part is one for one in (*self.added, *self.filled, *self.dropped))

    def change(
        self, up: Sequence[tuple[str, Expression]], down: Sequence[tuple[str, Expression]], way: str | None
    ) -> ReplaceColumns:
        """`up`, `down`: what people say beside the migration; an UPDATE of its own says `up` as well."""
        said = {column: value for one in self.filled for column, value in one.assignments if value is not None}
        definitions: Mapping[str, ColumnDef] = {one.column.name: one.column for one in self.added}
        return ReplaceColumns(
            table=self.table,
            old=self.old,
            new=tuple(definitions[name] for name in self.new),
            up=tuple({**said, **dict(up)}.items()),
            down=tuple(down),
            way=way,
        )


def replacements(script: Script) -> tuple[Replaced, ...]:
    """Every replacement that a comment says. Raises NoPlanError for one that the migration does not carry out."""
    return tuple(_carried_out(script, *said) for said in _said(script))


def says_what_they_get(script: Script, change: ReplaceColumns) -> bool:
    """Whether the migration makes an index or a constraint over one of the new columns itself."""
    new = {column.name for column in change.new}
    for statement in script.statements:
        match statement:
            case sql.CreateIndex(table=name) if name.name == change.table.name:
                read = [
                    {one.column} if one.expression is None else columns_read(one.expression)
                    for one in statement.elements
                ]
                if any(new & columns for columns in read):
                    return True
            case sql.AlterTable(name=name) if name.name == change.table.name:
                added = [one.constraint for one in statement.actions if isinstance(one, sql.AddConstraint)]
                if any(new & {*one.columns, *_read(one.expression)} for one in added):
                    return True
    return False


def _read(expression: Expression | None) -> frozenset[str]:
    return frozenset() if expression is None else columns_read(expression)


def _said(script: Script) -> Iterator[tuple[Name, tuple[str, ...], tuple[str, ...]]]:
    for comment in script.comments:
        found = _REPLACE.search(script.text_of(comment))
        if found is None:
            continue
        try:
            first, *more = (name_parts(part) for part in listed(found[1]))
            if len(first) not in (2, 3) or any(len(one) != 1 for one in more):
                raise ValueError(found[1])
            new = tuple(name_parts(part)[-1] for part in listed(found[2]))
        except ValueError as error:
            raise NoPlanError(
                f"{script.source.path}: `{found[0]}` is said so: migrasafe: replace TABLE.COLUMN[, COLUMN] -> COLUMN[, COLUMN]"
            ) from error
        table = Name(first[0] if len(first) == 3 else None, first[-2])
        yield table, (first[-1], *(one[0] for one in more)), new


def _carried_out(script: Script, table: Name, old: tuple[str, ...], new: tuple[str, ...]) -> Replaced:
    added: list[sql.AddColumn] = []
    dropped: list[sql.DropColumn] = []
    filled: list[sql.Update] = []
    first: sql.Statement | None = None
    for statement in script.statements:
        before = len(added) + len(dropped) + len(filled)
        if isinstance(statement, sql.AlterTable) and statement.name.name == table.name:
            added += [one for one in statement.actions if isinstance(one, sql.AddColumn) and one.column.name in new]
            dropped += [one for one in statement.actions if isinstance(one, sql.DropColumn) and one.column in old]
        elif isinstance(statement, sql.Update) and _fills(statement, table, new):
            filled.append(statement)
        if len(added) + len(dropped) + len(filled) > before and first is None:
            first = statement
    if {one.column.name for one in added} != set(new) or {one.column for one in dropped} != set(old):
        raise NoPlanError(
            f"{script.source.path}: the comment `replace {table}.{', '.join(old)} -> {', '.join(new)}` needs an ALTER TABLE {table}"
            f" that adds {', '.join(new)} and one that drops {', '.join(old)}"
        )
    return Replaced(
        table=table, old=old, new=new, added=tuple(added), filled=tuple(filled), dropped=tuple(dropped), first=first
    )


def _fills(update: sql.Update, table: Name, new: tuple[str, ...]) -> bool:
    """Whether an UPDATE gives the new columns their values, in all rows or in those that have none."""
    if update.table.name != table.name or update.joins or not update.assignments:
        return False
    everywhere = update.where is None or columns_read(update.where) <= set(new)
    return everywhere and all(column in new for column, _ in update.assignments)
