"""Starts a throw-away PostgreSQL server in a container, through testcontainers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from migrasafe.errors import ServerError
from migrasafe.postgres.connect import major_version
from migrasafe.postgres.server.file_lock import hold
from migrasafe.postgres.server.local import INITDB_OPTIONS, SETTINGS, SUPERUSER
from migrasafe.postgres.server.only_said import only_said
from migrasafe.postgres.server.running import RunningServer

OFFICIAL = "postgres:{major}"
PASSWORD = "throw-away"
OF_THE_MACHINE = {
    "listen_addresses",
    "unix_socket_permissions",
    "dynamic_shared_memory_type",
    "max_wal_size",
    "min_wal_size",
}
"""Settings of a server of our own that are about the folders and sockets of this machine."""
START_WITHIN_SECONDS = 120.0
"""Once the image is here."""
LOOK_EVERY_SECONDS = 0.05
_MAJOR = re.compile(r"(?<![\d.])(1\d)(?![\d])")


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerServer:
    """A server that can be started from an image: the official one of a major version, or another that works like it."""

    major: int
    image: str = OFFICIAL
    """`{major}` in it stands for the major version."""

    @property
    def reference(self) -> str:
        return self.image.replace("{major}", str(self.major))

    def describe(self) -> str:
        """Name the image: `postgres:15 (Docker)`."""
        return f"{self.reference} (Docker)"

    def start(self, *, lifeline: Path | None = None) -> RunningServer:
        """Start a container and wait until its server takes connections; how long that takes is the image's matter.

        `lifeline` is a file that some process keeps locked: the container lives for as long as that. Without one, it lives
        until it is stopped or this process ends, however it ends: a process of its own sees to that, not testcontainers'
        reaper, which would need another image. Raises ServerError when testcontainers is not installed, Docker does not
        answer, or the image holds no PostgreSQL.
        """
        run = _Run(folder=Path(tempfile.mkdtemp(prefix="migrasafe-")), lifeline=lifeline)
        try:
            run.start(self.reference)
            major = run.wait_until_ready()
        except ServerError as error:
            run.end()
            raise ServerError(f"Docker could not start {self.reference}: {error}") from error
        except BaseException:
            run.end()
            raise
        return RunningServer(dsn=run.dsn, major=major, description=self.describe(), stop=run.end)


class _Run:
    """One container, from its start to its end."""

    def __init__(self, *, folder: Path, lifeline: Path | None) -> None:
        self._folder = folder
        self._own = hold(folder / "lifeline") if lifeline is None else None
        self._lifeline = lifeline or folder / "lifeline"
        self._name = f"migrasafe-{uuid.uuid4().hex[:12]}"
        self._container: Any = None

    @property
    def dsn(self) -> str:
        said = conninfo_to_dict(self._container.get_connection_url())
        return only_said(**{name: str(value) for name, value in said.items() if value is not None})

    def start(self, reference: str) -> None:
        """Make the container, after its watcher, so that there is no moment in which nobody would remove it."""
        postgres_container, docker_error = _testcontainers()
        self._watch()
        settings = {name: value for name, value in SETTINGS.items() if name not in OF_THE_MACHINE}
        command = ["postgres", *(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))]
        try:
            self._container = postgres_container(
                reference, username=SUPERUSER, password=PASSWORD, dbname="postgres", driver=None
            )
            self._container.with_name(self._name).with_command(command)
            self._container.with_env("POSTGRES_INITDB_ARGS", " ".join(INITDB_OPTIONS))
            self._container.start()
        except (docker_error, OSError) as error:
            raise ServerError(" ".join(str(error).split())) from error

    def wait_until_ready(self) -> int:
        """Wait until the server takes connections, and say its major version."""
        give_up_at = time.monotonic() + START_WITHIN_SECONDS
        while True:
            try:
                with psycopg.connect(self.dsn, connect_timeout=5) as connection:
                    return major_version(connection)
            except psycopg.OperationalError as error:
                container = self._container.get_wrapped_container()
                container.reload()
                if container.status not in ("created", "running") or time.monotonic() > give_up_at:
                    log = container.logs(tail=5).decode(errors="replace").strip().splitlines()
                    raise ServerError(log[-1] if log else " ".join(str(error).split())) from error
                time.sleep(LOOK_EVERY_SECONDS)

    def end(self) -> None:
        """Remove the container and whoever watches it; a shared one is its holder's."""
        if self._own is None:
            return
        if self._container is not None:
            with suppress(Exception):  # it is gone already, or its engine is: the watcher tries as well
                self._container.stop()
                (self._folder / "removed").touch()
        os.close(self._own)
        self._own = None

    def _watch(self) -> None:
        request = self._folder / "request.json"
        told = {"folder": str(self._folder), "lifeline": str(self._lifeline), "container": self._name}
        request.write_text(json.dumps(told), encoding="utf-8")
        watcher = Path(__file__).with_name("watch_container.py")
        subprocess.run([sys.executable, "-I", str(watcher), str(request)], stdin=subprocess.DEVNULL, check=True)


def _testcontainers() -> tuple[Any, Any]:
    """The container, which does not wait for its server by itself, and the base of Docker's errors. Raises ServerError."""
    try:
        from docker.errors import DockerException  # type: ignore[import-untyped]  # docker ships no types
        from testcontainers.community.postgres import PostgresContainer
        from testcontainers.core.config import testcontainers_config
    except ImportError as error:
        raise ServerError("testcontainers is not installed: pip install 'migrasafe[docker]'") from error

    class NotWaiting(PostgresContainer):
        def _connect(self) -> None:
            pass  # whether it takes connections is seen from outside, ten times as fast

    testcontainers_config.ryuk_disabled = True  # our watcher needs no other image, and no privileges
    return NotWaiting, DockerException


def docker_answers() -> bool:
    """Whether testcontainers is installed and an engine answers on this machine."""
    if find_spec("testcontainers") is None:
        return False
    import docker  # type: ignore[import-untyped]  # docker ships no types

    try:
        client = docker.from_env(timeout=5)
        try:
            return bool(client.ping())
        finally:
            client.close()
    except (docker.errors.DockerException, OSError):
        return False


def major_in(image: str) -> int | None:
    """The major version that the tag of an image says: `postgis/postgis:15-3.4`, `timescaledb-ha:pg16-all`."""
    _, _, tag = image.rpartition(":")
    found = _MAJOR.search(tag)
    return int(found[1]) if found is not None else None
