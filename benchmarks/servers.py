"""The PostgreSQL server of a benchmark: started from what is on this machine, and what it has used of the processor."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg

from migrasafe.errors import ServerError
from migrasafe.postgres.server.find import find_server
from migrasafe.postgres.server.local import LocalServer
from migrasafe.postgres.server.running import RunningServer

TICK = os.sysconf("SC_CLK_TCK")


@contextmanager
def server(settings: Mapping[str, str] | None = None) -> Iterator[RunningServer]:
    """A server of the usual version, started for this. Raises ServerError where there is none that can be started here."""
    found = find_server()
    if not isinstance(found, LocalServer):
        raise ServerError(f"{found.describe()} is not started here: what it uses of the processor cannot be seen")
    with LocalServer(binaries=found.binaries, settings=settings or {}, parent=found.parent).start() as running:
        yield running


def server_clock(running: RunningServer) -> Callable[[], float]:
    """Tells the CPU seconds that all processes of a server have used until now."""
    with psycopg.connect(running.dsn) as connection:
        postmaster = _fields(connection.info.backend_pid)[1]

    def clock() -> float:
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text(encoding="ascii").split()
        ended = _fields(postmaster)
        return (sum(ended[11:15]) + sum(sum(_fields(int(child))[11:13]) for child in children)) / TICK

    return clock


def cpu_seconds(pid: int) -> float:
    """User and system time of a process."""
    return sum(_fields(pid)[11:13]) / TICK


def _fields(pid: int) -> list[int]:
    """The numbers of /proc/PID/stat behind the name; [0] stands for the state: [1] is the parent, [11:13] user and system time,
    [13:15] those of children that were waited for. Nothing but zeros where the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return [0] * 15
    return [0, *map(int, text.rpartition(")")[2].split()[1:])]
