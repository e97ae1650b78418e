"""Runs a file of SQL with psql, as a person would."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from msgspec import Struct

from migrasafe.postgres.for_programs import for_programs
from migrasafe.postgres.server.binaries import find_binaries

LONGEST_SECONDS = 600


class Psql(Struct, frozen=True, kw_only=True):
    program: str
    version: str
    """Such as `17.5`."""

    def run(self, dsn: str, file: Path) -> PsqlRun:
        """Run a file; what is secret of the database's connection string is not among the arguments."""
        with for_programs(dsn) as (shown, environment):
            command = [self.program, "--no-psqlrc", "--quiet", "--dbname", shown, "--file", file.name]
            try:
                done = subprocess.run(
                    command,
                    cwd=file.parent,
                    env={**environment, "PGAPPNAME": "migrasafe rehearse"},
                    capture_output=True,
                    encoding="utf-8",
                    errors="replace",
                    timeout=LONGEST_SECONDS,
                    stdin=subprocess.DEVNULL,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                return PsqlRun(said="", error=f"psql did not come to its end in {LONGEST_SECONDS} s")
        error = done.stderr.strip().splitlines() if done.returncode != 0 else []
        wrong = next((line for line in error if "ERROR:" in line or "FATAL:" in line), error[-1] if error else "")
        failed = done.returncode != 0
        return PsqlRun(said=done.stdout + done.stderr, error=(wrong or f"status {done.returncode}") if failed else "")


class PsqlRun(Struct, frozen=True, kw_only=True):
    said: str
    error: str
    """In psql's words, with file and line; empty: it came to its end."""


def find_psql() -> Psql | None:
    """The newest psql on this machine, which knows every older server."""
    beside = sorted(find_binaries(), key=lambda one: one.major, reverse=True)
    programs = [*(str(one.folder / "psql") for one in beside), shutil.which("psql") or ""]
    for program in programs:
        if not os.access(program, os.X_OK):
            continue
        try:
            said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True)
        except (OSError, subprocess.SubprocessError):
            continue  # built for another machine, or a library is missing
        return Psql(program=program, version=said.stdout.split()[2] if len(said.stdout.split()) > 2 else "?")
    return None
