"""morph: `<number>_<name>.up.sql` and `.down.sql`, with Go templates that ask for the database.

https://github.com/mattermost/morph
"""

from __future__ import annotations

import re

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.make import from_source
from migrasafe.migrations.formats.pairs import Half, left_over, up_halves
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.formats.tool_in_use import tool_in_use
from migrasafe.migrations.go_template import mask_go
from migrasafe.migrations.model import History, Migration, TransactionMode
from migrasafe.regex import regex

_OWN = regex(r"^--\s*morph:|\{\{-?\s*(?:if|else if)\s+(?:not\s+)?\.(?:postgres|mysql|sqlite)\b", re.MULTILINE)
_NO_TRANSACTION = regex(r"^\s*--\s*morph:nontransactional\b", re.MULTILINE)


def claims(folder: Folder) -> Claim | None:
    """Claim numbered up halves with morph's marker or conditions, or in a project that uses morph."""
    halves = up_halves(folder.files)
    if not halves:
        return None
    if any(_OWN.search(folder.head(half.file)) for half in halves):
        return Claim(strength=Strength.OWN, why="up halves with `{{if .postgres}}` or `-- morph:`")
    shown = tool_in_use(folder, r"mattermost/morph")
    if shown:
        return Claim(strength=Strength.OWN, why=f"<version>_<name>.up.sql, and {shown} names it")
    return None


def read(folder: Folder) -> History:
    """Read the up halves in the order of their numbers. Raises InputError."""
    halves = up_halves(folder.files)
    return History(
        layout="morph",
        root=folder.path,
        migrations=tuple(_migration(folder, half) for half in halves),
        notices=left_over(folder, [half.file for half in halves], "morph runs only <version>_<name>.up.sql"),
    )


def _migration(folder: Folder, half: Half) -> Migration:
    source = folder.source(half.file)
    alone = _NO_TRANSACTION.search(source.text)
    return from_source(
        mask_go(source, "the app"),
        id=half.version,
        name=half.name,
        transaction=TransactionMode.NONE if alone else TransactionMode.ONE,
    )
