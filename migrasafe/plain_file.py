"""Files that people name: read to their end, which a device or a pipe may not have."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_OPEN_ALREADY = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")
"""What a shell gives for `<(…)`, and standard input: pipes with somebody at their other end."""


def refuse_endless(path: Path | str) -> None:
    """Raises OSError for what is no file and may never end, or never begin: a device, a pipe in a folder, a socket."""
    mode = os.stat(path).st_mode  # noqa: PTH116 - ten thousand times a run, where a Path costs more than the question
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode) or (stat.S_ISFIFO(mode) and str(path).startswith(_OPEN_ALREADY)):
        return
    raise OSError(errno.EINVAL, "it is no file but a device, a pipe or a socket")
