"""What a migration does to the numbers of a column: to its identity, and to its sequence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from migrasafe.plan.changes.become_identity import BecomeIdentity
from migrasafe.plan.changes.change_identity import ChangeIdentity
from migrasafe.plan.changes.change_sequence import ChangeSequence
from migrasafe.plan.changes.model import Change, NoPlanError
from migrasafe.plan.objects.sequences import sequence_of
from migrasafe.plan.read.recipes import Recipe
from migrasafe.schema.model import ColumnRef, Schema, Sequence
from migrasafe.sql import statements as sql
from migrasafe.sql.expressions import names_of, walk
from migrasafe.sql.script import Script
from migrasafe.sql.statements import Name, Statement


def identities(script: Script, schema: Schema) -> Iterator[Recipe]:
    """`ADD GENERATED … AS IDENTITY`, with what takes the sequence of a serial away before, and sets the next number behind."""
    for statement in script.statements:
        for action in statement.actions if isinstance(statement, sql.AlterTable) else ():
            if isinstance(action, sql.AddIdentity) and isinstance(statement, sql.AlterTable):
                table = schema.resolve(*statement.name)
                around = list(_around(script.statements, schema, ColumnRef(table, action.column)))
                change = BecomeIdentity(table=statement.name, column=action.column, identity=action.identity)
                parts = (action, *around)
                first = next(one for one in script.statements if _holds(one, parts))
                yield Recipe(change=change, first=first, parts=parts)


def _holds(statement: Statement, parts: tuple[object, ...]) -> bool:
    actions = statement.actions if isinstance(statement, sql.AlterTable) else ()
    return any(statement is part or any(action is part for action in actions) for part in parts)


def _around(statements: Iterable[Statement], schema: Schema, column: ColumnRef) -> Iterator[object]:
    assert column.column is not None  # of an action on it
    found = sequence_of(schema, column.relation, column.column)
    for one in statements:
        match one:
            case sql.AlterTable() if schema.resolve(*one.name) == column.relation:
                for action in one.actions:
                    if isinstance(action, sql.DropDefault) and action.column == column.column:
                        yield action
            case sql.Drop(kind="SEQUENCE") if found is not None:
                if all(schema.resolve(*it.name) == found.ref for it in one.objects):
                    yield one
            case sql.AlterSequence() if found is not None and schema.resolve(*one.name) == found.ref:
                yield one
            case sql.Rename(kind="SEQUENCE") if found is not None and schema.resolve(*one.name) == found.ref:
                yield one
            case sql.Select() if _sets_a_sequence(one):
                yield one


def _sets_a_sequence(select: sql.Select) -> bool:
    return any(
        kind == "FuncCall" and names_of(fields.get("funcname", []))[-1:] == ("setval",)
        for kind, fields in walk(select.query.node)
    )


def identity_change(table: Name, action: sql.SetIdentity, before: Schema) -> Iterator[Change]:
    """What one SET of an identity column wants: other values taken, and another way to count."""
    if action.always is not None:
        yield ChangeIdentity(table=table, column=action.column, always=action.always)
    if action.values:
        found = sequence_of(before, before.resolve(*table), action.column)
        if found is None:
            raise NoPlanError(f"the sequence of {table}.{action.column} is not known: plan with --schema DSN")
        yield ChangeSequence(sequence=found.ref, options=_options(action.values))


def sequence_change(statement: sql.AlterSequence, before: Schema) -> Change:
    """Raises NoPlanError for an owner, which is none of the counting."""
    ref = before.resolve(*statement.name)
    if statement.owned_by is not None or "owned_by" in statement.options:
        raise NoPlanError(
            f"another owner of {ref} (OWNED BY) has no plan yet: it locks the sequence and both tables for an instant"
        )
    if not isinstance(before.relation(ref), Sequence):
        raise NoPlanError(f"the schema has no sequence {statement.name}: give the one it is in with --schema")
    return ChangeSequence(sequence=ref, type=statement.type, options=_options(statement.values))


def _options(values: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """The grammar keeps NO MINVALUE and the like as options without a value."""
    return {option: value.lower() if option == "cycle" else value.removeprefix("true") for option, value in values}
