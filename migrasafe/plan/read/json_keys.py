"""`-- migrasafe: key 'status' of orders.data -> status`: the statements of a migration that belong to it, as one change."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrasafe.plan.changes.key_to_column import KeyToColumn
from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.read.hints import Hints
from migrasafe.plan.read.names_said import SAID, name_parts
from migrasafe.plan.read.recipes import Recipe, columns_added
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import Name, Statement

_KEY = re.compile(
    rf"migrasafe:\s*key\s+'(?P<key>(?:[^']|'')+)'\s+of\s+(?P<old>{SAID})\s*->\s*(?P<new>{SAID})\s*(?:\*/)?$",
    re.IGNORECASE | re.MULTILINE,
)


def json_keys(script: Script, hints: Hints) -> Iterator[Recipe]:
    """Every key that a comment says becomes a column. Raises NoPlanError for one that the migration does not add."""
    for comment in script.comments:
        found = _KEY.search(script.text_of(comment))
        if found is None:
            continue
        try:
            old, (new,) = name_parts(found["old"]), name_parts(found["new"])
            if len(old) not in (2, 3):
                raise ValueError(found["old"])
        except ValueError as error:
            raise NoPlanError(
                f"{script.source.path}: `{found[0]}` is said so: migrasafe: key 'KEY' of TABLE.COLUMN -> COLUMN"
            ) from error
        table = Name(old[0] if len(old) == 3 else None, old[-2])
        added = list(columns_added(script.statements, table, new))
        if len(added) != 1:
            raise NoPlanError(
                f"{script.source.path}: the comment `{found[0]}` needs an ALTER TABLE {table} that adds the column {new}"
            )
        first, action = added[0]
        change = KeyToColumn(
            table=table,
            document=old[-1],
            key=found["key"].replace("''", "'"),
            column=action.column,
            up=hints.up,
            down=hints.down,
        )
        updates = [one for one in script.statements if _is_of_it(one, table, {new, old[-1]})]
        yield Recipe(change=change, first=first, parts=(action, *updates))


def _is_of_it(statement: Statement, table: Name, columns: set[str]) -> bool:
    """Whether it fills the column, or takes the key out of the documents."""
    return (
        isinstance(statement, sql.Update)
        and statement.table.name == table.name
        and bool(statement.assignments)
        and all(column in columns for column, _ in statement.assignments)
    )
