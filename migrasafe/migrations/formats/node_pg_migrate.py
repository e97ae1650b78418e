"""node-pg-migrate in SQL: `<ts>_<name>.sql` with `-- Up Migration` and `-- Down Migration`.

https://salsita.github.io/node-pg-migrate/migrations/sql-migrations
"""

from __future__ import annotations

import re

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.make import from_source
from migrasafe.migrations.formats.markers import share_marked
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.formats.tool_in_use import tool_in_use
from migrasafe.migrations.model import History, Migration, Notice
from migrasafe.regex import regex
from migrasafe.sql.source import Source
from migrasafe.sql.statements import Span

_UP = regex(r"^\s*--[\s-]*up\s+migration", re.IGNORECASE | re.MULTILINE)
_DOWN = regex(r"^\s*--[\s-]*down\s+migration", re.IGNORECASE | re.MULTILINE)
_NAME = regex(r"^(\d+)[_-](.*?)\.(sql|js|ts|mjs|cjs|mts|cts)$")
_NUMBERED = regex(r"\d+[_-]")
"""How such a name begins, which is all that has to be asked of thousands of files."""


def claims(folder: Folder) -> Claim | None:
    """Claim a folder whose .sql files have the markers, or with numbered .sql files in a project that uses the tool."""
    named = [file for file in folder.files if file.endswith(".sql") and _NUMBERED.match(file)]
    if not named:
        return None
    if share_marked(folder, named, _UP) or share_marked(folder, named, _DOWN):
        return Claim(strength=Strength.OWN, why="files with `-- Up Migration`")
    shown = tool_in_use(folder, r'"node-pg-migrate"')
    if shown:
        return Claim(strength=Strength.PROJECT, why=f"<timestamp>_<name>.sql, and {shown} names it")
    return None


def read(folder: Folder) -> History:
    """Read in the order of the timestamps. Raises InputError."""
    named = sorted((int(match.group(1)), file, match) for file in folder.files if (match := _NAME.match(file)))
    return History(
        layout="node-pg-migrate",
        root=folder.path,
        migrations=tuple(_migration(folder, file, match) for _, file, match in named),
    )


def _migration(folder: Folder, file: str, match: re.Match[str]) -> Migration:
    version, name, kind = match.groups()
    if kind != "sql":
        message = "is a program, not SQL: nothing of it was read"
        notice = Notice(path=folder.place(file), line=1, message=message, blocking=True)
        return Migration(id=version, path=folder.place(file), name=name, parts=(), notices=(notice,))
    source = folder.source(file)
    return from_source(source, id=version, name=name, sections=_up_part(source))


def _up_part(source: Source) -> list[Span]:
    """From the up marker to the down marker, with the comments above; without an up marker the tool runs the whole file."""
    up, down = _UP.search(source.text), _DOWN.search(source.text)
    if up is None:
        return [Span(0, len(source.text))]
    if down is None:
        return [Span(0, len(source.text))]
    if down.start() < up.start():
        return [Span(up.start(), len(source.text))]
    return [Span(0, down.start())]
