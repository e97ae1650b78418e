"""pop: `<version>_<name>[.<dialect>][.autocommit].up.sql`, Go templates inside; the dialect's own file wins.

https://gobuffalo.io/documentation/database/migrations/
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.make import from_source
from migrasafe.migrations.formats.pairs import left_over
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.formats.tool_in_use import tool_in_use
from migrasafe.migrations.go_template import mask_go
from migrasafe.migrations.model import History, Migration, Notice, TransactionMode
from migrasafe.regex import regex

_NAME = regex(
    r"^(?P<version>\d+)_(?P<name>[^.]+)(?:\.(?P<dialect>postgres|postgresql|cockroach|cockroachdb|mysql|mariadb|sqlite3?|all))?"
    r"(?P<autocommit>\.autocommit)?\.up\.(?P<kind>sql|fizz)$"
)
_OWN_DIALECT = ("postgres", "postgresql")


def claims(folder: Folder) -> Claim | None:
    """Claim numbered up halves that name a dialect, hold pop's templates, or stand in a project that uses pop."""
    named = [match for file in folder.files if (match := _NAME.match(file))]
    if not named:
        return None
    if any(match["dialect"] or match["autocommit"] for match in named):
        return Claim(strength=Strength.OWN, why="up halves that name a dialect")
    if any(
        re.search(r"\{\{-?\s*index\s+\.Options", folder.head(match.group())) for match in named[:: len(named) // 12 + 1]
    ):
        return Claim(strength=Strength.OWN, why="up halves with `{{ index .Options … }}`")
    shown = tool_in_use(folder, r"gobuffalo/pop|ory/pop|ory/x\b")
    if shown:
        return Claim(strength=Strength.PROJECT, why=f"<version>_<name>.up.sql, and {shown} names it")
    return Claim(strength=Strength.NAMES, why="files named <version>_<name>.up.sql")


def read(folder: Folder) -> History:
    """Read in the order of the versions, for each of them PostgreSQL's file or else the general one. Raises InputError."""
    by_version: dict[str, list[re.Match[str]]] = {}
    for file in folder.files:
        if match := _NAME.match(file):
            by_version.setdefault(match["version"], []).append(match)
    chosen, notices = [], []
    for version in sorted(by_version, key=lambda digits: (int(digits), digits)):
        halves = _for_postgres(by_version[version])
        chosen.extend(halves)
        if not halves:
            dialects = ", ".join(sorted({match["dialect"] for match in by_version[version]}))
            message = f"not read: its version has files for {dialects} only, and none for PostgreSQL"
            path = folder.place(by_version[version][0].group())
            notices.append(Notice(path=path, line=1, message=message))
    known = [match.group() for matches in by_version.values() for match in matches]
    return History(
        layout="pop",
        root=folder.path,
        migrations=tuple(_migration(folder, match) for match in chosen),
        notices=(*notices, *left_over(folder, known, "pop runs only <version>_<name>.up.sql")),
    )


def _for_postgres(halves: Sequence[re.Match[str]]) -> list[re.Match[str]]:
    own = [match for match in halves if match["dialect"] in _OWN_DIALECT]
    return own or [match for match in halves if match["dialect"] in (None, "all")]


def _migration(folder: Folder, match: re.Match[str]) -> Migration:
    file = match.group()
    if match["kind"] == "fizz":
        message = "is written in fizz, not in SQL: nothing of it was read"
        notice = Notice(path=folder.place(file), line=1, message=message, blocking=True)
        return Migration(id=match["version"], path=folder.place(file), name=match["name"], parts=(), notices=(notice,))
    return from_source(
        mask_go(folder.source(file), "pop"),
        id=match["version"],
        name=match["name"],
        transaction=TransactionMode.NONE if match["autocommit"] else TransactionMode.ONE,
    )
