"""The disk as it is read: with what it holds, or with texts in the place of files that are not written yet."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, TypeAlias

from msgspec import Struct, field

from migrasafe.plain_file import read_plain
from migrasafe.sql.source import Source, read_source, source_from_bytes

HEAD_LENGTH = 4000
Names: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]
"""Of the files and of the folders in a folder, sorted."""


class Keeper(Protocol):
    """Where bytes are kept by a key."""

    def find(self, key: str) -> bytes | None: ...

    def keep(self, key: str, value: bytes) -> None: ...

    def __hash__(self) -> int: ...


class Disk(Struct, frozen=True, kw_only=True, eq=False):
    """Reads files and lists folders, each folder once."""

    unsaved: Mapping[Path, str] = field(default_factory=dict)
    """Texts by real path, for files that would be changed or made; read in their place."""
    runs_code: bool = True
    """Whether migrations that are programs may be run, in a process of their own, to see what they send."""
    keeper: Keeper | None = None
    """Where what programs rendered is kept for the next run."""
    listed: dict[str, Names] = field(default_factory=dict)
    """What was listed before."""
    closed: dict[str, str] = field(default_factory=dict)
    """Folders that cannot be read, and why; they are listed as empty."""
    short: dict[str, bytes] = field(default_factory=dict)
    """Files whose head was all of them: they need not be read again."""

    def source(self, path: str) -> Source:
        """The text of a file. Raises InputError."""
        if self.unsaved and (text := self.unsaved.get(Path(path).resolve())) is not None:
            return Source(path=path, text=text)
        whole = self.short.pop(path, None)
        return read_source(path, path) if whole is None else source_from_bytes(whole, path)

    def later(self, path: str) -> Source:
        """The text of a file, read when it is asked for."""
        return self.source(path) if self.unsaved else Source.later(path, self)

    def head(self, path: str) -> str:
        """The first characters of a file; nothing for one that cannot be read."""
        if self.unsaved and (text := self.unsaved.get(Path(path).resolve())) is not None:
            return text[:HEAD_LENGTH]
        said = self.short.get(path)
        if said is None:
            try:
                said = read_plain(path, HEAD_LENGTH)
            except OSError:
                return ""
            if len(said) < HEAD_LENGTH:
                self.short[path] = said
        return said.decode("utf-8-sig", errors="replace")

    def names(self, path: str) -> Names:
        """Names of the files and of the folders in a folder; links to folders are not followed, and broken ones are
        files."""
        if path not in self.listed:
            self.listed[path] = self._list(path)
        return self.listed[path]

    def _list(self, path: str) -> Names:
        files, folders = [], []
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.name)
                    elif _is_file(entry):
                        files.append(entry.name)
        except OSError as error:
            files, folders = [], []
            self.closed[path] = error.strerror or str(error)
        if self.unsaved:
            real = Path(path).resolve()
            made = {one.name for one in self.unsaved if one.parent == real}
            files.extend(made.difference(files))
        return tuple(sorted(files)), tuple(sorted(folders))


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file() or (entry.is_symlink() and not entry.is_dir())
    except OSError:
        return True  # a link that leads to itself: it is said when it is read
