"""Starts a throw-away PostgreSQL server from binaries on this machine, in seconds and without a trace afterwards.

The server listens on a Unix socket in a private folder only. Its data folder is a copy of a template, which initdb
makes once per version. A supervising process removes everything when the process that asked for it ends, however it
ends.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from migrasafe.errors import ServerError
from migrasafe.postgres.connect import reason_of
from migrasafe.postgres.server.binaries import Binaries
from migrasafe.postgres.server.file_lock import hold, locked
from migrasafe.postgres.server.only_said import only_said
from migrasafe.postgres.server.running import RunningServer
from migrasafe.postgres.server.unprivileged import ServerUser, copy_where_reachable, open_room, server_user

SUPERUSER = "postgres"
INITDB_OPTIONS = (
    f"--username={SUPERUSER}",
    "--auth=trust",  # the socket's folder is ours alone
    "--encoding=UTF8",
    "--locale=C",
    "--no-sync",
    "--wal-segsize=1",  # MB; the copy of a template is a third smaller and faster
)
PORT = "5432"
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": PORT,
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Nothing runs by itself: locks and scans that are seen are those of the statement that is looked at.
    "autovacuum": "off",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "jit": "off",
    "shared_buffers": "32MB",
    # In its folder, where it is removed with it: an immediate shutdown leaves segments of the other kinds behind.
    "dynamic_shared_memory_type": "mmap",
    "max_wal_size": "64MB",
    "min_wal_size": "8MB",
    "max_connections": "100",
    "max_prepared_transactions": "8",
    "max_locks_per_transaction": "256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "unix_socket_permissions": "0700",
}
SOCKET_PATH_LIMIT = 103
"""Bytes: sun_path holds 108 on Linux and 104 on macOS, with a zero at the end."""
START_WITHIN_SECONDS = 60.0
STOP_WITHIN_SECONDS = 15.0
LOOK_EVERY_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalServer:
    """A server that can be started from binaries on this machine."""

    binaries: Binaries
    settings: Mapping[str, str] = field(default_factory=dict)
    """Server settings beside, or instead of, those in SETTINGS."""
    parent: Path | None = None
    """Where to make its folder, if the server's user can get there; else where temporary files go."""
    data: Path | None = None
    """A data folder that is there already and outlives the server; else it gets a new one, which goes with it."""

    @property
    def major(self) -> int:
        return self.binaries.major

    def describe(self) -> str:
        """Name version and origin: `15.18 (installed)`."""
        return f"{self.binaries.version} ({self.binaries.origin})"

    def start(self, *, lifeline: Path | None = None) -> RunningServer:
        """Start the server and wait until it takes connections; about a second once its template is in the cache.

        `lifeline` is a file that some process keeps locked: the server lives for as long as that. Without one, it lives
        until it is stopped or this process ends. Raises ServerError with the server's own words when it does not start.
        """
        user = server_user()
        folder = _new_folder(user, self.parent)
        own_lifeline = None if lifeline is not None else hold(folder / "lifeline")
        try:
            if self.data is None:
                self.make_data(folder / "data")
            user.owns(folder)
            self._supervise(folder, lifeline or folder / "lifeline", user)
            socket = self.settings.get("unix_socket_directories", folder)
            running = RunningServer(
                dsn=only_said(host=str(socket), port=PORT, user=SUPERUSER, dbname="postgres"),
                major=self.major,
                description=self.describe(),
                stop=lambda: _stop(folder, own_lifeline),
            )
            _wait_until_ready(running, folder)
        except BaseException:
            if own_lifeline is not None:
                os.close(own_lifeline)
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return running

    def make_data(self, folder: Path) -> None:
        """Make a data folder in which nothing ever ran; all of one version are copies of one, and one cluster."""
        user = server_user()
        shutil.copytree(_template(self.binaries, user), folder, symlinks=True, copy_function=shutil.copyfile)
        folder.chmod(0o700)
        user.owns(folder)

    def _supervise(self, folder: Path, lifeline: Path, user: ServerUser) -> None:
        """Hand the server over to a process of its own, which ends it when the lifeline is let go."""
        programs = _reachable_programs(self.binaries, user)
        settings = {**SETTINGS, "unix_socket_directories": str(folder), **self.settings}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        request = {
            "folder": str(folder),
            "lifeline": str(lifeline),
            "command": [str(programs / "postgres"), "-D", str(self.data or folder / "data"), *options],
            "is_other_user": user.is_other,
            "uid": user.uid,
            "gid": user.gid,
        }
        request_path = folder / "request.json"
        request_path.write_text(json.dumps(request), encoding="utf-8")
        supervisor = Path(__file__).with_name("supervise.py")
        subprocess.run(
            [sys.executable, "-I", str(supervisor), str(request_path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )


def _reachable_programs(binaries: Binaries, user: ServerUser) -> Path:
    root = copy_where_reachable(binaries.root, user, parts=binaries.parts)
    return root / binaries.folder.relative_to(binaries.root)


def _new_folder(user: ServerUser, wanted: Path | None) -> Path:
    """Make a private folder with a path short enough for a socket, where the server's user can get to it."""
    for parent in (*([wanted] if wanted else []), Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):
        socket_length = len(os.fsencode(parent / "migrasafe-abcdefgh" / ".s.PGSQL.5432.lock"))
        if socket_length <= SOCKET_PATH_LIMIT and parent.is_dir() and user.reaches(parent):
            return Path(tempfile.mkdtemp(prefix="migrasafe-", dir=parent))
    raise ServerError("no folder for temporary files has a path short enough for a socket: set TMPDIR=/tmp")


def _template(binaries: Binaries, user: ServerUser) -> Path:
    """Return a fresh data folder of this version, made by initdb the first time and never started."""
    templates = open_room(user, "templates")
    template = templates / f"{binaries.version}-{binaries.origin.replace(' ', '-')}-{user.uid}"
    with locked(templates / f"{template.name}.lock"):
        if template.is_dir():
            return template
        unfinished = template.with_name(f"{template.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        user.owns(unfinished)
        command = [str(_reachable_programs(binaries, user) / "initdb"), *INITDB_OPTIONS, "-D", str(unfinished)]
        as_user = {"user": user.uid, "group": user.gid, "extra_groups": ()} if user.is_other else {}
        made = subprocess.run(  # type: ignore[call-overload]  # the keywords differ between root and others
            command, capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd="/", **as_user
        )
        if made.returncode != 0:
            reason = " ".join(made.stderr.split())
            raise ServerError(f"initdb of PostgreSQL {binaries.version} in {binaries.folder} failed: {reason}")
        unfinished.rename(template)
    return template


def _wait_until_ready(running: RunningServer, folder: Path) -> None:
    give_up_at = time.monotonic() + START_WITHIN_SECONDS
    was_ready = False
    while True:
        try:
            psycopg.connect(running.dsn, connect_timeout=2).close()
        except psycopg.OperationalError as error:
            # A machine that is busy answers late; anything else will not be another answer later.
            if was_ready and not isinstance(error, psycopg.errors.ConnectionTimeout):
                raise ServerError(
                    f"PostgreSQL {running.description} runs and is not reached: {reason_of(error, '')}"
                ) from error
            log = _log(folder)
            was_ready = b"ready to accept connections" in log
            if time.monotonic() > give_up_at or _has_ended(log):
                last = log.decode(errors="replace").strip().splitlines()
                said = last[-1] if last else reason_of(error, "")
                raise ServerError(f"PostgreSQL {running.description} did not start: {said}") from error
            time.sleep(LOOK_EVERY_SECONDS)
        else:
            return


def _log(folder: Path) -> bytes:
    try:
        return (folder / "log").read_bytes()
    except FileNotFoundError:
        return b""


def _has_ended(log: bytes) -> bool:
    """Whether the server said a last word before it ever took a connection: not that it is starting up, or not yet ready."""
    return b"FATAL:" in log.replace(b"FATAL:  the database system is ", b"")


def _stop(folder: Path, lifeline: int | None) -> None:
    """Let go of the lifeline and wait until the supervisor has removed the folder; a shared one is its holder's."""
    if lifeline is None:
        return
    os.close(lifeline)
    give_up_at = time.monotonic() + STOP_WITHIN_SECONDS
    while folder.exists() and time.monotonic() < give_up_at:
        time.sleep(LOOK_EVERY_SECONDS)
