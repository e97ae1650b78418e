"""A primary and its streaming replicas on this machine, which tests can slow down, pause, stop, kill and promote."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from migrasafe.errors import ServerError
from migrasafe.postgres.connect import Connection, connect, run
from migrasafe.postgres.server.local import SUPERUSER, LocalServer
from migrasafe.postgres.server.running import RunningServer
from migrasafe.postgres.server.unprivileged import server_user

PATIENCE_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.02
SETTINGS: Mapping[str, str] = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "autovacuum": "on",
    "wal_level": "logical",
    "max_wal_size": "4GB",
    "max_wal_senders": "10",
    "max_replication_slots": "10",
    "wal_receiver_timeout": "5s",
    "wal_retrieve_retry_interval": "200ms",
    "max_locks_per_transaction": "64",
}
"""As in production, where those of throw-away servers are not."""


def eventually(
    holds: Callable[[], object], what: str | Callable[[], str], within_seconds: float = PATIENCE_SECONDS
) -> None:
    """Wait until something holds; `what` says it, and may tell how things are when it does not."""
    give_up_at = time.monotonic() + within_seconds
    while not holds():
        if time.monotonic() > give_up_at:
            raise AssertionError(f"{what if isinstance(what, str) else what()}: not within {within_seconds:.0f} s")
        time.sleep(LOOK_EVERY_SECONDS)


class Node:
    """One server of a cluster: its data and its socket stay when it ends, and it can be started again."""

    def __init__(self, server: LocalServer, folder: Path, settings: Mapping[str, str]) -> None:
        self._server = server
        self._folder = folder
        self._running: RunningServer | None = None
        self.settings: dict[str, str] = {**SETTINGS, **settings, "unix_socket_directories": str(folder)}
        self.data = folder / "data"
        self.dsn = f"host={folder} port=5432 user={SUPERUSER} dbname=postgres"

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        server = LocalServer(binaries=self._server.binaries, settings=self.settings, data=self.data)
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self._running = server.start()
                return
            except ServerError:  # what is left of a killed one may still hold its shared memory
                if time.monotonic() > give_up_at:
                    raise
                time.sleep(0.1)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT (fast), SIGQUIT (immediate) or SIGKILL; wait until it is gone."""
        if self._running is None:
            return
        pid = self.postmaster
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, how)
            eventually(lambda: not _lives(pid), f"server {pid} ends")
        self._running.stop()
        self._running = None

    def restart(self) -> None:
        """Stop it without a crash, and start it with the settings of now."""
        self.stop()
        self.start()

    def promote(self) -> None:
        """Make a primary of a replica."""
        self.execute("SELECT pg_promote(true, 30)")

    @property
    def postmaster(self) -> int | None:
        """Its process id, None when it does not run."""
        try:
            return int((self.data / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None

    @property
    def startup_process(self) -> int:
        """The process of a replica that replays."""
        rows = self.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'startup'")
        return int(str(rows[0][0]))

    def connect(self, application_name: str = "tests") -> Connection:
        """Open a session in autocommit mode."""
        return connect(self.dsn, application_name=application_name)

    def execute(self, sql: str, *parameters: object) -> list[tuple[object, ...]]:
        """Send SQL in a session of its own and return the rows."""
        with self.connect() as session:
            return run(session, sql, *parameters)

    @contextmanager
    def replaying_only(self, share: float, slice_seconds: float = 0.02) -> Iterator[None]:
        """Let a replica replay during that share of the time: its process is stopped for the rest of each slice."""
        pid, ends = self.startup_process, threading.Event()

        def slow_down() -> None:
            while not ends.is_set():
                os.kill(pid, signal.SIGSTOP)
                ends.wait(slice_seconds * (1 - share))
                os.kill(pid, signal.SIGCONT)
                ends.wait(slice_seconds * share)

        thread = threading.Thread(target=slow_down, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ends.set()
            thread.join()
            os.kill(pid, signal.SIGCONT)


class Cluster:
    """A primary and replicas that stream from it, each with a slot of its own."""

    def __init__(self, server: LocalServer, settings: Mapping[str, str] | None = None) -> None:
        self._server = server
        user = server_user()
        self._folder = Path(tempfile.mkdtemp(prefix="migrasafe-", dir=_temporary_folder()))
        user.owns(self._folder)
        self._user = user
        self.primary = self._node("primary", settings or {})
        self.replicas: dict[str, Node] = {}
        self.primary.start()

    def add_replica(self, name: str, *, slot: bool = True) -> Node:
        """A replica that streams; before anything else was done to the primary.

        It begins with the same data folder as the primary did: no base backup is needed.
        """
        conninfo = f"host={self._folder / 'primary'} port=5432 user={SUPERUSER} application_name={name}"
        settings = {"primary_conninfo": conninfo, "hot_standby": "on", "cluster_name": name}
        if slot:
            self.primary.execute("SELECT pg_create_physical_replication_slot(%s, true)", name)
            settings["primary_slot_name"] = name
        node = self._node(name, settings)
        (node.data / "standby.signal").touch()
        self._user.owns(node.data)
        node.start()
        self.replicas[name] = node
        eventually(lambda: self.is_streaming(name), f"{name} streams")
        return node

    def is_streaming(self, name: str) -> bool:
        """Whether the primary sees a replica that has replayed something."""
        return bool(
            self.primary.execute(
                "SELECT FROM pg_stat_replication WHERE application_name = %s AND state = 'streaming' AND replay_lsn > '0/0'",
                name,
            )
        )

    def wait_until_replayed(self, name: str) -> None:
        """Wait until a replica has replayed all that the primary has written so far."""
        wanted = self.primary.execute("SELECT pg_current_wal_lsn()")[0][0]
        node = self.replicas[name]
        eventually(
            lambda: node.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", wanted)[0][0],
            f"{name} replays {wanted}",
        )

    def stop(self) -> None:
        """End all servers and remove what they left."""
        for node in (*self.replicas.values(), self.primary):
            node.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _node(self, name: str, settings: Mapping[str, str]) -> Node:
        folder = self._folder / name
        folder.mkdir()
        self._user.owns(folder)
        node = Node(self._server, folder, settings)
        self._server.make_data(node.data)
        return node


def _temporary_folder() -> str:
    """Where the path of a socket stays short; in memory when there is room, so that a disk does not set the pace."""
    return "/dev/shm" if Path("/dev/shm").is_dir() and shutil.disk_usage("/dev/shm").free > 8 * 2**30 else "/tmp"


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
