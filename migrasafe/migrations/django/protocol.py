"""What migrasafe and the process that runs Django's operations say to each other: one JSON value per line."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from migrasafe.migrations.executed import Executed


class App(msgspec.Struct, frozen=True, kw_only=True):
    """A folder of migrations of the project."""

    label: str
    package: str
    """The dotted name of the folder of migrations."""
    folder: str


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """All that the process has to know."""

    import_roots: tuple[str, ...]
    """Folders that the project's own packages are imported from."""
    site_packages: tuple[str, ...] = ()
    """Folders of installed packages to look in after our own."""
    apps: tuple[App, ...] = ()
    settings: dict[str, Any] = {}
    """What the project's settings say as literals."""
    installed: tuple[str, ...] = ()
    """INSTALLED_APPS, as far as they are literals."""


class Noticed(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person must know about one migration."""

    line: int
    message: str
    blocking: bool = False


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """Django is there; or it is not, and why."""

    failure: str | None = None


class Ran(msgspec.Struct, frozen=True, kw_only=True, tag="ran"):
    """One migration, in the order in which `manage.py migrate` runs them on an empty database."""

    label: str
    name: str
    path: str
    executed: tuple[Executed, ...] = ()
    noticed: tuple[Noticed, ...] = ()


class Said(msgspec.Struct, frozen=True, kw_only=True, tag="said"):
    """Something about a file that is no migration that ran."""

    path: str
    line: int
    message: str
    blocking: bool = False


Message: TypeAlias = Ready | Ran | Said
"""From the process."""
