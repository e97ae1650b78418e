"""Files that people name: read to their end, which a device or a pipe may not have."""

from __future__ import annotations

import errno
import os
import stat
import sys
from io import FileIO
from pathlib import Path

_OPEN_ALREADY = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")
"""What a shell gives for `<(…)`, and standard input: pipes with somebody at their other end."""
_AT_ONCE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""To open a pipe that nobody writes to without waiting for somebody."""
_MOST = 256 << 20
"""Bytes of a file: as statements, they take some fifty times as much memory."""


def read_plain(path: str, most: int = sys.maxsize) -> bytes:
    """The bytes of a file, or its first `most`. Raises OSError, also for what `refuse_endless` refuses."""
    if path.startswith(_OPEN_ALREADY):
        refuse_endless(path)
        with FileIO(path) as pipe:
            return pipe.readall()[:most]
    handle = os.open(path, _AT_ONCE)
    try:
        known = os.fstat(handle)
        _refuse(known.st_mode, path)
        if min(known.st_size, most) > _MOST:
            raise OSError(
                errno.EFBIG,
                f"it has {known.st_size >> 20:,} MB, and at most {_MOST >> 20} are read: split it, or leave it out",
            )
        said = os.read(handle, min(known.st_size + 1, most))
        if len(said) < min(known.st_size, most) or not known.st_size:  # it is very large, or grows, or tells no size
            said += FileIO(handle, closefd=False).readall()
        return said[:most]
    finally:
        os.close(handle)


def refuse_endless(path: Path | str) -> None:
    """Raises OSError for what is no file and may never end, or never begin: a device, a pipe in a folder, a socket."""
    _refuse(os.stat(path).st_mode, path)  # noqa: PTH116 - a Path costs more than the question


def _refuse(mode: int, path: Path | str) -> None:
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode) or (stat.S_ISFIFO(mode) and str(path).startswith(_OPEN_ALREADY)):
        return
    raise OSError(errno.EINVAL, "it is no file but a device, a pipe or a socket")
