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


class Noticed(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person must know about one migration."""

    line: int
    message: str
    blocking: bool = False


class Ran(msgspec.Struct, frozen=True, kw_only=True, tag="ran"):
    """One migration, in the order in which `manage.py migrate` runs them on an empty database."""

    label: str
    name: str
    path: str
    digest: str
    """Of its file."""
    own: bool = True
    """Of the project, and not of a package that it builds on."""
    hint: str | None = None
    """`before` or `after`, where the migration says when it is to be deployed (django-safemigrate)."""
    executed: tuple[Executed, ...] = ()
    noticed: tuple[Noticed, ...] = ()


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
    known: tuple[Ran, ...] = ()
    """What an earlier run rendered, in its order."""
    known_by: str = ""
    """The version of Django that did."""


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """Django is there; or it is not, and why."""

    failure: str | None = None


class Same(msgspec.Struct, frozen=True, kw_only=True, tag="same"):
    """The next migration is the one at this place of what is known."""

    path: str
    """Where it lies now."""


class Used(msgspec.Struct, frozen=True, kw_only=True, tag="used"):
    """All is run."""

    django: str
    """Its version."""
    files: tuple[str, ...]
    """Other files that were read: modules, and what functions opened."""


class Said(msgspec.Struct, frozen=True, kw_only=True, tag="said"):
    """Something about a file that is no migration that ran."""

    path: str
    line: int
    message: str
    blocking: bool = False


Message: TypeAlias = Ready | Ran | Same | Used | Said
"""From the process."""
