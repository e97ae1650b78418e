"""Starts a throw-away PostgreSQL server in a container, through testcontainers."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from migrasafe.errors import ServerError
from migrasafe.postgres.running_server import RunningServer

PASSWORD = "throw-away"


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerServer:
    """A server that can be started from the official `postgres` image of a major version."""

    major: int
    image: str = "postgres"

    def describe(self) -> str:
        """Name the image: `postgres:15 (Docker)`."""
        return f"{self.image}:{self.major} (Docker)"

    def start(self, *, lifeline: Path | None = None) -> RunningServer:
        """Start a container and wait until its server takes connections.

        `lifeline` is not used: testcontainers removes the container when this process ends.
        Raises ServerError when testcontainers is not installed or Docker does not answer.
        """
        try:
            from docker.errors import DockerException  # type: ignore[import-untyped]  # docker ships no types
            from testcontainers.community.postgres import PostgresContainer
        except ImportError as error:
            raise ServerError("a server in Docker needs testcontainers: pip install 'migrasafe[docker]'") from error
        try:
            container = PostgresContainer(
                f"{self.image}:{self.major}", username="postgres", password=PASSWORD, dbname="postgres", driver=None
            )
            container.with_command("postgres -c fsync=off -c autovacuum=off -c max_parallel_maintenance_workers=0")
            container.start()
        except DockerException as error:
            reason = " ".join(str(error).split())
            raise ServerError(f"Docker could not start {self.image}:{self.major}: {reason}") from error
        return RunningServer(
            dsn=container.get_connection_url(),
            major=self.major,
            description=self.describe(),
            stop=container.stop,
        )


def docker_answers() -> bool:
    """Whether testcontainers is installed and a Docker daemon answers on this machine."""
    if find_spec("testcontainers") is None or shutil.which("docker") is None:
        return False
    try:
        asked = subprocess.run(["docker", "info"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0
