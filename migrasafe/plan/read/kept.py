"""`-- migrasafe: keep orders.customer_name = customers.name`, `-- migrasafe: count comments -> posts.comments`: columns that
triggers keep, with the statements of the migration that belong to them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from migrasafe.plan.changes.copy_column import CopyColumn
from migrasafe.plan.changes.count_column import CountColumn
from migrasafe.plan.changes.model import Ground, NoPlanError
from migrasafe.plan.read.names_said import SAID, name_parts
from migrasafe.plan.read.recipes import Recipe, columns_added
from migrasafe.schema.model import Schema
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import ColumnDef, Name, Statement
from migrasafe.target import DEFAULT, Target

_COPY = re.compile(
    rf"migrasafe:\s*keep\s+(?P<new>{SAID})\s*=\s*(?P<old>{SAID})(?:\s+by\s+(?P<by>{SAID}))?\s*(?:\*/)?$",
    re.IGNORECASE | re.MULTILINE,
)
_COUNT = re.compile(
    rf"migrasafe:\s*count\s+(?P<old>{SAID})\s*->\s*(?P<new>{SAID})(?:\s+by\s+(?P<by>{SAID}))?\s*(?:\*/)?$",
    re.IGNORECASE | re.MULTILINE,
)
_SAID = {
    _COPY: "migrasafe: keep TABLE.COLUMN = TABLE.COLUMN [by COLUMN]",
    _COUNT: "migrasafe: count TABLE -> TABLE.COLUMN [by COLUMN]",
}


def kept_columns(script: Script, schema: Schema) -> Iterator[Recipe]:
    """Every column that a comment says triggers keep. Raises NoPlanError for one that the migration does not add."""
    for comment in script.comments:
        for pattern, usage in _SAID.items():
            found = pattern.search(script.text_of(comment))
            if found is None:
                continue
            try:
                new, old = name_parts(found["new"]), name_parts(found["old"])
                by = name_parts(found["by"])[-1] if found["by"] else None
                if len(new) not in (2, 3) or len(old) not in ((2, 3) if pattern is _COPY else (1, 2)):
                    raise ValueError(found[0])
            except ValueError as error:
                raise NoPlanError(f"{script.source.path}: `{found[0]}` is said so: {usage}") from error
            table = Name(new[0] if len(new) == 3 else None, new[-2])
            added = list(columns_added(script.statements, table, new[-1]))
            if len(added) != 1:
                raise NoPlanError(
                    f"{script.source.path}: the comment `{found[0]}` needs an ALTER TABLE {table} that adds the column {new[-1]}"
                )
            first, action = added[0]
            yield _recipe(script, schema, first, action, _change(pattern, table, action.column, old, by))


def _change(
    pattern: re.Pattern[str], table: Name, column: ColumnDef, old: tuple[str, ...], by: str | None
) -> CopyColumn | CountColumn:
    if pattern is _COPY:
        source = Name(old[0] if len(old) == 3 else None, old[-2])
        return CopyColumn(table=table, column=column, source=source, value=old[-1], by=by)
    return CountColumn(table=table, column=column, child=Name(old[0] if len(old) == 2 else None, old[-1]), by=by)


def _recipe(
    script: Script, schema: Schema, first: Statement, action: sql.AddColumn, change: CopyColumn | CountColumn
) -> Recipe:
    """With the functions and triggers of the migration that are those of the plan, and what fills the column."""
    ground = Ground(schema=schema, target=Target(pg_version=DEFAULT, pg_version_assumed=True), id="")
    keeper = change.keeper(ground)
    functions = {ref.name for ref, _, _ in keeper.functions}
    triggers = {name for _, name, _ in keeper.triggers}
    made = [
        one
        for one in script.statements
        if (isinstance(one, sql.CreateFunction) and one.name.name in functions)
        or (isinstance(one, sql.CreateTrigger) and one.name in triggers)
    ]
    updates = [
        one
        for one in script.statements
        if isinstance(one, sql.Update)
        and one.table.name == change.table.name
        and {column for column, _ in one.assignments} == {change.column.name}
    ]
    if not made:
        return Recipe(change=replace(change, has_triggers=False), first=first, parts=(action, *updates))
    return Recipe(change=change, first=first, parts=(action, *made, *updates))
