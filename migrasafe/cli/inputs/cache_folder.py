"""A folder of the user's cache: what one run worked out, for the next one.

Each value lies in a file of its own, that is written beside its place and then takes it in one step: several runs at once, or one
that is killed, leave whole files only. What cannot be read is as if it were not there.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import msgspec

from migrasafe import __version__

_KEPT = 32
"""Files at most; the longest unused go first."""
_KEPT_BYTES = 200_000_000
_USED_AGAIN_SECONDS = 3600
"""So much later, a use is noted."""
_LEFT_OVER_SECONDS = 3600
"""A file that was being written so long ago will not be finished."""
_DIGEST_BYTES = 20
_HERE = Path(__file__).parents[2]


class CacheFolder:
    """The files in a folder whose names end in `suffix`."""

    def __init__(self, folder: Path, suffix: str) -> None:
        self._folder = folder
        self._suffix = suffix

    def names(self) -> Iterator[str]:
        """Without the suffix."""
        if _is_ours(self._folder):
            with suppress(OSError):
                for one in os.scandir(self._folder):
                    if one.name.endswith(self._suffix):
                        yield one.name.removesuffix(self._suffix)

    def read(self, name: str) -> bytes | None:
        """None where there is nothing whole."""
        if not _is_ours(self._folder):
            return None
        place = self._folder / f"{name}{self._suffix}"
        try:
            stored = place.read_bytes()
        except OSError:
            return None
        digest, value = stored[:_DIGEST_BYTES], stored[_DIGEST_BYTES:]
        if digest != _digest(value):
            return None
        with suppress(OSError):
            if place.stat().st_mtime < time.time() - _USED_AGAIN_SECONDS:
                os.utime(place)
        return value

    def write(self, name: str, value: bytes) -> None:
        """Says nothing where it cannot: the next run then works it out again."""
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_ours(self._folder):
                return
            import tempfile  # few runs keep anything

            handle, beside = tempfile.mkstemp(suffix=".part", dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_digest(value))
                    file.write(value)
                Path(beside).replace(self._folder / f"{name}{self._suffix}")
            except BaseException:
                Path(beside).unlink(missing_ok=True)
                raise
            self._forget()

    def _forget(self) -> None:
        """Take out what is too much, and what a run that was killed left behind."""
        found: list[tuple[float, int, str]] = []
        for one in os.scandir(self._folder):
            with suppress(OSError):  # another run has just taken it out
                known = one.stat()
                if one.name.endswith(self._suffix):
                    found.append((known.st_mtime, known.st_size, one.path))
                elif known.st_mtime < time.time() - _LEFT_OVER_SECONDS:
                    Path(one.path).unlink()
        total = 0
        for count, (_, size, path) in enumerate(sorted(found, reverse=True)):
            total += size
            if count >= _KEPT or total > _KEPT_BYTES:
                with suppress(OSError):
                    Path(path).unlink()


def cache_folder(name: str, suffix: str) -> CacheFolder | None:
    """That of this user; None where there is no home to have it in. `$XDG_CACHE_HOME/migrasafe/NAME`, else
    `~/.cache/migrasafe/NAME`."""
    configured = os.environ.get("XDG_CACHE_HOME")
    try:
        caches = Path(configured) if configured and Path(configured).is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return None
    return CacheFolder(caches / "migrasafe" / name, suffix)


def made_by(rooms: Iterable[str]) -> str:
    """All that decides what is kept: release, Python, libraries, and the code of these rooms and of no room, which in a checkout
    changes without its version."""
    folders = [str(_HERE), *(folder for room in rooms for folder, _, _ in os.walk(_HERE / room))]
    newest = max((_newest(folder) for folder in folders), default=0)
    return f"{__version__} {sys.version_info[:2]} {msgspec.__version__} {newest}"


def _newest(folder: str) -> int:
    """When a module in a folder was last changed, in nanoseconds."""
    with os.scandir(folder) as entries:
        return max((entry.stat().st_mtime_ns for entry in entries if entry.name.endswith(".py")), default=0)


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
