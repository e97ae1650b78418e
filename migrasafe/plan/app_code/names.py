"""How what is in the database is called in Python."""

from __future__ import annotations

import keyword
import re

from migrasafe.plan.app_code.model import Kept


def attribute(column: str) -> str:
    """The name of an attribute for a column: `First.Name` → `first_name`, `class` → `class_`."""
    name = re.sub(r"\W+", "_", column) if not column.isidentifier() else column
    name = name.lower() if name != column else name
    name = name if name.isidentifier() else f"column_{name}"
    return f"{name}_" if keyword.iskeyword(name) else name


def flag_of(kept: Kept) -> str:
    """The function that asks for the flag: `users_read_full_name`."""
    return flag_for(kept.table.name, kept.new)


def flag_for(table: str, column: str) -> str:
    """Likewise, of a table and its new column."""
    return f"{attribute(table)}_read_{attribute(column)}".lower()


def literal(text: str) -> str:
    """A Python string."""
    quoted = repr(text)
    return f'"{text}"' if text.isprintable() and '"' not in text and "\\" not in text else quoted


def spaced(code: str) -> str:
    """With two empty lines before each class, as people write it."""
    return re.sub(r"\n+class ", "\n\n\nclass ", code)
