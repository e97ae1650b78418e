"""Prisma: `prisma/migrations/<ts>_<name>/migration.sql`, each file sent as one simple query.

https://www.prisma.io/docs/orm/prisma-migrate/understanding-prisma-migrate/migration-histories
"""

from __future__ import annotations

import re

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.make import from_file
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.model import History, Notice, TransactionMode
from migrasafe.migrations.other_databases import OtherDatabaseError
from migrasafe.regex import regex

_PROVIDER = regex(r"""^\s*provider\s*=\s*["'](\w+)["']""", re.MULTILINE)


def claims(folder: Folder) -> Claim | None:
    """Claim a folder of folders with a migration.sql each."""
    if _names(folder):
        return Claim(strength=Strength.OWN, why="folders with a migration.sql each")
    return None


def read(folder: Folder) -> History:
    """Read in the order of the folder names. Raises InputError, also for migrations of another database."""
    if "migration_lock.toml" in folder.files:
        lock = folder.source("migration_lock.toml")
        provider = _PROVIDER.search(lock.text)
        if provider and provider.group(1) not in ("postgresql", "postgres", "cockroachdb"):
            raise OtherDatabaseError(lock.path, provider.group(1))
    names = _names(folder)
    empty = [
        name for name, inner in folder.folders.items() if name not in names and re.match(r"\d", name) and inner.files
    ]
    return History(
        layout="prisma",
        root=folder.path,
        migrations=tuple(
            from_file(folder, f"{name}/migration.sql", id=name, transaction=TransactionMode.IMPLICIT) for name in names
        ),
        notices=tuple(
            Notice(
                path=folder.place(name), line=1, message="has no migration.sql: nothing of it was read", blocking=True
            )
            for name in empty
        ),
    )


def _names(folder: Folder) -> list[str]:
    return sorted(name for name, inner in folder.folders.items() if "migration.sql" in inner.files)
