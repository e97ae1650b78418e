"""Columns that a migration gives the wider type of the key they refer to: the change of the key sees to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrasafe.plan.carry_over.references import foreign_keys_to
from migrasafe.schema.model import Ref, Schema, Table
from migrasafe.sql import statements as sql
from migrasafe.sql.expressions import columns_read
from migrasafe.sql.script import Script
from migrasafe.sql.statements import Statement, TypeName

_WHOLE_NUMBERS = ("int2", "int4", "int8")
"""Between these a key is always written anew; what is widened in place has to be, in each column, by itself."""


def widened_with_keys(script: Script, schema: Schema) -> tuple[sql.AlterColumnType, ...]:
    """What the change of a key brings that the migration says, too."""
    found = list(_types(script.statements, schema))
    brought: dict[tuple[Ref, str], TypeName] = {}
    for table, action in found:
        if _widens_key(table, action):
            brought.update((place, action.type) for place in _referring(schema, table, action.column))
    return tuple(one for table, one in found if _is_plain(one) and brought.get((table.ref, one.column)) == one.type)


def keys_first(statements: Sequence[Statement], brought: Sequence[sql.AlterColumnType]) -> list[Statement]:
    """The statements with those at the end that say nothing more: the key is planned on the types that there are."""

    def says_nothing_more(statement: Statement) -> bool:
        return isinstance(statement, sql.AlterTable) and all(
            any(one is b for b in brought) for one in statement.actions
        )

    return sorted(statements, key=says_nothing_more)


def _types(statements: Sequence[Statement], schema: Schema) -> Iterator[tuple[Table, sql.AlterColumnType]]:
    for statement in statements:
        table = schema.table(schema.resolve(*statement.name)) if isinstance(statement, sql.AlterTable) else None
        if isinstance(statement, sql.AlterTable) and table is not None:
            yield from ((table, one) for one in statement.actions if isinstance(one, sql.AlterColumnType))


def _is_plain(action: sql.AlterColumnType) -> bool:
    """Whether USING says no more than a cast."""
    return action.using is None or ("TypeCast" in action.using.node and columns_read(action.using) == {action.column})


def _widens_key(table: Table, action: sql.AlterColumnType) -> bool:
    key, column = table.primary_key, table.column(action.column)
    if key is None or key.columns != (action.column,) or column is None or column.type is None or not _is_plain(action):
        return False
    sizes = [_WHOLE_NUMBERS.index(one.name) for one in (column.type, action.type) if one.name in _WHOLE_NUMBERS]
    return len(sizes) == 2 and sizes[0] < sizes[1]


def _referring(schema: Schema, table: Table, column: str) -> Iterator[tuple[Ref, str]]:
    for child, key in foreign_keys_to(schema, table.ref):
        if key.target_columns in ((column,), ()) and len(key.columns) == 1:
            yield child.ref, key.columns[0]
