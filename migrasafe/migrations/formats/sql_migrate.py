"""sql-migrate: `<ts>-<name>.sql` with `-- +migrate Up [notransaction]` and `-- +migrate Down`.

https://github.com/rubenv/sql-migrate#writing-migrations
"""

from __future__ import annotations

import re

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.make import from_source
from migrasafe.migrations.formats.markers import marked, share_marked
from migrasafe.migrations.formats.order import natural
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.model import History, Migration, TransactionMode
from migrasafe.regex import regex

MARKER = regex(r"^[ \t]*--[ \t]*\+migrate[ \t]+([^\n\r]*)", re.IGNORECASE | re.MULTILINE)


def claims(folder: Folder) -> Claim | None:
    """Claim a folder whose .sql files have `-- +migrate` markers."""
    if share_marked(folder, _files(folder), MARKER):
        return Claim(strength=Strength.OWN, why="files with `-- +migrate Up`")
    return None


def read(folder: Folder) -> History:
    """Read in the order of the file names. Raises InputError."""
    files = sorted(_files(folder), key=_order)
    return History(layout="sql-migrate", root=folder.path, migrations=tuple(_migration(folder, file) for file in files))


def _files(folder: Folder) -> list[str]:
    return [file for file in folder.files if file.endswith(".sql")]


def _order(file: str) -> tuple[object, ...]:
    """By the number a name begins with, then by name: as sql-migrate compares ids."""
    number = re.match(r"\d+", file)
    return (0, int(number.group()), file) if number else (1, 0, natural(file))


def _migration(folder: Folder, file: str) -> Migration:
    source = folder.source(file)
    up = marked(source, MARKER, "sql-migrate")
    no_transaction = "notransaction" in up.options.split()
    return from_source(
        source,
        id=file.removesuffix(".sql"),
        transaction=TransactionMode.NONE if no_transaction else TransactionMode.ONE,
        sections=up.sections,
        notices=up.notices,
    )
