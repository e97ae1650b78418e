"""A migration as changes: what its statements want, whatever way they were going to do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from migrasafe.plan.changes import indexes
from migrasafe.plan.changes.add_column import AddColumn
from migrasafe.plan.changes.add_constraint import AddConstraint
from migrasafe.plan.changes.add_enum_value import AddEnumValue
from migrasafe.plan.changes.add_unique import AddUnique
from migrasafe.plan.changes.as_written import AsWritten, is_made_by
from migrasafe.plan.changes.change_default import ChangeDefault
from migrasafe.plan.changes.change_type import ChangeType
from migrasafe.plan.changes.drop_column import DropColumn
from migrasafe.plan.changes.drop_constraint import DropConstraint
from migrasafe.plan.changes.drop_not_null import DropNotNull
from migrasafe.plan.changes.drop_table import DropTable
from migrasafe.plan.changes.model import Change, NoPlanError
from migrasafe.plan.changes.rename_column import RenameColumn
from migrasafe.plan.changes.rename_enum_value import RenameEnumValue
from migrasafe.plan.changes.rename_table import RenameTable
from migrasafe.plan.changes.replace_columns import ReplaceColumns
from migrasafe.plan.changes.set_not_null import SetNotNull
from migrasafe.plan.hints import Hints, for_columns
from migrasafe.plan.read_renames import Ask, renames
from migrasafe.plan.read_replacements import replacements
from migrasafe.plan.read_swaps import constraint_swaps, index_swaps
from migrasafe.schema.evolve import evolve
from migrasafe.schema.model import Moment, Schema
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import ConstraintKind, Name, Statement


class Wanted(Struct, frozen=True, kw_only=True):
    """One change, and the schema it is made to: what the statements before it leave."""

    change: Change
    before: Schema


_MIGRATION = 1_000_000
"""The place of the migration: after all that the schema has seen."""
_WRITTEN_TWICE = (RenameColumn, ChangeType, ReplaceColumns)
_SESSION = (sql.SetVariable, sql.Transaction)


def read_changes(script: Script, schema: Schema, hints: Hints, ask: Ask | None = None) -> tuple[Wanted, ...]:
    """The changes of a migration, in its order. `ask`: who can tell whether a column that goes and one that comes are a
    rename. Raises NoPlanError for what has no plan, with its line."""
    reader = _Reader(script, schema, hints, ask)
    found: list[Wanted] = []
    for count, statement in enumerate(script.statements):
        if isinstance(statement, _SESSION):
            continue  # how it was going to be run: the plan has its own way
        after = evolve(schema, statement, Moment(_MIGRATION, 0, count))
        try:
            changes = list(reader.changes(statement, schema, after))
        except NoPlanError as error:
            raise NoPlanError(f"{script.source.path}:{script.line_of(statement)}: {error}") from error
        found.extend(Wanted(change=change, before=schema) for change in changes)
        schema = after
    if hints.way == "app" and not any(isinstance(one.change, _WRITTEN_TWICE) for one in found):
        raise NoPlanError(
            "--way app is for a column that gets another name or type, or that others take the place of: leave --way out"
        )
    if hints.new_name is not None and not any(isinstance(one.change, ChangeType) for one in found):
        raise NoPlanError("--new-name is for a column that gets another type: leave it out")
    return tuple(found)


class _Reader:
    def __init__(self, script: Script, schema: Schema, hints: Hints, ask: Ask | None) -> None:
        self.script = script
        self.hints = hints
        self.replaced = replacements(script)
        self.renamed = renames(script, schema, self._is_of_replacement, ask)
        self.constraint_swaps = constraint_swaps(script, schema)
        self.index_swaps = index_swaps(script, schema)

    def changes(self, statement: Statement, before: Schema, after: Schema) -> Iterator[Change]:
        for one in self.replaced:
            if one.first is statement:
                up = for_columns(self.hints.up, self.hints.up_each, one.new)
                yield one.change(up, for_columns(self.hints.down, self.hints.down_each, one.old), self.hints.way)
        yield from (one.change(self.hints.way) for one in self.renamed if one.first is statement)
        match statement:
            case sql.Update() if self._is_taken_care_of(statement):
                return
            case sql.AlterTable(kind="TABLE"):
                yield from self._alter(statement, before, after)
            case sql.Rename(kind="COLUMN", of="TABLE", part=str(column)):
                yield RenameColumn(table=statement.name, column=column, new_name=statement.new_name, way=self.hints.way)
            case sql.Rename(kind="TABLE"):
                yield RenameTable(table=statement.name, new_name=statement.new_name)
            case sql.CreateIndex():
                yield from self._index(statement, before, after)
            case sql.Drop() if any(one.dropped is statement for one in self.index_swaps):
                return
            case sql.Drop(kind="INDEX"):
                yield from (indexes.DropIndex(name=one.name) for one in statement.objects)
            case sql.Drop(kind="TABLE"):
                yield from (DropTable(table=one.name) for one in statement.objects)
            case sql.AddEnumValue():
                yield AddEnumValue(
                    type=statement.type, value=statement.label, before=statement.before, after=statement.after
                )
            case sql.RenameEnumValue():
                yield RenameEnumValue(type=statement.type, value=statement.label, new_value=statement.new_label)
            case _:
                done = is_made_by(statement, after)
                if done is None:
                    raise NoPlanError(
                        f"{_words(self.script, statement)} has no plan yet: put it into a migration of its own;"
                        " `migrasafe lint` says whether it is safe as it stands"
                    )
                yield AsWritten(sql=_text(self.script, statement), done=done)

    def _alter(self, statement: sql.AlterTable, before: Schema, after: Schema) -> Iterator[Change]:
        for action in statement.actions:
            if self._is_taken_care_of(action) or any(one.dropped is action for one in self.constraint_swaps):
                continue
            if isinstance(action, sql.AddConstraint):
                yield self._constraint(statement, action, before, after)
            else:
                make = _ACTIONS.get(type(action))
                if make is None:
                    raise NoPlanError(
                        f"{_words(self.script, statement)} has no plan yet: put it into a migration of its own;"
                        " `migrasafe lint` says whether it is safe as it stands"
                    )
                yield make(statement.name, action, self.hints)

    def _is_of_replacement(self, part: object) -> bool:
        return any(one.owns(part) for one in self.replaced)

    def _is_taken_care_of(self, part: object) -> bool:
        return self._is_of_replacement(part) or any(one.owns(part) for one in self.renamed)

    def _constraint(
        self, statement: sql.AlterTable, action: sql.AddConstraint, before: Schema, after: Schema
    ) -> Change:
        table, made = (schema.table(schema.resolve(*statement.name)) for schema in (before, after))
        swap = next((one for one in self.constraint_swaps if one.added is action), None)
        gone = {swap.old.name} if swap is not None else set()
        known = {one.name for one in table.constraints} - gone if table is not None else set()
        wanted = action.constraint
        if table is not None and wanted.name in known:
            raise NoPlanError(f"{table.ref} has a constraint {wanted.name} already")
        if swap is None and table is not None and wanted.kind is ConstraintKind.PRIMARY_KEY and table.primary_key:
            raise NoPlanError(f"{table.ref} has a primary key already, {table.primary_key.name}")
        for constraint in made.constraints if made is not None else ():
            if constraint.name in known or constraint.kind is not wanted.kind:
                continue
            if wanted.name in (None, constraint.name) and constraint.columns == (wanted.columns or constraint.columns):
                if swap is not None:
                    return swap.change(constraint)
                match constraint.kind:
                    case ConstraintKind.CHECK | ConstraintKind.FOREIGN_KEY:
                        return AddConstraint(table=statement.name, constraint=constraint)
                    case ConstraintKind.UNIQUE | ConstraintKind.PRIMARY_KEY if wanted.using_index is None:
                        return AddUnique(table=statement.name, constraint=constraint)
        raise NoPlanError(f"{_words(self.script, statement)} adds a constraint that has no plan yet")

    def _index(self, statement: sql.CreateIndex, before: Schema, after: Schema) -> Iterator[Change]:
        table = after.table(after.resolve(*statement.table))
        swap = next((one for one in self.index_swaps if one.added is statement), None)
        for index in after.indexes_of(table) if table is not None else ():
            if swap is not None and index.ref == swap.old.ref:
                yield swap.change(index)
                return
            if before.index(index.ref) is None:
                yield indexes.AddIndex(index=index)
                return
        raise NoPlanError(f"{_words(self.script, statement)}: its table is not known; give the schema with --schema")


def _words(script: Script, statement: Statement) -> str:
    """The first words of a statement, to tell which is meant."""
    text = " ".join(_text(script, statement).split())
    return f"`{text[:60]}{'…' if len(text) > 60 else ''}`"


def _text(script: Script, statement: Statement) -> str:
    return script.source.text[statement.span.start : statement.span.end]


def _type(table: Name, action: sql.AlterColumnType, hints: Hints) -> Change:
    up = hints.up or action.using
    return ChangeType(
        table=table,
        column=action.column,
        type=action.type,
        up=up,
        down=hints.down,
        time_zone=hints.time_zone,
        bad_rows=hints.bad_rows,
        by_app=hints.way == "app",
        new_name=hints.new_name,
    )


_ACTIONS: Mapping[type[sql.Action], Callable[[Name, Any, Hints], Change]] = {
    sql.AddColumn: lambda table, action, hints: AddColumn(table=table, column=action.column, fill=hints.up),
    sql.DropColumn: lambda table, action, hints: DropColumn(table=table, column=action.column, meanwhile=hints.down),
    sql.AlterColumnType: _type,
    sql.DropConstraint: lambda table, action, _: DropConstraint(table=table, constraint=action.name),
    sql.SetDefault: lambda table, action, _: ChangeDefault(table=table, column=action.column, default=action.default),
    sql.DropDefault: lambda table, action, _: ChangeDefault(table=table, column=action.column, default=None),
    sql.SetNotNull: lambda table, action, hints: SetNotNull(table=table, column=action.column, fill=hints.up),
    sql.DropNotNull: lambda table, action, _: DropNotNull(table=table, column=action.column),
}
