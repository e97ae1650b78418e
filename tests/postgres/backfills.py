"""Runs `migrasafe backfill` on a test's database, in this process or, to be killed, in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from click.testing import CliRunner

from migrasafe.cli.commands import cli
from migrasafe.errors import MigrasafeError

PATIENCE_SECONDS = 60.0
SAME_SIZE = ("--setting", "target_time=60s")
"""So long may a batch take: one that a busy machine held up makes the next ones no smaller."""


class Said(NamedTuple):
    """What a command printed, and its exit status."""

    status: int
    output: str


def backfill(dsn: str, *arguments: str) -> Said:
    """Run a command of `migrasafe backfill` in this process."""
    result = CliRunner().invoke(cli, ["backfill", *arguments], env={"MIGRASAFE_DSN": dsn}, standalone_mode=False)
    if isinstance(result.exception, MigrasafeError):
        return Said(2, f"{result.output}{result.exception}")
    if result.exception is not None:
        raise result.exception
    return Said(result.return_value or 0, result.output)


def start_backfill(dsn: str, *arguments: str) -> subprocess.Popen[str]:
    """Run a command of `migrasafe backfill` in a process of its own, which the test ends."""
    return subprocess.Popen(
        [sys.executable, "-m", "migrasafe", "backfill", *arguments],
        env={**os.environ, "MIGRASAFE_DSN": dsn},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def until(is_so: Callable[[], object], what: str) -> None:
    """Wait until something is so; fail, with words, when it does not become so."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < give_up_at, f"waited for ever: {what}"
        time.sleep(0.02)
