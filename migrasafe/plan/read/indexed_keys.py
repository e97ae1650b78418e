"""A migration that drops a UNIQUE constraint and makes a unique index of its name: several statements, one change."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.plan.changes.replace_key_by_index import ReplaceKeyByIndex
from migrasafe.plan.read.recipes import Recipe
from migrasafe.schema.evolve import evolve
from migrasafe.schema.model import Moment, Ref, Schema
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import ConstraintKind


def indexed_keys(script: Script, schema: Schema) -> Iterator[Recipe]:
    """`DROP CONSTRAINT c` of a UNIQUE, and `CREATE UNIQUE INDEX c` on the same table."""
    for statement in script.statements:
        table = schema.table(schema.resolve(*statement.name)) if isinstance(statement, sql.AlterTable) else None
        if not isinstance(statement, sql.AlterTable) or table is None:
            continue
        for action in statement.actions:
            old = table.constraint(action.name) if isinstance(action, sql.DropConstraint) else None
            if old is None or old.kind is not ConstraintKind.UNIQUE:
                continue
            for made in script.statements:
                is_it = isinstance(made, sql.CreateIndex) and made.unique and made.name == old.name
                if isinstance(made, sql.CreateIndex) and is_it and schema.resolve(*made.table) == table.ref:
                    index = _after(script, schema).index(Ref(table.ref.schema, old.name))
                    if index is not None:
                        change = ReplaceKeyByIndex(table=statement.name, old=old, new=index)
                        yield Recipe(change=change, first=statement, parts=(action, made))


def _after(script: Script, schema: Schema) -> Schema:
    for place, one in enumerate(script.statements):
        schema = evolve(schema, one, Moment(1_000_000, 0, place))
    return schema
