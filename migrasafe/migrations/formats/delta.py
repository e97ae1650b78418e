"""Numbered delta folders: `schema/{main,state,common}/delta/<N>/<nn>_<name>.sql[.postgres]`, and a full schema to begin with.

https://element-hq.github.io/synapse/latest/development/database_schema.html
"""

from __future__ import annotations

import re

from msgspec import Struct

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.make import from_source
from migrasafe.migrations.formats.order import natural
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.model import History, Migration, Notice
from migrasafe.migrations.template import mask
from migrasafe.regex import regex

_FILE = regex(r"^(?:.*/)?deltas?/(?P<number>\d+)/(?P<name>[^/]+?)\.(?P<kind>sql|sql\.postgres|sql\.sqlite|py)$")
_FULL = regex(r"^(?:.*/)?full_schemas/(?P<number>\d+)/(?P<name>[^/]+?)\.(?P<kind>sql|sql\.postgres)$")
_PLACEHOLDER = r"\$%[A-Z_]+%\$"


class _File(Struct, frozen=True, kw_only=True):
    path: str
    """Relative to the folder."""
    number: int
    name: str
    kind: str


def claims(folder: Folder) -> Claim | None:
    """Claim a folder with numbered folders in a folder named delta, at most one level down."""
    if any(file.kind != "py" and file.path.count("/") <= 3 for file in _matching(folder, _FILE)):
        return Claim(strength=Strength.OWN, why="folders named delta/<number>")
    return None


def read(folder: Folder) -> History:
    """Read the newest full schema, then the deltas above its number, by number and then by file name. Raises InputError."""
    full = list(_matching(folder, _FULL))
    baseline = max((file.number for file in full), default=-1)
    deltas = sorted(_matching(folder, _FILE), key=lambda file: (file.number, natural(file.name), file.path))
    older = [file for file in deltas if file.number <= baseline]
    run = [file for file in deltas if file.number > baseline and file.kind != "sql.sqlite"]
    begin = sorted((file for file in full if file.number == baseline), key=lambda file: file.path)
    notices = []
    if older:
        message = f"not read, like all deltas up to {baseline}: full_schemas/{baseline} already holds what they do"
        notices.append(Notice(path=folder.place(older[0].path), line=1, message=message))
    return History(
        layout="delta",
        root=folder.path,
        migrations=tuple(_migration(folder, file) for file in (*begin, *run)),
        notices=tuple(notices),
    )


def _matching(folder: Folder, pattern: re.Pattern[str]) -> list[_File]:
    """Its files that fit; the names of the folder and of the one above it count too, as people may point below them."""
    lead = folder.name if folder.above is None else f"{folder.above.name}/{folder.name}"
    return [
        _File(path=file, number=int(match["number"]), name=match["name"], kind=match["kind"])
        for file in folder.below()
        if (match := pattern.match(f"{lead}/{file}")) and match["name"] != "__init__"
    ]


def _migration(folder: Folder, file: _File) -> Migration:
    identity = f"{file.number}/{file.path.rsplit('/', 1)[-1]}"
    if file.kind == "py":
        message = "is a program, not SQL: nothing of it was read"
        notice = Notice(path=folder.place(file.path), line=1, message=message, blocking=True)
        return Migration(id=identity, path=folder.place(file.path), name=file.name, parts=(), notices=(notice,))
    return from_source(mask(folder.source(file.path), _PLACEHOLDER, _column, "the app"), id=identity, name=file.name)


def _column(placeholder: str) -> str | None:
    """Synapse's one placeholder stands for the type and the constraint of a key that counts by itself."""
    return "bigserial PRIMARY KEY" if "AUTO_INCREMENT" in placeholder else None
