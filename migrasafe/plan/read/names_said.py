"""Names as people say them: `users.name`, quoted where they must be."""

from __future__ import annotations

import re

from migrasafe.errors import InputError
from migrasafe.sql.deparse import parse_expression
from migrasafe.sql.quote import quote_ident, quote_name
from migrasafe.sql.statements import Name

_QUOTED = r'"(?:[^"]|"")*+"'
SAID = rf'(?:{_QUOTED}|(?!->)[^"=()\n])+?'
"""For patterns of comments: names, with whatever stands in their quotes, up to a sign that is in no plain name."""
_PART = re.compile(rf'(?:{_QUOTED}|[^",])*')
_PLAIN = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


def name_parts(text: str) -> tuple[str, ...]:
    """The names between the dots, read as SQL reads them: folded, unless quoted. Raises ValueError for what is no name."""
    fields = parse_expression(text).node.get("ColumnRef", {}).get("fields", [])
    parts = tuple(field["String"]["sval"] for field in fields if "String" in field)
    if not parts or len(parts) != len(fields):
        raise ValueError(f"{text} is not a name")
    return parts


def listed(text: str) -> list[str]:
    """What stands between the commas, but for those in quotes."""
    parts, place = [], 0
    while (part := _PART.match(text, place)) is not None and part.end() < len(text) and text[part.end()] == ",":
        parts.append(part[0])
        place = part.end() + 1
    return [*parts, text[place:]]


def said_parts(text: str) -> tuple[str, ...]:
    """Likewise, and a word that SQL reserves is a name here: `order.email`. Raises InputError for what is no name."""
    try:
        return name_parts(text)
    except ValueError as error:
        if _PLAIN.fullmatch(text):
            return tuple(text.lower().split("."))
        raise InputError(f"{text} is not a name; put names with capitals or signs in double quotes") from error


def table_name(text: str) -> str:
    """`users` or `app.users`, quoted where it must be."""
    parts = said_parts(text)
    if len(parts) > 2:
        raise InputError(f"{text} is not a table: say TABLE or SCHEMA.TABLE")
    return quote_name(Name(parts[0] if len(parts) == 2 else None, parts[-1]))


def column_name(text: str) -> tuple[str, str]:
    """Table and column of `users.name` or `app.users.name`, quoted where they must be."""
    parts = said_parts(text)
    if len(parts) not in (2, 3):
        raise InputError(f"{text} is not a column: say TABLE.COLUMN or SCHEMA.TABLE.COLUMN")
    return quote_name(Name(parts[0] if len(parts) == 3 else None, parts[-2])), quote_ident(parts[-1])
