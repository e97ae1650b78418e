"""A folder as a value: what lies in it, below it and above it, so that deciding whose it is needs no disk."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path, PurePath
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace

from migrasafe.errors import InputError
from migrasafe.migrations.disk import HEAD_LENGTH, Disk
from migrasafe.sql.source import Source

SKIPPED = frozenset(
    {
        "node_modules",
        "vendor",
        "target",
        "venv",
        "env",
        "dist",
        "build",
        "site-packages",
        "__pycache__",
        "__pypackages__",
        "bower_components",
    }
)
"""Folders that hold other people's code or what was built; those whose name begins with a dot are left out too."""
_LEVELS_ABOVE = 6
_LEVELS_BELOW = 40


class Folder(Struct, frozen=True, kw_only=True, eq=False):
    """A folder's name, its files, its folders, and the folder above. Texts are read when they are asked for."""

    path: str
    """As people gave it, or joined to what they gave."""
    files: tuple[str, ...] = ()
    """Names of the files directly in it, sorted."""
    folders: Mapping[str, Folder] = field(default_factory=dict)
    above: Folder | None = None
    texts: Mapping[str, str] | None = None
    """Texts by file name, for a folder that is not on a disk."""
    disk: Disk = field(default_factory=Disk)
    """What its files are read from otherwise."""

    @property
    def name(self) -> str:
        """Its own name, also when it was given as `.`."""
        return posixpath.basename(self.path) if self.texts is not None else Path(self.path).resolve().name

    def place(self, file: str) -> str:
        """The path of a file in it or below it, to show and to open."""
        return f"{_prefix(self.path)}{file}"

    def source(self, file: str) -> Source:
        """The text of a file in it or below it. Raises InputError."""
        folder, name = self._owner(file)
        if folder is not None and folder.texts is not None:
            return Source(path=self.place(file), text=folder.texts[name])
        return self.disk.source(self.place(file))

    def later(self, file: str) -> Source:
        """The text of a file in it or below it, read when it is asked for: that may then raise InputError."""
        folder, _ = self._owner(file)
        return self.disk.later(self.place(file)) if folder is None or folder.texts is None else self.source(file)

    def head(self, file: str) -> str:
        """The first characters of a file; nothing for one that cannot be read."""
        folder, name = self._owner(file)
        if folder is not None and folder.texts is not None:
            return folder.texts.get(name, "")[:HEAD_LENGTH]
        return self.disk.head(self.place(file))

    def has(self, file: str) -> bool:
        """Whether a file lies in it or below it, by its relative path."""
        folder, name = self._owner(file)
        return folder is not None and name in folder.files

    def below(self) -> Iterator[str]:
        """Yield the relative paths of all files in it and below it, folder by folder."""
        yield from self.files
        for name, folder in self.folders.items():
            for file in folder.below():
                yield f"{name}/{file}"

    def upwards(self) -> Iterator[Folder]:
        """Yield the folder itself and those above it, up to the root of the project."""
        folder: Folder | None = self
        while folder is not None:
            yield folder
            folder = folder.above

    def only(self, files: frozenset[str]) -> Folder:
        """The same folder without the .sql files in it and below it that are not among these relative paths; what a tool
        writes down beside its migrations stays."""
        kept = tuple(file for file in self.files if file in files or not file.endswith(".sql"))
        folders: dict[str, Folder] = {}
        narrowed = replace(self, files=kept, folders=MappingProxyType(folders))
        inside: dict[str, list[str]] = {}
        for name, slash, file in (file.partition("/") for file in files):
            if slash and name in self.folders:
                inside.setdefault(name, []).append(file)
        for name, folder in self.folders.items():
            if name in inside or not any(file.endswith(".sql") for file in folder.below()):
                folders[name] = replace(folder.only(frozenset(inside.get(name, ()))), above=narrowed)
        return narrowed

    def _owner(self, file: str) -> tuple[Folder | None, str]:
        if "/" not in file:
            return self, file
        folder: Folder | None = self
        *steps, name = file.split("/")
        for step in steps:
            if folder is None:
                break
            folder = folder.above if step == ".." else folder.folders.get(step)
        return folder, name


def list_folder(path: str, disk: Disk | None = None) -> Folder:
    """What lies in a folder, below it, and directly in those above it. Raises InputError for one that cannot be read."""
    try:
        next(Path(path).iterdir(), None)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    disk = disk or Disk()
    return _below(path, _above(path, disk), _LEVELS_BELOW, disk)


def list_shallow(path: str, levels: int, disk: Disk) -> Folder:
    """Likewise, but only so many levels below it, for the owners of files."""
    return _below(path, _above(path, disk), levels, disk)


def folder_of(path: str, texts: Mapping[str, str], above: Folder | None = None) -> Folder:
    """A folder that is not on a disk, from texts by relative path."""
    direct = {name: text for name, text in texts.items() if "/" not in name}
    folders: dict[str, Folder] = {}
    folder = Folder(
        path=path, files=tuple(sorted(direct)), folders=MappingProxyType(folders), above=above, texts=direct
    )
    for name in sorted({file.split("/", 1)[0] for file in texts if "/" in file}):
        inner = {file.removeprefix(f"{name}/"): text for file, text in texts.items() if file.startswith(f"{name}/")}
        folders[name] = folder_of(f"{path}/{name}", inner, folder)
    return folder


def _below(path: str, above: Folder | None, levels: int, disk: Disk) -> Folder:
    files, names = disk.names(path)
    folders: dict[str, Folder] = {}
    folder = Folder(path=path, files=files, folders=MappingProxyType(folders), above=above, disk=disk)
    if levels > 0:
        for name in names:
            if name not in SKIPPED and not name.startswith("."):
                folders[name] = _below(str(Path(path, name)), folder, levels - 1, disk)
    return folder


def _above(path: str, disk: Disk) -> Folder | None:
    """The folders above, outermost last, up to the one that holds .git."""
    chain: list[tuple[str, tuple[str, ...]]] = []
    place = Path(path)
    for _ in range(_LEVELS_ABOVE):
        if (place / ".git").exists():
            break
        up = place / ".." if place.name in ("", "..") else place.parent
        if up.resolve() in (place.resolve(), Path(os.sep)):
            break
        chain.append((str(up), disk.names(str(up))[0]))
        place = up
    folder: Folder | None = None
    for shown, files in reversed(chain):
        folder = Folder(path=shown, files=files, above=folder, disk=disk)
    return folder


@cache
def _prefix(folder: str) -> str:
    """What stands before the names of its files: a folder of thousands is not normalized for each."""
    normal = str(PurePath(folder))
    return "" if normal == "." else f"{normal.removesuffix(os.sep)}{os.sep}"
