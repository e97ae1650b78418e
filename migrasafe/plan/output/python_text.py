"""SQL as literals of Python, in migrations that people read."""

from __future__ import annotations

import re

_BIND = re.compile(r"(?<![:\w\\]):(?=\w+(?!:))")
"""What SQLAlchemy's text() takes for a parameter."""
_BACKSLASHED = re.compile(r"\\(?=:)")


def literal(sql: str) -> str:
    """A literal whose value is the SQL; with line breaks around it where it has several lines."""
    value = f"\n{sql}\n" if "\n" in sql else sql
    if '"""' in value or value.endswith(("\\", '"')) or _has_control(value):
        return repr(value)
    quotes = '"""' if "\n" in value or '"' in value else '"'
    raw = "r" if "\\" in value else ""
    return f"{raw}{quotes}{value}{quotes}"


def module_name(text: str) -> str:
    """Letters, digits and underscores."""
    return re.sub(r"\W+", "_", text)


def docstring(text: str) -> str:
    """What can stand in a docstring."""
    return text.replace("\\", "/").replace('"', "'")


def text_literal(sql: str) -> str:
    """Likewise, for what becomes a text() of SQLAlchemy: a colon is a colon."""
    return literal(escaped(sql))


def escaped(sql: str) -> str:
    """What text() takes for the SQL."""
    return _BIND.sub(r"\\:", _BACKSLASHED.sub(lambda _: "\\\\", sql))


def comment(sql_comment: str, indent: int) -> str:
    """Comments of SQL as comments of Python."""
    lines = (re.sub(r"^-- ?", "", line) for line in sql_comment.splitlines())
    return "\n".join(f"{' ' * indent}# {line}".rstrip() for line in lines)


def _has_control(value: str) -> bool:
    return any(not char.isprintable() and char != "\n" for char in value)
