"""Defaults and NOT NULL of columns that the app writes twice: along with the new ones at first, out of the way at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from migrasafe.plan import predicates
from migrasafe.plan.changes.model import Ground
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Column, Ref
from migrasafe.sql.builtin.called import volatility_of
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Expression


def default_along(
    ground: Ground, table: Ref, column: str, value: Expression, defaults: Mapping[str, Expression]
) -> Iterator[Step]:
    """Where a writer gives nothing, the database gives the new `column` what it gives the old ones. `defaults`: of those,
    from which `value` follows; one that is volatile would give each column a value of its own."""
    if not defaults:
        return
    for default in defaults.values():
        verdict = volatility_of(default, lambda *_: None, pg_version=ground.target.pg_version)
        if verdict.volatile_functions or verdict.unknown_functions:
            return
    alter = f"ALTER TABLE {name_of(table)} ALTER COLUMN {quote_ident(column)}"
    yield Step(
        title=f"Give {column} the default of {', '.join(defaults)}",
        statements=(f"{alter} SET DEFAULT {deparse_expression(value)}",),
        done=predicates.column_has_default(table, column),
        undo=(f"{alter} DROP DEFAULT",),
    )


def let_go(table: Ref, old: Sequence[Column], copied: str) -> Iterator[Step]:
    """The version that does not know the old columns leaves them null. `copied`: the statement that fills them again on the
    way back."""
    there, back, free = [], [], []
    for column in old:
        alter = f"ALTER TABLE {name_of(table)} ALTER COLUMN {quote_ident(column.name)}"
        free.append(predicates.column_with(table, column.name, "NOT attnotnull AND NOT atthasdef"))
        if column.not_null:
            there.append(f"{alter} DROP NOT NULL")
        if column.default is not None:
            there.append(f"{alter} DROP DEFAULT")
            back.append(f"{alter} SET DEFAULT {deparse_expression(column.default)}")
        if column.not_null:
            back.append(f"{alter} SET NOT NULL")
    listed = ", ".join(column.name for column in old)
    # Also where nothing is in the way of such rows: the way back is what fills the old columns again.
    yield Step(
        title=f"Let rows be without {listed}" if there else f"Rows may be without {listed} as it is",
        statements=tuple(there),
        done=predicates.all_of(*free),
        past=predicates.columns_are_gone(table, *(column.name for column in old)),
        undo=(copied, *back),
    )
