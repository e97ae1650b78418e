"""`-- migrasafe: rows posts.tags -> post_tags (position, tag)`: the statements of a migration that belong to it, as one change."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrasafe.plan.changes.array_to_table import ArrayToTable
from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.read.names_said import SAID, name_parts
from migrasafe.plan.read.recipes import Recipe, columns_dropped
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import Name

_ROWS = re.compile(
    rf"migrasafe:\s*rows\s+({SAID})\s*->\s*({SAID})\s*\(\s*({SAID})\s*,\s*({SAID})\s*\)\s*(?:\*/)?$",
    re.IGNORECASE | re.MULTILINE,
)


def arrays(script: Script) -> Iterator[Recipe]:
    """Every array that a comment says becomes rows. Raises NoPlanError for one that the migration does not drop."""
    for comment in script.comments:
        found = _ROWS.search(script.text_of(comment))
        if found is None:
            continue
        try:
            old, child = name_parts(found[1]), name_parts(found[2])
            (place,), (value,) = name_parts(found[3]), name_parts(found[4])
            if len(old) not in (2, 3) or len(child) > 2:
                raise ValueError(found[1])
        except ValueError as error:
            raise NoPlanError(
                f"{script.source.path}: `{found[0]}` is said so: migrasafe: rows TABLE.COLUMN -> TABLE (POSITION, VALUE)"
            ) from error
        table = Name(old[0] if len(old) == 3 else None, old[-2])
        dropped = list(columns_dropped(script.statements, table, (old[-1],)))
        if not dropped:
            raise NoPlanError(
                f"{script.source.path}: the comment `{found[0]}` needs an ALTER TABLE {table} that drops {old[-1]}, behind what makes"
                f" {child[-1]}"
            )
        rows = [one for one in script.statements if isinstance(one, sql.Insert) and one.table.name == child[-1]]
        change = ArrayToTable(
            table=table,
            column=old[-1],
            child=Name(child[0] if len(child) == 2 else None, child[-1]),
            place=place,
            value=value,
        )
        yield Recipe(change=change, first=dropped[0][0], parts=(*(action for _, action in dropped), *rows))
