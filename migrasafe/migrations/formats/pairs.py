"""Files in up and down halves: `<version>_<name>.up.sql` and `.down.sql`."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.model import Notice
from migrasafe.regex import regex

_UP = regex(r"^(\d+)[_-]?(.*?)\.up\.sql$")


class Half(Struct, frozen=True, kw_only=True):
    """The up half of a migration."""

    file: str
    version: str
    name: str


def up_halves(files: Sequence[str]) -> list[Half]:
    """The up halves among some files, in the order of their numbers."""
    halves = [
        Half(file=file, version=match.group(1), name=match.group(2))
        for file in files
        if file.endswith(".up.sql") and (match := _UP.match(file))
    ]
    return sorted(halves, key=lambda half: (int(half.version), half.file))


def left_over(folder: Folder, read: Sequence[str], why: str) -> tuple[Notice, ...]:
    """A notice for every .sql file directly in a folder that was neither read nor is a down half."""
    known = frozenset(read)
    return tuple(
        Notice(path=folder.place(file), line=1, message=f"not read: {why}")
        for file in folder.files
        if file.endswith(".sql") and file not in known and not file.endswith(".down.sql")
    )
