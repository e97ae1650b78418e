"""Runs one throw-away PostgreSQL server for as long as somebody holds its lifeline, then removes every trace of it.

Started as a program of its own (standard library only, no imports of ours): python supervise.py REQUEST.json

The lifeline is a file that the process which wants the server keeps locked. The kernel gives the lock back when that
process ends, be it by an exit, a crash or kill -9, so nothing that can happen to it leaves a server behind.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

LOOK_EVERY_SECONDS = 0.1
STOP_WITHIN_SECONDS = 10.0


def main(request_path: str) -> None:
    """Read the request, leave the caller's session, and supervise until the lifeline or the server is gone."""
    request = json.loads(Path(request_path).read_text(encoding="utf-8"))
    if os.fork():
        # The caller waits for this process only; the child belongs to nobody and gets no Ctrl-C from a terminal.
        os._exit(0)
    os.setsid()
    folder = Path(request["folder"])
    os.chdir(folder)
    signal.signal(signal.SIGTERM, _end)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # not SIG_IGN, which the server would inherit
    try:
        _run_server(request, folder)
    finally:
        os.chdir("/")
        shutil.rmtree(folder, ignore_errors=True)


def _end(number: int, frame: object) -> None:
    raise SystemExit(0)


def _run_server(request: dict[str, object], folder: Path) -> None:
    lifeline = os.open(str(request["lifeline"]), os.O_RDWR)
    identity = {"user": request["uid"], "group": request["gid"], "extra_groups": []} if request["is_other_user"] else {}
    with Path(folder, "log").open("ab") as log:
        server = subprocess.Popen(  # type: ignore[call-overload]  # the JSON holds what Popen takes, seen by the writer
            request["command"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, umask=0o077, **identity
        )
    try:
        while server.poll() is None and not _is_let_go(lifeline):
            time.sleep(LOOK_EVERY_SECONDS)
        if server.poll() is not None:
            # It ended by itself. Its log is of use to whoever waits for it, until they let go.
            fcntl.flock(lifeline, fcntl.LOCK_SH)
    finally:
        _stop(server)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGQUIT)  # immediate: no checkpoint for data that is thrown away
    try:
        server.wait(STOP_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _is_let_go(lifeline: int) -> bool:
    try:
        fcntl.flock(lifeline, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1])
