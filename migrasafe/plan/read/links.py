"""`-- migrasafe: link books.author_id -> book_authors`: the statements of a migration that belong to it, as one change."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrasafe.plan.changes.many_to_many import ManyToMany
from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.read.names_said import SAID, listed, name_parts
from migrasafe.plan.read.recipes import Recipe, columns_dropped
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import Name

_LINK = re.compile(rf"migrasafe:\s*link\s+({SAID})\s*->\s*({SAID})\s*(?:\*/)?$", re.IGNORECASE | re.MULTILINE)


def links(script: Script) -> Iterator[Recipe]:
    """Every column that a comment says becomes links. Raises NoPlanError for one that the migration does not drop."""
    for comment in script.comments:
        found = _LINK.search(script.text_of(comment))
        if found is None:
            continue
        try:
            first, *more = (name_parts(part) for part in listed(found[1]))
            link = name_parts(found[2])
            if len(first) not in (2, 3) or len(link) > 2:
                raise ValueError(found[1])
        except ValueError as error:
            raise NoPlanError(
                f"{script.source.path}: `{found[0]}` is said so: migrasafe: link TABLE.COLUMN[, COLUMN] -> TABLE"
            ) from error
        table = Name(first[0] if len(first) == 3 else None, first[-2])
        columns = (first[-1], *(one[-1] for one in more))
        dropped = list(columns_dropped(script.statements, table, columns))
        if {action.column for _, action in dropped} != set(columns):
            raise NoPlanError(
                f"{script.source.path}: the comment `{found[0]}` needs an ALTER TABLE {table} that drops {', '.join(columns)}, behind"
                f" what makes {link[-1]}"
            )
        rows = [one for one in script.statements if isinstance(one, sql.Insert) and one.table.name == link[-1]]
        change = ManyToMany(table=table, columns=columns, link=Name(link[0] if len(link) == 2 else None, link[-1]))
        yield Recipe(change=change, first=dropped[0][0], parts=(*(action for _, action in dropped), *rows))
