"""Schemas kept in the user's cache folder, so that a long history is not read again for the one migration that is new.

Each lies in a file of its own, that is written beside its place and then takes it in one step: several runs at once, or one that
is killed, leave whole files only. What cannot be read, or was written by another version, is as if it were not there.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import msgspec

from migrasafe import __version__
from migrasafe.schema.model import Schema
from migrasafe.schema.stored import NotASchemaError, schema_from_bytes, schema_to_bytes
from migrasafe.sql.libpg_query import grammar

_KEPT = 32
"""Files at most; the longest unused go first."""
_KEPT_BYTES = 200_000_000
_USED_AGAIN_SECONDS = 3600
"""So much later, a use is noted."""
_LEFT_OVER_SECONDS = 3600
"""A file that was being written so long ago will not be finished."""
_SUFFIX = ".schema"
_DIGEST_BYTES = 20
_HERE = Path(__file__).parents[2]
_DECIDING = ("schema", "sql")
"""The rooms whose code decides what a schema is, with what stands in them, beside the modules of no room."""


class SchemaCache:
    """The schemas in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._version = _version()

    def lengths(self) -> list[int]:
        return [int(name.split("-")[0]) for name in self._names() if name.split("-")[0].isdecimal()]

    def find(self, length: int, key: str) -> Schema | None:
        place = self._folder / self._name(length, key)
        try:
            stored = place.read_bytes()
        except OSError:
            return None
        digest, schema = stored[:_DIGEST_BYTES], stored[_DIGEST_BYTES:]
        if digest != _digest(schema):
            return None
        with suppress(OSError):
            if place.stat().st_mtime < time.time() - _USED_AGAIN_SECONDS:
                os.utime(place)
        try:
            return schema_from_bytes(schema)
        except NotASchemaError:
            return None

    def keep(self, length: int, key: str, schema: Schema) -> None:
        """Says nothing where it cannot: the next run then walks again."""
        with suppress(OSError, RecursionError):
            stored = schema_to_bytes(schema)
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_ours(self._folder):
                return
            import tempfile  # few runs keep anything

            handle, beside = tempfile.mkstemp(suffix=".part", dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_digest(stored))
                    file.write(stored)
                Path(beside).replace(self._folder / self._name(length, key))
            except BaseException:
                Path(beside).unlink(missing_ok=True)
                raise
            self._forget()

    def _name(self, length: int, key: str) -> str:
        return f"{length}-{blake2b((self._version + key).encode(), digest_size=20).hexdigest()}{_SUFFIX}"

    def _names(self) -> Iterator[str]:
        if _is_ours(self._folder):
            with suppress(OSError):
                for one in os.scandir(self._folder):
                    if one.name.endswith(_SUFFIX):
                        yield one.name

    def _forget(self) -> None:
        """Take out what is too much, and what a run that was killed left behind."""
        found: list[tuple[float, int, str]] = []
        for one in os.scandir(self._folder):
            with suppress(OSError):  # another run has just taken it out
                known = one.stat()
                if one.name.endswith(_SUFFIX):
                    found.append((known.st_mtime, known.st_size, one.path))
                elif known.st_mtime < time.time() - _LEFT_OVER_SECONDS:
                    Path(one.path).unlink()
        total = 0
        for count, (_, size, path) in enumerate(sorted(found, reverse=True)):
            total += size
            if count >= _KEPT or total > _KEPT_BYTES:
                with suppress(OSError):
                    Path(path).unlink()


def schema_cache() -> SchemaCache | None:
    """The cache of this user; None where there is no home to have it in. `$XDG_CACHE_HOME/migrasafe/schemas`, else
    `~/.cache/migrasafe/schemas`."""
    configured = os.environ.get("XDG_CACHE_HOME")
    try:
        caches = Path(configured) if configured and Path(configured).is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return None
    return SchemaCache(caches / "migrasafe" / "schemas")


def _is_ours(folder: Path) -> bool:
    """Whether nobody but this user writes there."""
    if not hasattr(os, "getuid"):
        return True
    try:
        known = folder.stat()
    except OSError:
        return False
    return known.st_uid == os.getuid() and not known.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _digest(stored: bytes) -> bytes:
    return blake2b(stored, digest_size=_DIGEST_BYTES).digest()


def _version() -> str:
    """Of all that decides what a schema is made of: release, Python, libraries, and the code as it lies there, which in a
    checkout changes without its version."""
    code = [*_HERE.glob("*.py"), *(one for room in _DECIDING for one in (_HERE / room).rglob("*.py"))]
    newest = max((one.stat().st_mtime_ns for one in code), default=0)
    return f"{__version__} {sys.version_info[:2]} {msgspec.__version__} {grammar()} {newest}\0"
