"""Which string constants can be read as values of a type, as far as that is known without a server."""

from __future__ import annotations

import re

from migrasafe.sql.statements import TypeName

_WRITTEN = {
    **dict.fromkeys(("int2", "int4", "int8"), re.compile(r"\s*[-+]?([0-9][0-9_]*|0[xob][0-9a-f_]+)\s*", re.I)),
    "numeric": re.compile(r"\s*([-+]?[0-9_.]+(e[-+]?[0-9]+)?|[-+]?(nan|inf(inity)?)|0[xob][0-9a-f_]+)\s*", re.I),
    "uuid": re.compile(r"\s*\{?[0-9a-f-]{32,}\}?\s*", re.I),
    "bool": re.compile(r"\s*(t|tr|tru|true|f|fa|fal|fals|false|y|ye|yes|n|no|on|off|of|0|1)\s*", re.I),
}


def can_be_written(text: str, column: TypeName | None) -> bool:
    """Whether a string constant can be read as a value of the type; True wherever that is not certain."""
    if column is None or column.array or column.schema not in (None, "pg_catalog"):
        return True
    pattern = _WRITTEN.get(column.name)
    return pattern is None or pattern.fullmatch(text) is not None


def fits(text: str, column: TypeName | None) -> bool:
    """Whether a string constant is short enough for the type: blanks at its end are cut off."""
    if column is None or column.array or column.schema not in (None, "pg_catalog"):
        return True
    if column.name not in ("varchar", "bpchar") or not column.modifiers or not column.modifiers[0].isdigit():
        return True
    return len(text.rstrip(" ")) <= int(column.modifiers[0])
