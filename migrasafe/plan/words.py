"""Changes said in words: `rename users.name full_name`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from migrasafe.errors import InputError, did_you_mean
from migrasafe.plan.changes.model import Change
from migrasafe.plan.changes.rename_column import RenameColumn
from migrasafe.plan.changes.rename_table import RenameTable
from migrasafe.sql.statements import Name

_LONGEST_ID = 40
"""Characters: what is made of it must fit into the names of functions and triggers."""


class Hints(Struct, frozen=True, kw_only=True):
    """What people say beside the change itself."""

    way: str | None = None
    up: str | None = None
    down: str | None = None


class Word(Struct, frozen=True, kw_only=True):
    usage: str
    """What follows the word, as the help shows it."""
    read: Callable[[Sequence[str], Hints], Change]


def read_words(words: Sequence[str], hints: Hints) -> Change:
    """The change that words ask for. Raises InputError for words that ask for none."""
    word = WORDS.get(words[0])
    if word is None:
        raise InputError(
            f"there is no change {words[0]}; {did_you_mean(words[0], WORDS, 'known are ' + ', '.join(WORDS))}"
        )
    if len(words) - 1 != len(word.usage.split()):
        raise InputError(f"`{words[0]}` is said so: migrasafe plan {words[0]} {word.usage}")
    return word.read(words[1:], hints)


def plan_id(words: Sequence[str]) -> str:
    """A short name for a plan, fit for the names of functions and triggers: `rename_users_name`."""
    said = "_".join(re.sub(r"[^a-z0-9]+", "_", word.lower()).strip("_") for word in words[:2])
    return said[:_LONGEST_ID].strip("_") or "change"


def table_name(text: str) -> Name:
    """`users` or `app.users`."""
    parts = _parts(text)
    if len(parts) > 2:
        raise InputError(f"{text} is not a table: say TABLE or SCHEMA.TABLE")
    return Name(parts[0] if len(parts) == 2 else None, parts[-1])


def column_name(text: str) -> tuple[Name, str]:
    """`users.name` or `app.users.name`."""
    parts = _parts(text)
    if len(parts) not in (2, 3):
        raise InputError(f"{text} is not a column: say TABLE.COLUMN or SCHEMA.TABLE.COLUMN")
    return Name(parts[0] if len(parts) == 3 else None, parts[-2]), parts[-1]


def _parts(text: str) -> tuple[str, ...]:
    """The names between the dots, read as SQL reads them: folded, unless quoted."""
    from migrasafe.sql.deparse import parse_expression

    try:
        node = parse_expression(text).node
    except ValueError:
        node = {}
    fields = node.get("ColumnRef", {}).get("fields", [])
    parts = tuple(field["String"]["sval"] for field in fields if "String" in field)
    if not parts or len(parts) != len(fields):
        raise InputError(f"{text} is not a name; put names with capitals or signs in double quotes")
    return parts


def _rename(words: Sequence[str], hints: Hints) -> Change:
    (new,) = _parts(words[1])[-1:]
    if len(_parts(words[0])) == 1:
        return RenameTable(table=table_name(words[0]), new_name=new)
    table, column = column_name(words[0])
    return RenameColumn(table=table, column=column, new_name=new, way=hints.way)


WORDS: Mapping[str, Word] = {
    "rename": Word(usage="TABLE[.COLUMN] NEW_NAME", read=_rename),
}
