"""Whether a WHERE leaves most rows of a table in, or pins a few."""

from __future__ import annotations

from migrasafe.schema.model import Table
from migrasafe.sql.expressions import bounded_columns, equality_columns, matches_all_rows
from migrasafe.sql.statements import Expression

# Columns that name one row, or a few, in any schema people write: used only where the schema is not known.
_KEY_NAMES = frozenset(
    {
        "id",
        "uuid",
        "guid",
        "key",
        "name",
        "slug",
        "code",
        "email",
        "username",
        "login",
        "token",
        "version",
        "pk",
        "rowid",
    }
)
_KEY_ENDINGS = ("_id", "_uuid", "_key", "_name", "_code", "_slug", "_token", "id", "_hash")


def touches_most_rows(where: Expression | None, table: Table | None, *, joins: bool) -> tuple[bool, tuple[str, ...]]:
    """Whether a WHERE leaves most rows in: true unless it pins a key. And what was assumed to say so."""
    if joins:
        return True, ("the join is assumed to match most rows",)
    if where is None or matches_all_rows(where):
        return True, ()
    pinned = equality_columns(where)
    if any(end - start < _A_BATCH and _is_key(column, table) for column, start, end in bounded_columns(where)):
        return False, ()
    if _PLACE in pinned:
        return False, ()
    if not pinned:
        return True, ("the WHERE clause is assumed to match most rows",)
    if table is not None and table.complete:
        if table.rows is None and not table.columns:
            return True, ()
        return not _pins_few_rows(pinned, table), ("the columns compared are not a key",)
    if _sounds_like_a_key(pinned):
        return False, ()
    return True, (f"{', '.join(sorted(pinned))} is assumed not to be a key",)


_PLACE = "ctid"
"""Where a row stands: no two stand there."""
_A_BATCH = 100_000
"""Ids in a range: so many rows at most are changed as one batch, too."""


def _is_key(column: str, table: Table | None) -> bool:
    """Whether no two rows have the same value in it, as far as that is known."""
    if table is None or not table.complete:
        return _sounds_like_a_key(frozenset({column}))
    return any(one.columns == (column,) and one.index is not None for one in table.constraints)


def _pins_few_rows(pinned: frozenset[str], table: Table) -> bool:
    keys = [constraint.columns for constraint in table.constraints if constraint.index is not None]
    if any(set(columns) <= pinned for columns in keys if columns):
        return True
    types = {column.name: column.type.name for column in table.columns if column.type is not None}
    wide = frozenset(name for name in pinned if types.get(name) not in ("bool", None))
    return _sounds_like_a_key(wide)


def _sounds_like_a_key(columns: frozenset[str]) -> bool:
    """Whether these columns together name a few rows: one that is called like a key, or several."""
    return len(columns) > 1 or any(
        column.lower() in _KEY_NAMES or column.lower().endswith(_KEY_ENDINGS) for column in columns
    )
