"""Further workers of a job, each a process of its own with a session and a throttle of its own."""

from __future__ import annotations

import os
import subprocess
import sys

from migrasafe.cli.backfill.options import DSN_VARIABLE


def start_others(count: int, job: str, dsn: str, log_format: str) -> list[subprocess.Popen[bytes]]:
    """Start so many. They end with the job; the connection string is in their environment, where `ps` does not show it."""
    command = [sys.executable, "-m", "migrasafe", "backfill", "run", job, "--log-format", log_format, "--quiet"]
    environment = {**os.environ, DSN_VARIABLE: dsn}
    # A session of their own: Ctrl-C in a terminal reaches them once, through us.
    return [subprocess.Popen(command, env=environment, start_new_session=True) for _ in range(count)]
