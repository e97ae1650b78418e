"""Several statements of a migration that are one change, because people have no shorter way to say it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan.changes.model import Change
from migrasafe.sql import statements as sql
from migrasafe.sql.statements import Name, Statement


class Recipe(Struct, frozen=True, kw_only=True):
    change: Change
    first: Statement
    """The statement in the place of which the change stands."""
    parts: tuple[object, ...]
    """The statements, and the actions of an ALTER TABLE, that belong to it."""

    def owns(self, part: object) -> bool:
        return any(part is one for one in self.parts)


def columns_added(
    statements: tuple[Statement, ...], table: Name, column: str
) -> Iterator[tuple[Statement, sql.AddColumn]]:
    """The ALTER TABLE that adds a column, with its action."""
    for statement in statements:
        if isinstance(statement, sql.AlterTable) and statement.name.name == table.name:
            for action in statement.actions:
                if isinstance(action, sql.AddColumn) and action.column.name == column:
                    yield statement, action


def columns_dropped(
    statements: tuple[Statement, ...], table: Name, columns: tuple[str, ...]
) -> Iterator[tuple[Statement, sql.DropColumn]]:
    """The ALTER TABLEs that drop these columns, with their actions."""
    for statement in statements:
        if isinstance(statement, sql.AlterTable) and statement.name.name == table.name:
            for action in statement.actions:
                if isinstance(action, sql.DropColumn) and action.column in columns:
                    yield statement, action
