"""What code in the process may not do: programs, network, files outside its folder. Against accidents, not attacks."""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Any

MEMORY_BYTES = 4 * 1024**3
FILE_BYTES = 64 * 1024**2

_FORBIDDEN = {
    "socket.connect": "opens a network connection",
    "socket.bind": "opens a network port",
    "socket.sendto": "sends to the network",
    "subprocess.Popen": "starts a program",
    "os.system": "starts a program",
    "os.exec": "starts a program",
    "os.posix_spawn": "starts a program",
    "os.fork": "starts a process",
    "os.forkpty": "starts a process",
    "os.kill": "sends a signal",
    "os.killpg": "sends a signal",
}
_CHANGING_PATHS = frozenset(
    {
        "os.chmod",
        "os.chown",
        "os.link",
        "os.mkdir",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.symlink",
        "os.truncate",
        "shutil.rmtree",
    }
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class ForbiddenError(PermissionError):
    """Code that ran to be read tried to do more than that."""


def set_limits() -> None:
    """Limit memory, the size of files, and core dumps; a limit that is lower already stays."""
    for what, limit in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(what, (allowed, hard))


def forbid_side_effects() -> None:
    """From now on, until the process ends: no programs, no network, no writing outside the temporary folder, no waiting."""
    inside = os.path.realpath(tempfile.gettempdir())
    time.sleep = _do_not_sleep
    sys.addaudithook(_hook(inside))


def _do_not_sleep(seconds: object, /) -> None:
    """A revision that pauses between batches has no batches here."""


def _hook(inside: str) -> Callable[[str, tuple[Any, ...]], None]:
    forbidden: Mapping[str, str] = _FORBIDDEN

    def may_write(path: object) -> bool:
        if isinstance(path, int) or path is None:
            return True
        place = os.path.realpath(os.fsdecode(path))  # type: ignore[arg-type]  # audit events pass what os.open took
        return place == os.devnull or place.startswith(inside + os.sep) or place == inside

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = (
                any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool((flags or 0) & _WRITING)
            )
            if writes and not may_write(path):
                raise ForbiddenError(f"it writes to {os.fsdecode(path)}, which migrasafe does not allow")
        elif event in forbidden:
            raise ForbiddenError(f"it {forbidden[event]}, which migrasafe does not allow ({event})")
        elif event in _CHANGING_PATHS and not may_write(arguments[0]):
            raise ForbiddenError(f"it changes {os.fsdecode(arguments[0])}, which migrasafe does not allow")

    return hook
