"""dbmate: `<version>_<name>.sql` with `-- migrate:up [transaction:false]` and `-- migrate:down`.

https://github.com/amacneil/dbmate#creating-migrations
"""

from __future__ import annotations

import re

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.make import from_source
from migrasafe.migrations.formats.markers import marked, share_marked
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.model import History, Migration, Notice, TransactionMode
from migrasafe.regex import regex

MARKER = regex(r"^[ \t]*--[ \t]*migrate:((?:up|down)\b[^\n\r]*)", re.IGNORECASE | re.MULTILINE)
_NAME = regex(r"^(\d+)_?(.*)\.sql$")


def claims(folder: Folder) -> Claim | None:
    """Claim a folder whose .sql files have `-- migrate:up` markers."""
    if share_marked(folder, [file for file in folder.files if file.endswith(".sql")], MARKER):
        return Claim(strength=Strength.OWN, why="files with `-- migrate:up`")
    return None


def read(folder: Folder) -> History:
    """Read the files whose name begins with a digit, in the order of their names. Raises InputError."""
    named = [(match, file) for file in folder.files if (match := _NAME.match(file))]
    left = [file for file in folder.files if file.endswith(".sql") and not _NAME.match(file)]
    return History(
        layout="dbmate",
        root=folder.path,
        migrations=tuple(_migration(folder, file, match) for match, file in named),
        notices=tuple(
            Notice(
                path=folder.place(file), line=1, message="not read: dbmate runs only files named <version>_<name>.sql"
            )
            for file in left
        ),
    )


def _migration(folder: Folder, file: str, match: re.Match[str]) -> Migration:
    source = folder.source(file)
    up = marked(source, MARKER, "dbmate")
    return from_source(
        source,
        id=match.group(1),
        name=match.group(2),
        transaction=TransactionMode.NONE if "transaction:false" in up.options.split() else TransactionMode.ONE,
        sections=up.sections,
        notices=up.notices,
    )
