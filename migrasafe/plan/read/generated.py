"""A column that a migration drops and adds again as a generated one: one change, not two."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.plan.changes.generated_column import GeneratedColumn
from migrasafe.plan.read.recipes import Recipe
from migrasafe.schema.model import Schema
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import Statement


def generated_anew(script: Script, schema: Schema) -> Iterator[Recipe]:
    """`DROP COLUMN total` and `ADD COLUMN total … GENERATED ALWAYS AS (…)`, in one ALTER TABLE or two."""
    dropped: list[tuple[Statement, sql.AlterTable, sql.DropColumn]] = []
    for statement in script.statements:
        for action in statement.actions if isinstance(statement, sql.AlterTable) else ():
            if not isinstance(statement, sql.AlterTable):
                continue
            if isinstance(action, sql.DropColumn):
                dropped.append((statement, statement, action))
            elif isinstance(action, sql.AddColumn) and action.column.generated is not None:
                table = schema.resolve(*statement.name)
                for first, other, drop in dropped:
                    if drop.column == action.column.name and schema.resolve(*other.name) == table:
                        change = GeneratedColumn(
                            table=statement.name,
                            column=action.column.name,
                            type=action.column.type,
                            expression=action.column.generated,
                            stored=action.column.generated_stored,
                        )
                        yield Recipe(change=change, first=first, parts=(drop, action))
