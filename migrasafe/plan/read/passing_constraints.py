"""A CHECK that a migration adds and drops again: what it was for, a plan sees to in its own way."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.schema.model import Ref, Schema
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import Action, ConstraintKind


def passing_constraints(script: Script, schema: Schema) -> tuple[Action, ...]:
    """The actions that add one, validate it and drop it."""
    of: dict[tuple[Ref, str], list[Action]] = {}
    for key, action in _actions(script, schema):
        of.setdefault(key, []).append(action)
    return tuple(one for actions in of.values() if _passes(actions) for one in actions)


def _passes(actions: list[Action]) -> bool:
    if len(actions) == 1:
        return False
    first, *between, last = actions
    is_check = isinstance(first, sql.AddConstraint) and first.constraint.kind is ConstraintKind.CHECK
    return (
        is_check
        and isinstance(last, sql.DropConstraint)
        and all(isinstance(one, sql.ValidateConstraint) for one in between)
    )


def _name_of(action: Action) -> str | None:
    match action:
        case sql.AddConstraint():
            return action.constraint.name
        case sql.ValidateConstraint() | sql.DropConstraint():
            return action.name
        case _:
            return None


def _actions(script: Script, schema: Schema) -> Iterator[tuple[tuple[Ref, str], Action]]:
    """Each with what it is about, of tables that have no such constraint before."""
    for statement in script.statements:
        if isinstance(statement, sql.AlterTable):
            ref = schema.resolve(*statement.name)
            table = schema.table(ref)
            known = {one.name for one in table.constraints} if table is not None else set()
            for one in statement.actions:
                name = _name_of(one)
                if name is not None and name not in known:
                    yield (ref, name), one
