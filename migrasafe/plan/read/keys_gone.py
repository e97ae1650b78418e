"""A migration that drops a primary key and its column: two statements, one change."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.plan.changes.drop_column import DropColumn
from migrasafe.plan.read.hints import Hints
from migrasafe.plan.read.recipes import Recipe, columns_dropped
from migrasafe.schema.model import Schema
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import ConstraintKind


def keys_gone(script: Script, schema: Schema, hints: Hints) -> Iterator[Recipe]:
    """`DROP CONSTRAINT` of a primary key over one column, `DROP COLUMN` of that, and no other primary key."""
    alters = [one for one in script.statements if isinstance(one, sql.AlterTable)]
    for statement in alters:
        table = schema.table(schema.resolve(*statement.name))
        key = table.primary_key if table is not None else None
        if table is None or key is None or len(key.columns) != 1:
            continue
        own = [one for one in alters if schema.resolve(*one.name) == table.ref]
        added = [one.constraint.kind for each in own for one in each.actions if isinstance(one, sql.AddConstraint)]
        for action in statement.actions:
            if not isinstance(action, sql.DropConstraint) or action.name != key.name:
                continue
            for _, dropped in columns_dropped(tuple(own), statement.name, key.columns):
                if ConstraintKind.PRIMARY_KEY not in added:
                    change = DropColumn(
                        table=statement.name, column=key.columns[0], meanwhile=hints.down, with_key=True
                    )
                    yield Recipe(change=change, first=statement, parts=(action, dropped))
