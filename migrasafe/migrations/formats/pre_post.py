"""Plain files that say in their names whether they run before or after the deploy: `03.00.00_01_pre_x.sql`.

https://procrastinate.readthedocs.io/en/stable/howto/production/migrations.html
"""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats import plain
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.model import History, Migration
from migrasafe.regex import regex

_NAME = regex(r"^\d[\d._-]*[_-](?P<when>pre|post)[_-].+\.sql$")
_HINTS = {"pre": "before", "post": "after"}


def claims(folder: Folder) -> Claim | None:
    """Claim a folder with both kinds of names; one alone may be about blog posts."""
    kinds = {match["when"] for file in folder.files if (match := _NAME.match(file))}
    if kinds == {"pre", "post"}:
        return Claim(strength=Strength.NAMES, why="files named <version>_pre_<name>.sql and <version>_post_<name>.sql")
    return None


def read(folder: Folder) -> History:
    """Read as a plain folder, with the hints of the names. Raises InputError."""
    history = plain.read(folder)
    return replace(history, layout="pre-post", migrations=tuple(_hinted(one) for one in history.migrations))


def _hinted(migration: Migration) -> Migration:
    match = _NAME.match(f"{migration.id}.sql")
    return replace(migration, hint=_HINTS[match["when"]]) if match else migration
