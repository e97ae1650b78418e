"""Removes one container when the process that wanted it has ended, however it ended.

Started as a program of its own: python watch_container.py REQUEST.json. The lifeline is a file that the process keeps locked;
the kernel gives the lock back when the process ends, be it by an exit, a crash or kill -9.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

TRIES = 20
"""Half a second apart: a container may still be in the making when its maker is killed."""


def main(request_path: str) -> None:
    """Read the request, leave the caller's session, wait, and remove."""
    request = json.loads(Path(request_path).read_text(encoding="utf-8"))
    if os.fork():
        # The caller waits for this process only; the child belongs to nobody and gets no Ctrl-C from a terminal.
        os._exit(0)
    os.setsid()
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):  # whoever reads what our caller prints waits for the end of it
        os.dup2(nothing, stream)
    folder = Path(request["folder"])
    fcntl.flock(os.open(request["lifeline"], os.O_RDWR), fcntl.LOCK_SH)
    try:
        if not Path(folder, "removed").exists():
            _remove(request["container"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove(name: str) -> None:
    import docker  # type: ignore[import-untyped]  # docker ships no types

    client = docker.from_env()
    for _ in range(TRIES):
        try:
            client.containers.get(name).remove(force=True, v=True)
        except docker.errors.APIError:  # not there (yet), or being made or removed just now
            time.sleep(0.5)
        else:
            return


if __name__ == "__main__":
    main(sys.argv[1])
