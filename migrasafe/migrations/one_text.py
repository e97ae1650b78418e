"""One text alone, as standard input or a file outside of any tool's folder: markers in it still tell up from down."""

from __future__ import annotations

import re
from pathlib import PurePath

from msgspec.structs import replace

from migrasafe.migrations.folder import folder_of
from migrasafe.migrations.formats import load_format
from migrasafe.migrations.formats.plain import read_sources
from migrasafe.migrations.formats.protocol import Strength
from migrasafe.migrations.model import Migration
from migrasafe.sql.source import Source

_TOOLS_WITH_MARKERS = ("goose", "sql-migrate", "dbmate", "node-pg-migrate", "liquibase", "sqlx")
_SIGN = re.compile(
    r"--[ \t-]*(?:\+goose|\+migrate|migrate:|up[ \t]+migration|down[ \t]+migration|liquibase|no-transaction)",
    re.IGNORECASE,
)
"""What a text must have somewhere for any of them to claim it: most texts have nothing of it."""
_NAME = "1_text.sql"
"""A name that all of these tools would run."""


def read_text(source: Source) -> Migration:
    """The migration in a text: its up part where a tool's markers say which that is, else all of it."""
    folder = folder_of("", {_NAME: source.text})
    for layout in _TOOLS_WITH_MARKERS if _SIGN.search(source.text) else ():
        module = load_format(layout)
        claim = module.claims(folder)
        if claim and claim.strength is Strength.OWN:
            (migration,) = module.read(folder).migrations
            return _renamed(migration, source)
    (migration,) = read_sources((source,))
    return migration


def _renamed(migration: Migration, source: Source) -> Migration:
    parts = tuple(replace(part, script=part.script.at(part.script.source.at(source.path))) for part in migration.parts)
    notices = tuple(replace(notice, path=source.path) for notice in migration.notices)
    name = PurePath(source.path).name.removesuffix(".sql")
    return replace(migration, id=name, name="", path=source.path, parts=parts, notices=notices)
