"""sqlx: `<version>_<name>.sql`, or `.up.sql` and `.down.sql`; `-- no-transaction` on the first line.

https://docs.rs/sqlx/latest/sqlx/migrate/trait.MigrationSource.html
"""

from __future__ import annotations

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.make import from_source
from migrasafe.migrations.formats.pairs import left_over
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.formats.tool_in_use import tool_in_use
from migrasafe.migrations.model import History, Migration, TransactionMode

_NO_TRANSACTION = "-- no-transaction"


def claims(folder: Folder) -> Claim | None:
    """Claim numbered .sql files in a project that uses sqlx, or with sqlx's own marker."""
    files = _files(folder)
    if not files:
        return None
    if any(folder.head(file).startswith(_NO_TRANSACTION) for _, file, _ in files[:: len(files) // 64 + 1]):
        return Claim(strength=Strength.OWN, why="files that begin with `-- no-transaction`")
    shown = tool_in_use(folder, r"(?m)^\s*sqlx(?:-core|-cli)?\b|crate:sqlx", (".sqlx",))
    if shown:
        return Claim(strength=Strength.PROJECT, why=f"<version>_<name>.sql, and {shown} names it")
    if any(file.endswith(".up.sql") for _, file, _ in files):
        return Claim(strength=Strength.NAMES, why="files named <version>_<name>.up.sql")
    return None


def read(folder: Folder) -> History:
    """Read in the order of the versions. Raises InputError."""
    files = sorted(_files(folder))
    return History(
        layout="sqlx",
        root=folder.path,
        migrations=tuple(_migration(folder, *file) for file in files),
        notices=left_over(folder, [file for _, file, _ in files], "sqlx runs only <version>_<name>.sql"),
    )


def _files(folder: Folder) -> list[tuple[int, str, str]]:
    """Version, file and name of each; every numbered file of every folder is asked for these, so without a pattern."""
    files = []
    for file in folder.files:
        number, mark, name = file.partition("_")
        if mark and number.isdecimal() and name.endswith(".sql") and not name.endswith(".down.sql"):
            files.append((int(number), file, name.removesuffix(".sql").removesuffix(".up")))
    return files


def _migration(folder: Folder, version: int, file: str, name: str) -> Migration:
    source = folder.source(file)
    alone = source.text.startswith(_NO_TRANSACTION)
    mode = TransactionMode.NONE if alone else TransactionMode.ONE
    return from_source(source, id=str(version), name=name.replace("_", " "), transaction=mode)
