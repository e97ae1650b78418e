"""golang-migrate: `<version>_<name>.up.sql` and `.down.sql`, each file sent as one simple query.

https://github.com/golang-migrate/migrate/tree/master/database/postgres#multi-statement-mode
"""

from __future__ import annotations

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.make import from_source
from migrasafe.migrations.formats.pairs import left_over, up_halves
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.formats.tool_in_use import tool_in_use
from migrasafe.migrations.model import History, TransactionMode


def claims(folder: Folder) -> Claim | None:
    """Claim a folder of numbered up halves."""
    if not up_halves(folder.files):
        return None
    shown = tool_in_use(folder, r"golang-migrate|migrate/migrate")
    if shown:
        return Claim(strength=Strength.PROJECT, why=f"<version>_<name>.up.sql, and {shown} names it")
    return Claim(strength=Strength.NAMES, why="files named <version>_<name>.up.sql")


def read(folder: Folder) -> History:
    """Read the up halves in the order of their numbers. Raises InputError."""
    halves = up_halves(folder.files)
    return History(
        layout="golang-migrate",
        root=folder.path,
        migrations=tuple(
            from_source(
                folder.source(half.file),
                id=half.version,
                name=half.name,
                transaction=TransactionMode.IMPLICIT,
            )
            for half in halves
        ),
        notices=left_over(folder, [half.file for half in halves], "golang-migrate runs only <version>_<name>.up.sql"),
    )
