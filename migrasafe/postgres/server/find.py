"""Finds a real PostgreSQL server to try things on: a given one, one on this machine, an embedded one, or Docker's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from migrasafe.errors import ServerError
from migrasafe.postgres.connect import connect, describe_dsn, major_version
from migrasafe.postgres.server.binaries import find_binaries
from migrasafe.postgres.server.docker import OFFICIAL, DockerServer, docker_answers, major_in
from migrasafe.postgres.server.local import LocalServer
from migrasafe.postgres.server.running import RunningServer
from migrasafe.target import DEFAULT, NEWEST, OLDEST

DSN_VARIABLE = "MIGRASAFE_TEST_DSN"
KIND_VARIABLE = "MIGRASAFE_TEST_SERVER"
IMAGE_VARIABLE = "MIGRASAFE_TEST_IMAGE"
"""Of containers: `postgres:{major}`, or one of a single major version, such as `postgis/postgis:15-3.4`."""


class Server(Protocol):
    """A server that can be started."""

    @property
    def major(self) -> int:
        """Its major version, such as 15."""

    def describe(self) -> str:
        """Name version and origin for people."""

    def start(self, *, lifeline: Path | None = None) -> RunningServer:
        """Start it, or connect to it, and return where it is. Raises ServerError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenServer:
    """A server that runs already and is not ours to stop."""

    dsn: str
    major: int

    def describe(self) -> str:
        return f"{self.major} ({describe_dsn(self.dsn)})"

    def start(self, *, lifeline: Path | None = None) -> RunningServer:
        """Return the server as it is; `lifeline` is not used."""
        return RunningServer(dsn=self.dsn, major=self.major, description=self.describe(), stop=lambda: None, stays=True)


def available_servers(environment: Mapping[str, str] = os.environ) -> dict[int, Server]:
    """Return one server for each major version that can be had without a download, by major version, oldest first.

    In order of preference: the one that MIGRASAFE_TEST_DSN names, programs installed on this machine, programs
    downloaded before, the embedded wheel; containers when MIGRASAFE_TEST_SERVER=docker or when there is nothing else.
    Raises ServerError when MIGRASAFE_TEST_DSN cannot be reached or MIGRASAFE_TEST_SERVER is not a kind we know.
    """
    kind = environment.get(KIND_VARIABLE, "")
    if kind not in ("", "local", "docker"):
        raise ServerError(f"{KIND_VARIABLE}={kind} is not a kind of server: use local or docker, or leave it out")
    servers: dict[int, Server] = {}
    dsn = environment.get(DSN_VARIABLE)
    if dsn:
        with connect(dsn) as connection:
            major = major_version(connection)
        servers[major] = GivenServer(dsn=dsn, major=major)
    if kind != "docker":
        for binaries in find_binaries():
            if OLDEST <= binaries.major <= NEWEST:
                servers.setdefault(binaries.major, LocalServer(binaries=binaries))
    if kind == "docker" or (not servers and docker_answers()):
        image = environment.get(IMAGE_VARIABLE, OFFICIAL)
        only = None if "{major}" in image else major_in(image)
        for major in range(OLDEST, NEWEST + 1) if only is None else (only,):
            servers.setdefault(major, DockerServer(major=major, image=image))
    return dict(sorted(servers.items()))


def choose_server(servers: Mapping[int, Server], major: int | None = None) -> Server:
    """Pick the server of a major version; with None the usual one (15), or the newest where that is missing.

    Raises ServerError, which says what there is and how to get more, when there is none.
    """
    if servers:
        chosen = major or (DEFAULT if DEFAULT in servers else max(servers))
        if chosen in servers:
            return servers[chosen]
    wanted = "No PostgreSQL server" if major is None else f"No PostgreSQL {major}"
    there_is = f" (there is {', '.join(map(str, servers))})" if servers else ""
    raise ServerError(
        f"{wanted} was found{there_is}: install one, `pip install 'migrasafe[sandbox]'` for an embedded one, "
        f"start Docker, or name one in {DSN_VARIABLE}"
    )


def find_server(major: int | None = None) -> Server:
    """Find a server of a major version, or the usual one for None, as `available_servers` and `choose_server` say."""
    servers = available_servers()
    given = [server for server in servers.values() if isinstance(server, GivenServer)]
    return given[0] if given and major is None else choose_server(servers, major)
