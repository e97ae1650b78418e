"""The search_path that an app gives to its sessions, where its source says so in one way.

https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-PATH
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from migrasafe.app.model import Notice
from migrasafe.app.source.file_scan import SourceText

_NAMES = r"""(?P<names>[\w$]+(?:\s*,\s*[\w$]+)*)"""
_SAYS = (
    re.compile(rf"-c\s*search_path\s*=\s*{_NAMES}"),
    re.compile(rf"""['"]search_path['"]\s*(?::|=>|,)\s*['"`]{_NAMES}['"`]"""),
    re.compile(rf"[?&]search_path={_NAMES}"),
    re.compile(rf"[?&]currentSchema={_NAMES}"),
    re.compile(rf"""['"`]\s*SET\s+(?:SESSION\s+)?search_path\s*(?:=|\bTO\b)\s*{_NAMES}\s*;?\s*['"`]""", re.IGNORECASE),
)


def session_search_path(programs: Iterable[SourceText]) -> tuple[tuple[str, ...] | None, list[Notice]]:
    """The schemas in order, or None; and a notice where programs say different things."""
    said: dict[tuple[str, ...], str] = {}
    for program in programs:
        if "search_path" not in program.text and "currentSchema" not in program.text:
            continue
        for pattern in _SAYS:
            for found in pattern.finditer(program.text):
                names = (name.strip() for name in found["names"].split(","))
                path = tuple(name for name in names if name != "$user")
                said.setdefault(path, str(program.location(found.start())))
    if len(said) == 1:
        return next(iter(said)), []
    if not said:
        return None, []
    ways = ", ".join(f"{', '.join(path)} at {place}" for path, place in said.items())
    message = f"sets search_path in several ways ({ways}): names without a schema were looked up as the database does"
    return None, [Notice(path=next(iter(said.values())), message=message)]
