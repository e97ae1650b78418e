"""`-- migrasafe: move-to-database orders -> archive`: a table that goes here because its rows are to be in another database."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrasafe.dsn import is_dsn, without_password
from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.changes.move_to_database import MoveToDatabase
from migrasafe.plan.read.names_said import SAID, name_parts
from migrasafe.plan.read.recipes import Recipe
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import Name

_MOVE = re.compile(
    rf"migrasafe:\s*move-to-database\s+(?P<table>{SAID})\s*->\s*(?P<home>\S[^\n]*?)\s*(?:\*/)?$",
    re.IGNORECASE | re.MULTILINE,
)


def relocations(script: Script) -> Iterator[Recipe]:
    """Every table that a comment says moves to another database. Raises NoPlanError for one that the migration does not drop."""
    for comment in script.comments:
        found = _MOVE.search(script.text_of(comment))
        if found is None:
            continue
        parts = name_parts(found["table"])
        table = Name(parts[0] if len(parts) == 2 else None, parts[-1])
        for statement in script.statements:
            if (
                isinstance(statement, sql.Drop)
                and statement.kind == "TABLE"
                and [one.name.name for one in statement.objects] == [table.name]
            ):
                change = MoveToDatabase(table=table, home=home_of(found["home"]))
                yield Recipe(change=change, first=statement, parts=(statement,))
                break
        else:
            raise NoPlanError(
                f"{script.source.path}: the comment about {table} needs a DROP TABLE {table} behind it, which is what becomes of"
                " the table here"
            )


def home_of(said: str) -> str:
    """A database as plans call it: what it was called, and never a password."""
    return without_password(said) if is_dsn(said) else f"the database {said}" if said.isidentifier() else said
