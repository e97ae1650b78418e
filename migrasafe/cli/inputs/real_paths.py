"""Where files really are, for thousands of them: each folder is followed through its links once."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path


class RealPaths:
    """Real paths of files, as long as the working folder stays what it is."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._folders: dict[str, _Place] = {}

    def of(self, path: str) -> str:
        """Absolute, with all links followed; for a file that is not there too."""
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = self._found(path)
        return known

    def _found(self, path: str) -> str:
        folder, _, name = path.rpartition(os.sep)
        if name in ("", ".", ".."):
            return os.path.realpath(path)
        folder = folder or (os.sep if path.startswith(os.sep) else ".")
        place = self._folders.get(folder)
        if place is None:
            place = self._folders[folder] = _Place(folder)
        return os.path.realpath(path) if place.has_link(name) else place.begin + name


class _Place:
    """A folder: where it really is, and which of its names are links, for all of them in one question."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.begin = f"{os.path.realpath(folder).removesuffix(os.sep)}{os.sep}"
        try:
            with os.scandir(folder) as entries:
                self._links: set[str] | None = {entry.name for entry in entries if entry.is_symlink()}
        except OSError:  # it is not there, or must not be listed, though what is in it may be read
            self._links = None

    def has_link(self, name: str) -> bool:
        if self._links is None:
            return os.path.islink(f"{self._folder}{os.sep}{name}")  # noqa: PTH114 - a Path for each costs more than the question
        return name in self._links


def lies_in(file: str, folders: Collection[str]) -> bool:
    """Whether a real path is one of these, or lies below one of them."""
    if file in folders:
        return True
    return any(str(above) in folders for above in Path(file).parents)
