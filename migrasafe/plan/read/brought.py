"""Actions of an ALTER TABLE that need no change of their own, since another change of the migration brings what they say."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from migrasafe.plan.read.swaps import ConstraintSwap
from migrasafe.schema.model import Ref, Schema
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import ConstraintKind, Name


def is_brought(
    script: Script,
    schema: Schema,
    table: Name,
    action: sql.Action,
    *,
    swaps: Sequence[ConstraintSwap],
    retyped: Collection[tuple[Ref, str]],
) -> bool:
    """Whether a key, a type or a constraint of the migration does it. `retyped`: columns whose type brings their default."""
    match action:
        case sql.SetDefault() | sql.DropDefault():
            return (schema.resolve(*table), action.column) in retyped
        case sql.SetNotNull():
            return any(
                one.kind is ConstraintKind.PRIMARY_KEY and action.column in one.columns
                for one in _added(script, schema, table)
            )
        case sql.ValidateConstraint():  # what a plan adds, it validates
            return any(one.name == action.name for one in _added(script, schema, table))
        case _:
            return any(one.dropped is action for one in swaps)


def is_validated(script: Script, schema: Schema, table: Name, constraint: str) -> bool:
    """Whether the migration validates a constraint itself."""
    return any(
        isinstance(action, sql.ValidateConstraint) and action.name == constraint
        for action in _actions(script, schema, table)
    )


def _added(script: Script, schema: Schema, table: Name) -> Iterator[sql.ConstraintDef]:
    for action in _actions(script, schema, table):
        if isinstance(action, sql.AddConstraint):
            yield action.constraint


def _actions(script: Script, schema: Schema, table: Name) -> Iterator[sql.Action]:
    for one in script.statements:
        if isinstance(one, sql.AlterTable) and schema.resolve(*one.name) == schema.resolve(*table):
            yield from one.actions
