"""Columns that a migration drops and adds and that are meant to be renamed: somebody has to say so, it is never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.changes.rename_column import RenameColumn
from migrasafe.plan.read.names_said import name_parts
from migrasafe.schema.model import Schema
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import Name, Node

_RENAME = re.compile(r"migrasafe:\s*rename\s+(.+?)\s*->\s*(.+?)\s*(?:\*/)?$", re.IGNORECASE | re.MULTILINE)
_DROP = re.compile(r"migrasafe:\s*drop\s+(.+?)\s*(?:\*/)?$", re.IGNORECASE | re.MULTILINE)

Ask = Callable[[str], bool]
"""A question to a person, answered yes or no."""


class Renamed(Struct, frozen=True, kw_only=True):
    """A column that is dropped and one that takes its place, and which parts of the migration say so."""

    table: Name
    old: sql.DropColumn
    new: sql.AddColumn
    copied: tuple[sql.Update, ...]
    """Statements that carry the values over: the plan has its own way."""
    first: sql.Statement
    """The statement in the place of which the rename stands."""

    def owns(self, part: object) -> bool:
        """Whether an action, or an UPDATE, is part of the rename."""
        return any(part is one for one in (self.old, self.new, *self.copied))

    def change(self, way: str | None) -> RenameColumn:
        return RenameColumn(table=self.table, column=self.old.column, new_name=self.new.column.name, way=way)


class _Found(Struct, frozen=True, kw_only=True):
    """A column that one statement drops and one that the same or another adds to the same table."""

    table: Name
    old: sql.DropColumn
    new: sql.AddColumn
    first: sql.Statement


class _Said(Struct, frozen=True, kw_only=True):
    """`-- migrasafe: rename users.name -> full_name`, or (new: None) `-- migrasafe: drop users.name`."""

    schema: str | None
    table: str
    old: str
    new: str | None
    words: str

    def is_about(self, found: _Found) -> bool:
        return (
            self.table == found.table.name
            and (self.schema is None or self.schema == found.table.schema)
            and self.old == found.old.column
            and (self.new is None or self.new == found.new.column.name)
        )


def renames(
    script: Script, schema: Schema, replaced: Callable[[object], bool], ask: Ask | None = None
) -> tuple[Renamed, ...]:
    """The renames that comments say, or `ask` is told of. `replaced`: whether a part belongs to something else already.

    Raises NoPlanError for a pair that looks like a rename of which nobody says anything, and for a comment that the
    migration does not carry out.
    """
    said = tuple(_said(script))
    pairs = [one for one in _pairs(script) if not replaced(one.old) and not replaced(one.new)]
    for one in said:
        if one.new is not None and not any(one.is_about(found) for found in pairs):
            raise NoPlanError(
                f"{script.source.path}: the comment `{one.words}` belongs to no ALTER TABLE that drops the one and adds the other"
            )
    chosen: list[_Found] = []
    for found in pairs:
        if any(found.old is one.old or found.new is one.new for one in chosen):
            continue
        about = [one for one in said if one.is_about(found)]
        if about:
            chosen += [found] if about[0].new is not None else []
        elif any(one.old == found.old.column and one.table == found.table.name for one in said):
            continue  # it is said what becomes of it, and that is something else
        elif any(one.new == found.new.column.name and one.table == found.table.name for one in said):
            continue
        elif _alike(found, schema) and _is_rename(found, script, ask):
            chosen.append(found)
    return tuple(
        Renamed(table=one.table, old=one.old, new=one.new, first=one.first, copied=tuple(_copies(script, one)))
        for one in chosen
    )


def _is_rename(found: _Found, script: Script, ask: Ask | None) -> bool:
    column, new = found.old.column, found.new.column.name
    if ask is not None:
        return ask(f"{found.table}: is {column} renamed to {new}? (no: it is dropped, with all that is in it)")
    line = script.line_of(found.first)
    raise NoPlanError(
        f"{script.source.path}:{line}: is {column} dropped, or does {new} take its place? Say `-- migrasafe: rename"
        f" {found.table}.{column} -> {new}` in the migration, or `-- migrasafe: drop {found.table}.{column}`"
    )


def _alike(found: _Found, schema: Schema) -> bool:
    """Whether the one could hold what the other holds."""
    table = schema.table(schema.resolve(*found.table))
    old = table.column(found.old.column) if table is not None else None
    return old is not None and old.type is not None and found.new.column.type == old.type


def _pairs(script: Script) -> Iterator[_Found]:
    actions = [
        (statement, action)
        for statement in script.statements
        if isinstance(statement, sql.AlterTable) and statement.kind == "TABLE"
        for action in statement.actions
    ]
    order = list(script.statements)
    for dropping, old in actions:
        for adding, new in actions:
            if isinstance(old, sql.DropColumn) and isinstance(new, sql.AddColumn) and dropping.name == adding.name:
                first = min(dropping, adding, key=lambda one: _place(order, one))
                yield _Found(table=dropping.name, old=old, new=new, first=first)


def _place(order: Sequence[sql.Statement], wanted: sql.Statement) -> int:
    return next(place for place, one in enumerate(order) if one is wanted)


def _copies(script: Script, found: _Found) -> Iterator[sql.Update]:
    """UPDATEs that do nothing but put the old value into the new column."""
    for statement in script.statements:
        if isinstance(statement, sql.Update) and statement.table == found.table and not statement.joins:
            plain = [
                column == found.new.column.name and value is not None and _names(value.node, found.old.column)
                for column, value in statement.assignments
            ]
            if plain and all(plain):
                yield statement


def _names(node: Node, column: str) -> bool:
    """Whether an expression is the column and nothing else."""
    fields = node.get("ColumnRef", {}).get("fields", [])
    return bool(fields) and fields[-1].get("String", {}).get("sval") == column


def _said(script: Script) -> Iterator[_Said]:
    for comment in script.comments:
        text = script.text_of(comment)
        for found in (_RENAME.search(text), _DROP.search(text)):
            if found is None:
                continue
            try:
                old = name_parts(found[1])
                new = name_parts(found[2]) if found.re is _RENAME else None
            except ValueError:
                old, new = (), None
            if len(old) not in (2, 3) or (new is not None and len(new) != 1):
                raise NoPlanError(
                    f"{script.source.path}: `{found[0]}` is said so: migrasafe: rename TABLE.COLUMN -> NEW_NAME, or"
                    " migrasafe: drop TABLE.COLUMN"
                )
            schema = old[0] if len(old) == 3 else None
            yield _Said(schema=schema, table=old[-2], old=old[-1], new=new[0] if new else None, words=found[0].strip())


def makes_view(script: Script, schema: Schema, name: Name) -> bool:
    """Whether the migration lets a view have the name of a table."""
    ref = schema.resolve(*name)
    return any(isinstance(one, sql.CreateView) and schema.resolve(*one.name) == ref for one in script.statements)
