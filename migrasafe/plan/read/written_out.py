"""A migration's statements, written out: what a DO block comes to, and the constraints of a new column one by one."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan.changes.add_numbered_column import is_numbered
from migrasafe.plan.foresee import foresee
from migrasafe.plan.read.passing_constraints import passing_constraints
from migrasafe.schema.evolve import evolve
from migrasafe.schema.model import Moment, Ref, Schema
from migrasafe.sql import statements as sql
from migrasafe.sql.expressions import walk
from migrasafe.sql.script import Origin, Script
from migrasafe.sql.statements import ConstraintKind, Guarded, Statement
from migrasafe.target import Target

_CATALOGS = ("information_schema", "pg_catalog")
_OF_ROWS = (sql.Select, sql.Insert, sql.Update, sql.Delete, sql.Merge, sql.Call, sql.Copy, sql.DoBlock)
_PLACE = 900_000
"""Of the statements that a block comes to: after all that the schema has seen."""


class WrittenOut(Struct, frozen=True, kw_only=True):
    script: Script
    done: tuple[str, ...] = ()
    """The statements that have nothing to do, in a few words each."""


def written_out(script: Script, schema: Schema) -> WrittenOut:
    """The same migration, each of its statements about one thing. `schema`: what is there before it.

    A DO block whose statements change the schema only, and hang on no more than what the catalog says, is taken for the
    statements that it comes to; any other one stays as it is.
    """
    reader = _Reader(script, schema)
    passing = {id(one) for one in passing_constraints(script, schema)}
    for place, statement in enumerate(script.statements):
        reader.place = place
        if isinstance(statement, sql.AlterTable) and any(id(one) in passing for one in statement.actions):
            reader.done.append(first_words(script, statement))
            left = tuple(one for one in statement.actions if id(one) not in passing)
            if left:
                reader.add(replace(statement, actions=left))
            continue
        if isinstance(statement, sql.DoBlock) and all(_is_of_the_schema(one) for one in statement.body.statements):
            for guarded in statement.body.statements:
                if not isinstance(guarded.statement, sql.Select):
                    reader.add(guarded.statement, may_be_done=guarded.may_run or bool(guarded.catches))
        else:
            reader.add(statement)
    origins = tuple(reader.origins) if script.origins is not None else None
    return WrittenOut(script=script.with_statements(tuple(reader.found), origins), done=tuple(reader.done))


class _Reader:
    def __init__(self, script: Script, schema: Schema) -> None:
        self.script = script
        self.schema = schema
        self.place = 0
        self.found: list[Statement] = []
        self.origins: list[Origin] = []
        self.done: list[str] = []

    def add(self, statement: Statement, *, may_be_done: bool = False) -> None:
        if _is_done(statement, self.schema) or (may_be_done and self._fails(statement)):
            self.done.append(first_words(self.script, statement))
            return
        for part in _apart(statement, self.schema):
            self.found.append(part)
            if self.script.origins is not None:
                self.origins.append(self.script.origins[self.place])
            self.schema = evolve(self.schema, part, Moment(_PLACE, 0, len(self.found)))

    def _fails(self, statement: Statement) -> bool:
        if _is_taken(statement, self.schema) or evolve(self.schema, statement, Moment(_PLACE, 1, 0)) == self.schema:
            return True  # it makes what is there, or is about something that is not
        found, _ = foresee((self.script.text_of(statement),), self.schema, Target())
        return any(failure.certain for one in found for failure in one.effects.failures)


def first_words(script: Script, statement: Statement) -> str:
    """The first words of a statement, to tell which is meant."""
    text = " ".join(script.text_of(statement).split())
    return f"`{text[:60]}{'…' if len(text) > 60 else ''}`"


def _is_of_the_schema(guarded: Guarded) -> bool:
    """Whether the statement changes the schema, always, or where the catalog says that it has not been done."""
    statement = guarded.statement
    if guarded.loops or guarded.otherwise or isinstance(statement, sql.Unrecognized):
        return False
    if isinstance(statement, sql.Select):
        return not guarded.may_run and _asks_the_catalog(statement)
    return not isinstance(statement, _OF_ROWS)


def _asks_the_catalog(statement: sql.Select) -> bool:
    read = [fields for kind, fields in walk(statement.query.node) if kind == "RangeVar"]
    return bool(read) and all(
        fields.get("schemaname") in _CATALOGS
        or ("schemaname" not in fields and str(fields.get("relname", "")).startswith("pg_"))
        for fields in read
    )


def _is_done(statement: Statement, schema: Schema) -> bool:
    """Whether IF EXISTS or IF NOT EXISTS leaves nothing to do."""
    match statement:
        case sql.CreateIndex(if_not_exists=True, name=str(name)):
            return schema.index(Ref(schema.resolve(*statement.table).schema, name)) is not None
        case sql.CreateTable(if_not_exists=True) | sql.CreateSequence(if_not_exists=True):
            return schema.relation(schema.resolve(*statement.name)) is not None
        case sql.Drop(kind="INDEX" | "TABLE" | "VIEW" | "MATERIALIZED VIEW" | "SEQUENCE", if_exists=True):
            refs = [schema.resolve(*one.name) for one in statement.objects]
            return all(schema.relation(ref) is None and schema.index(ref) is None for ref in refs)
        case sql.Drop(kind="TRIGGER", if_exists=True):
            tables = [
                (schema.table(schema.resolve(*one.table)), one.name.name) for one in statement.objects if one.table
            ]
            return all(table is None or all(one.name != name for one in table.triggers) for table, name in tables)
        case sql.Drop(kind="TYPE" | "DOMAIN", if_exists=True):
            return all(schema.resolve_type(*one.name) not in schema.types for one in statement.objects)
        case sql.Drop(kind="FUNCTION" | "PROCEDURE", if_exists=True):
            return all(not schema.functions.get(schema.resolve_function(*one.name)) for one in statement.objects)
        case sql.AlterTable(kind="TABLE"):
            return bool(statement.actions) and all(_is_there(statement, one, schema) for one in statement.actions)
        case _:
            return False


def _is_taken(statement: Statement, schema: Schema) -> bool:
    """Whether there is a relation or a type of the name that it makes."""
    match statement:
        case sql.CreateTable() | sql.CreateTableAs() | sql.CreateSequence() | sql.CreateView(replace=False):
            return schema.relation(schema.resolve(*statement.name)) is not None
        case sql.CreateIndex(name=str(name)):
            return schema.relation(Ref(schema.resolve(*statement.table).schema, name)) is not None
        case sql.CreateEnum() | sql.CreateDomain() | sql.CreateComposite() | sql.CreateRange():
            return schema.resolve_type(*statement.name) in schema.types
        case _:
            return False


def _is_there(statement: sql.AlterTable, action: sql.Action, schema: Schema) -> bool:
    table = schema.table(schema.resolve(*statement.name))
    if table is None:
        return False
    match action:
        case sql.AddColumn(if_not_exists=True):
            return table.column(action.column.name) is not None
        case sql.DropColumn(if_exists=True):
            return table.column(action.column) is None
        case sql.DropConstraint(if_exists=True):
            return table.constraint(action.name) is None
        case _:
            return False


def _apart(statement: Statement, schema: Schema) -> Iterator[Statement]:
    """A statement that adds columns with constraints, or several constraints, as one that adds the columns, and one for each
    constraint: they may be over the columns, or want each other."""
    if not isinstance(statement, sql.AlterTable):
        yield statement
        return
    actions: list[sql.Action] = []
    later: list[sql.AddConstraint] = []
    adds_columns = any(isinstance(one, sql.AddColumn) for one in statement.actions)
    added = sum(isinstance(one, sql.AddConstraint) for one in statement.actions)
    for action in statement.actions:
        if _is_there(statement, action, schema):
            continue
        if (adds_columns or added > 1) and isinstance(action, sql.AddConstraint):
            later.append(action)
            continue
        kept: sql.Action = action
        if isinstance(action, sql.AddColumn) and not is_numbered(action.column) and action.column.generated is None:
            brought = [one for one in action.column.constraints if one.kind is not ConstraintKind.NOT_NULL]
            own = tuple(one for one in action.column.constraints if one not in brought)
            kept = replace(action, column=replace(action.column, constraints=own)) if brought else action
            later += [sql.AddConstraint(constraint=one) for one in brought]
        actions.append(kept)
    if not later and len(actions) == len(statement.actions):
        yield statement
        return
    if actions:
        yield replace(statement, actions=tuple(actions))
    for one in sorted(later, key=lambda one: one.constraint.kind is ConstraintKind.FOREIGN_KEY):
        yield replace(statement, actions=(one,))  # keys first: their index is what a foreign key wants
