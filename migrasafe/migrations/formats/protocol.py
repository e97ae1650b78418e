"""What a migration format is: a module that says whether a folder is its own, and reads it."""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol

from msgspec import Struct

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.model import History


class Strength(IntEnum):
    """How sure a format is that a folder is its own."""

    FALLBACK = 0
    """Any folder of .sql files."""
    NAMES = 1
    """The names fit, as they fit other tools."""
    PROJECT = 2
    """The names fit, and the project uses the tool."""
    OWN = 3
    """Names, markers or a file that only this tool has."""


class Claim(Struct, frozen=True, kw_only=True):
    """A format's claim on a folder, and why."""

    strength: Strength
    why: str


class Format(Protocol):
    """The functions of every module in this package that is in FORMATS."""

    def claims(self, folder: Folder, /) -> Claim | None:
        """Whether the folder is this tool's. Only looks at names and at the heads of files."""

    def read(self, folder: Folder, /) -> History:
        """The folder's migrations in the order in which the tool runs them. Raises InputError."""
