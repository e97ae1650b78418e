"""A migration as changes: what its statements want, whatever way they were going to do it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan.changes import indexes
from migrasafe.plan.changes.add_enum_value import AddEnumValue
from migrasafe.plan.changes.add_numbered_column import AddNumberedColumn
from migrasafe.plan.changes.as_written import AsWritten, is_made_by
from migrasafe.plan.changes.boolean_to_status import boolean_to_status
from migrasafe.plan.changes.change_type import ChangeType
from migrasafe.plan.changes.composite_to_columns import composite_to_columns
from migrasafe.plan.changes.delete_rows import DeleteRows
from migrasafe.plan.changes.drop_type import DropType
from migrasafe.plan.changes.enum_to_lookup import enum_to_lookup
from migrasafe.plan.changes.insert_rows import InsertRows
from migrasafe.plan.changes.model import Change, NoPlanError
from migrasafe.plan.changes.remove_enum_value import RemoveEnumValue
from migrasafe.plan.changes.rename_column import RenameColumn
from migrasafe.plan.changes.rename_enum_value import RenameEnumValue
from migrasafe.plan.changes.rename_part import RenameConstraint, RenameIndex
from migrasafe.plan.changes.rename_table import RenameTable
from migrasafe.plan.changes.replace_columns import ReplaceColumns
from migrasafe.plan.changes.replace_key import ReplaceKey
from migrasafe.plan.changes.rewrite_table import RewriteTable
from migrasafe.plan.changes.say_comment import SayComment
from migrasafe.plan.changes.update_rows import UpdateRows
from migrasafe.plan.objects.keys import with_its_index
from migrasafe.plan.read.actions import change_of
from migrasafe.plan.read.brought import is_brought
from migrasafe.plan.read.constraints import constraint_change, is_empty, refuse_taken_name
from migrasafe.plan.read.every_recipe import recipes_of
from migrasafe.plan.read.first_rows import first_rows
from migrasafe.plan.read.hints import Hints, for_columns
from migrasafe.plan.read.instead import instead_of, instead_of_action, reads_or_calls
from migrasafe.plan.read.joined_updates import without_from
from migrasafe.plan.read.keys import kept_keys
from migrasafe.plan.read.names_and_settings import action_change, statement_change
from migrasafe.plan.read.nothing_to_do import NothingToDo
from migrasafe.plan.read.numbers import identity_change, sequence_change
from migrasafe.plan.read.objects import Objects
from migrasafe.plan.read.refused_forms import refuse_only, refuse_rollback, refuse_temporary
from migrasafe.plan.read.renames import Ask, makes_view, renames
from migrasafe.plan.read.replacements import replacements, says_what_they_get
from migrasafe.plan.read.retyped import defaults_with_types, with_default
from migrasafe.plan.read.run_afterwards import afterwards
from migrasafe.plan.read.swaps import constraint_swaps, index_swaps
from migrasafe.plan.read.widened_keys import keys_first, widened_with_keys
from migrasafe.plan.read.written_out import first_words, written_out
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
_SESSION = (sql.SetVariable, sql.Transaction, sql.LockTable)


def read_changes(script: Script, schema: Schema, hints: Hints, ask: Ask | None = None) -> tuple[Wanted, ...]:
    """The changes of a migration, in its order. `ask`: who can tell whether a column that goes and one that comes are a
    rename. Raises NoPlanError for what has no plan, with its line."""
    written = written_out(script, schema)
    script = written.script
    reader = _Reader(script, schema, hints, ask)
    found = [Wanted(change=NothingToDo(statement=one), before=schema) for one in written.done]
    refused: list[NoPlanError] = []
    for count, statement in enumerate(keys_first(script.statements, reader.widened)):
        refuse_rollback(script, statement)
        if isinstance(statement, _SESSION):
            continue  # how it was going to be run: the plan has its own way
        after = evolve(schema, statement, _moment(count))
        try:
            changes = list(reader.changes(statement, schema, after))
        except NoPlanError as error:
            refused.append(NoPlanError(f"{script.source.path}:{script.line_of(statement)}: {error}"))
            changes = []
        found.extend(Wanted(change=change, before=reader.objects.ground_of(change, schema)) for change in changes)
        schema = after
    if refused:
        raise refused[0] if len(refused) == 1 else NoPlanError("\n".join(str(one) for one in refused))
    if hints.way == "app" and not any(isinstance(one.change, _WRITTEN_TWICE) for one in found):
        raise NoPlanError(
            "--way app is for a column that gets another name or type, or that others take the place of: leave --way out"
        )
    if hints.new_name is not None and not any(isinstance(one.change, ChangeType) for one in found):
        raise NoPlanError("--new-name is for a column that gets another type: leave it out")
    return tuple(found)


def _moment(count: int) -> Moment:
    return Moment(_MIGRATION, 0, count)


class _Reader:
    def __init__(self, script: Script, schema: Schema, hints: Hints, ask: Ask | None) -> None:
        self.script = script
        self.hints = hints
        self.first = schema
        self.replaced = replacements(script)
        self.recipes = recipes_of(script, schema, hints)
        self.renamed = renames(script, schema, self._is_of_several, ask)
        self.constraint_swaps = constraint_swaps(script, schema)
        self.index_swaps = index_swaps(script, schema)
        self.kept_keys = kept_keys(script, schema, self.constraint_swaps)
        self.made = {one.name.name for one in script.statements if isinstance(one, sql.CreateTable)}
        self.retyped = defaults_with_types(script, schema, hints)
        self.widened = widened_with_keys(script, schema)
        self.objects = Objects(script, schema, _moment)

    def changes(self, statement: Statement, before: Schema, after: Schema) -> Iterator[Change]:
        for one in self.replaced:
            if one.first is statement:
                up = for_columns(self.hints.up, self.hints.up_each, one.new)
                down = for_columns(self.hints.down, self.hints.down_each, one.old)
                yield self._replacement(one.change(up, down, self.hints.way), before)
        yield from (one.change(self.hints.way) for one in self.renamed if one.first is statement)
        yield from (self._with_instead(one.change) for one in self.recipes if one.first is statement)
        if self._is_taken_care_of(statement):
            return
        is_swap = any(statement in (one.dropped, one.added) for one in self.index_swaps)
        of_objects = None if is_swap else self.objects.changes(statement, before, after)
        of_objects = statement_change(statement, before) if of_objects is None else of_objects
        if of_objects is not None:
            yield from map(self._by_way, of_objects)
            return
        match statement:
            case sql.AlterTable(kind="TABLE"):
                yield from self._alter(statement, before, after)
            case sql.Rename(kind="COLUMN", of="TABLE", part=str(column)):
                yield RenameColumn(table=statement.name, column=column, new_name=statement.new_name, way=self.hints.way)
            case sql.Rename(kind="TABLE"):
                yield RenameTable(
                    table=statement.name,
                    new_name=statement.new_name,
                    leaves_view=makes_view(self.script, self.first, statement.name),
                )
            case sql.CreateIndex():
                yield from self._index(statement, before, after)
            case sql.Drop() if any(one.dropped is statement for one in self.index_swaps):
                return
            case sql.Update():
                plain = without_from(statement, before) if statement.joins else statement
                yield UpdateRows(
                    table=plain.table,
                    assignments=plain.assignments,
                    where=plain.where,
                    added=self._added(statement.table, before),
                )
            case sql.Comment():
                yield SayComment(sql=self.script.text_of(statement), kind=statement.kind)
            case sql.Rename(kind="INDEX"):
                yield RenameIndex(index=statement.name, new_name=statement.new_name)
            case sql.Rename(kind="CONSTRAINT", part=str(constraint)):
                yield RenameConstraint(table=statement.name, constraint=constraint, new_name=statement.new_name)
            case sql.AddEnumValue():
                yield AddEnumValue(
                    type=statement.type, value=statement.label, before=statement.before, after=statement.after
                )
            case sql.AlterSequence():
                yield sequence_change(statement, before)
            case sql.RenameEnumValue():
                yield RenameEnumValue(type=statement.type, value=statement.label, new_value=statement.new_label)
            case sql.Select() if not reads_or_calls(statement):
                return
            case sql.Insert() if statement.table.name in self.made:
                return  # its rows are written where it is made
            case sql.Delete():
                yield DeleteRows(statement=statement)
            case sql.Insert():
                yield InsertRows(statement=statement)
            case sql.Drop(kind="TYPE" | "DOMAIN" | "SEQUENCE", cascade=False):
                yield from (DropType(kind=statement.kind, name=gone.name) for gone in statement.objects)
            case sql.Unrecognized():
                raise NoPlanError(f"{first_words(self.script, statement)}: {statement.reason}")
            case _:
                refuse_temporary(self.script, statement)
                if (later := afterwards(statement, self.script.text_of(statement))) is not None:
                    yield later
                    return
                done = is_made_by(statement, after)
                if done is None:
                    raise NoPlanError(f"{first_words(self.script, statement)} has no plan yet: {instead_of(statement)}")
                rows = tuple(self._first_rows(statement, after)) if isinstance(statement, sql.CreateTable) else ()
                yield AsWritten(sql=self.script.text_of(statement), more=rows, done=done)

    def _added(self, name: Name, before: Schema) -> frozenset[str]:
        """The columns of a table that statements of this migration have added."""
        first, now = (one.table(one.resolve(*name)) for one in (self.first, before))
        if first is None or now is None:
            return frozenset()
        return frozenset(column.name for column in now.columns if first.column(column.name) is None)

    def _alter(self, statement: sql.AlterTable, before: Schema, after: Schema) -> Iterator[Change]:
        refuse_only(self.script, statement, before)
        for action in statement.actions:
            if self._is_taken_care_of(action) or is_brought(
                self.script, self.first, statement.name, action, swaps=self.constraint_swaps, retyped=self.retyped
            ):
                continue
            if isinstance(action, sql.AddConstraint):
                swaps = self.constraint_swaps
                change = constraint_change(self.script, statement, action, swaps, before, after, self.first)
                kept = next((one for one in self.kept_keys if one.swap.added is action), None)
                yield kept.of(change) if kept is not None and isinstance(change, ReplaceKey) else change
            elif isinstance(action, sql.SetIdentity):
                yield from identity_change(statement.name, action, before)
            else:
                of_objects = self.objects.action(statement.name, action, before, after)
                if of_objects is not None:
                    yield from map(self._by_way, of_objects)
                    continue
                made = action_change(statement.name, action) or change_of(statement.name, action, self.hints, before)
                if made is None:
                    raise NoPlanError(
                        f"{first_words(self.script, statement)} has no plan yet: {instead_of_action(action)}"
                    )
                made = self._by_way(with_default(made, self.retyped, self.first))
                yield self._with_key(made, before, after) if isinstance(made, AddNumberedColumn) else made

    def _is_of_several(self, part: object) -> bool:
        """Whether it belongs to a change of several parts."""
        return any(one.owns(part) for one in self.replaced) or any(one.owns(part) for one in self.recipes)

    def _is_taken_care_of(self, part: object) -> bool:
        if self._is_of_several(part) or any(one.owns(part) for one in self.renamed):
            return True
        return any(one is part for one in self.widened) or any(one.owns(part) for one in self.kept_keys)

    def _replacement(self, change: ReplaceColumns, before: Schema) -> Change:
        table = before.table(before.resolve(*change.table))
        if self.hints.way == "app":
            return change
        change = replace(change, carries=not says_what_they_get(self.script, change))
        return (
            boolean_to_status(change, table)
            or enum_to_lookup(change, self.script.statements, before)
            or composite_to_columns(change, before)
            or change
        )

    def _with_instead(self, change: Change) -> Change:
        is_open = isinstance(change, RemoveEnumValue) and change.instead is None
        return replace(change, instead=self.hints.up) if isinstance(change, RemoveEnumValue) and is_open else change

    def _first_rows(self, made: sql.CreateTable, after: Schema) -> Iterator[str]:
        inserts = [
            one for one in self.script.statements if isinstance(one, sql.Insert) and not self._is_taken_care_of(one)
        ]
        return first_rows(self.script, inserts, after.resolve(*made.name), after, self.first)

    def _by_way(self, change: Change) -> Change:
        return replace(change, wanted=self.hints.way) if isinstance(change, RewriteTable) else change

    def _with_key(self, change: AddNumberedColumn, before: Schema, after: Schema) -> AddNumberedColumn:
        """With the PRIMARY KEY or UNIQUE that the column brings."""
        table, made = (schema.table(schema.resolve(*change.table)) for schema in (before, after))
        known = {one.name for one in table.constraints} if table is not None else set()
        for one in made.constraints if made is not None else ():
            is_key = one.kind in (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE)
            if is_key and one.columns == (change.column.name,) and one.name not in known:
                return replace(change, key=with_its_index(after, one))
        return change

    def _index(self, statement: sql.CreateIndex, before: Schema, after: Schema) -> Iterator[Change]:
        ref = after.resolve(*statement.table)
        table = after.table(ref)
        swap = next((one for one in self.index_swaps if one.added is statement), None)
        indexed = table or after.view(ref)
        for index in after.indexes_of(indexed) if indexed is not None else ():
            if swap is not None and index.ref == swap.old.ref:
                yield swap.change(index)
                return
            if before.index(index.ref) is None:
                refuse_taken_name(self.first, index.ref, table)
                keys = [one.column for one in index.elements if one.column is not None]
                all_null = is_empty(self.script, before.table(index.table), keys, self.first)
                yield indexes.AddIndex(index=index, all_null=all_null)
                return
        raise NoPlanError(
            f"{first_words(self.script, statement)}: its table is not known; give the schema with --schema"
        )
