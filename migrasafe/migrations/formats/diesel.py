"""diesel: `migrations/<version>_<name>/{up,down}.sql`, and metadata.toml where there is no transaction.

https://docs.diesel.rs/main/diesel_migrations/struct.FileBasedMigrations.html
"""

from __future__ import annotations

from typing import Any

from migrasafe.errors import ConfigError, InputError
from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.make import from_file
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.model import History, Migration, Notice, TransactionMode
from migrasafe.regex import regex
from migrasafe.sql.source import Source

_NAME = regex(r"^(\d[\d-]*)_?(.*)$")


def claims(folder: Folder) -> Claim | None:
    """Claim a folder of folders with an up.sql each."""
    if _versions(folder):
        return Claim(strength=Strength.OWN, why="folders named <version>_<name> with an up.sql each")
    return None


def read(folder: Folder) -> History:
    """Read in the order of the versions: the digits of the folder names. Raises InputError."""
    versions = sorted(_versions(folder))
    without = [
        name
        for name, inner in folder.folders.items()
        if _NAME.match(name) and "up.sql" not in inner.files and inner.files
    ]
    return History(
        layout="diesel",
        root=folder.path,
        migrations=tuple(_migration(folder, version, inner) for version, inner in versions),
        notices=tuple(
            Notice(path=folder.place(name), line=1, message="has no up.sql: nothing of it was read", blocking=True)
            for name in without
        ),
    )


def _versions(folder: Folder) -> list[tuple[str, str]]:
    """The version and the name of each folder with an up.sql."""
    return [
        (match.group(1).replace("-", ""), name)
        for name, inner in folder.folders.items()
        if "up.sql" in inner.files and (match := _NAME.match(name))
    ]


def _migration(folder: Folder, version: str, name: str) -> Migration:
    match = _NAME.match(name)
    metadata = _metadata(folder.source(f"{name}/metadata.toml")) if folder.has(f"{name}/metadata.toml") else {}
    mode = TransactionMode.NONE if metadata.get("run_in_transaction") is False else TransactionMode.ONE
    return from_file(folder, f"{name}/up.sql", id=version, name=match.group(2) if match else name, transaction=mode)


def _metadata(source: Source) -> dict[str, Any]:
    from migrasafe.toml_file import parsed_toml  # here, because few migrations have a metadata.toml

    try:
        return parsed_toml(source.text, source.path)
    except ConfigError as error:
        raise InputError(str(error)) from error
