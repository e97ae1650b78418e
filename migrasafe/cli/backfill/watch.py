"""`migrasafe backfill status --watch`: looks at a job again and again, on a live screen or as lines."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress

import click

from migrasafe.backfill.job import jobs
from migrasafe.backfill.job.moves import ENDED
from migrasafe.backfill.progress.status import JobStatus, as_data, status_of
from migrasafe.backfill.progress.status_text import as_line
from migrasafe.backfill.state_tables import require_installed
from migrasafe.cli.terminal import say
from migrasafe.errors import InputError, ServerError
from migrasafe.postgres.scripts import ScriptSession, StatementError, open_session

Show = Callable[[JobStatus | None, str | None], None]
"""Shows what was seen last, and why nothing newer could be seen."""


def watch(dsn: str, job: str | None, *, every_seconds: float, output_format: str) -> int:
    """Show a job until it has ended; the exit status: 0 when it is done and no row is left out, 1 otherwise.

    Ctrl-C ends it (0): the job does not notice. While the server is away it goes on trying. Raises InputError when the
    first look finds no such job.
    """
    looker = _Looker(dsn, job)
    with closing(looker), suppress(KeyboardInterrupt):
        looker.look()
        if output_format == "json":
            return _until_ended(looker, every_seconds, _as_json)
        if not sys.stdout.isatty():
            return _until_ended(looker, every_seconds, _as_line)
        return _on_screen(looker, every_seconds)
    return 0


class _Looker:
    """Looks at a job through one session, which it opens again when it is lost."""

    def __init__(self, dsn: str, job: str | None) -> None:
        self._dsn = dsn
        self._job = job
        self._session: ScriptSession | None = None

    def look(self) -> JobStatus:
        """The job now. Raises InputError, and ServerError when the server does not answer."""
        try:
            if self._session is None:
                self._session = open_session(self._dsn, name="migrasafe backfill watch", writes=False)
                require_installed(self._session)
            if self._job is None:
                self._job = _only_job(self._session)
            return status_of(self._session, jobs.find_job(self._session, self._job))
        except StatementError as error:
            self.close()
            raise ServerError(f"the server said: {error.message}") from error

    def close(self) -> None:
        """End the session, if one is open."""
        if self._session is not None:
            self._session.close()
            self._session = None


def _only_job(session: ScriptSession) -> str:
    """The job that is meant where none is named: the only one that has not ended."""
    found = jobs.all_jobs(session)
    if not found:
        raise InputError("there is no backfill in this database")
    open_jobs = [job.name for job in found if job.status not in ENDED] or [found[-1].name]
    if len(open_jobs) > 1:
        raise InputError(f"which backfill? Give its name: {', '.join(open_jobs)}")
    return open_jobs[0]


def _until_ended(looker: _Looker, every_seconds: float, show: Show) -> int:
    status: JobStatus | None = None
    while True:
        trouble = None
        try:
            status = looker.look()
        except ServerError as error:
            trouble = str(error)
        show(status, trouble)
        if status is not None and trouble is None and status.status in ENDED:
            return 0 if status.is_done else 1
        time.sleep(every_seconds)


def _on_screen(looker: _Looker, every_seconds: float) -> int:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    from migrasafe.report.backfill.screen import screen

    console = Console()
    with Live(Text("looking …"), console=console, auto_refresh=False, vertical_overflow="crop") as live:

        def show(status: JobStatus | None, trouble: str | None) -> None:
            width, height = console.size
            if status is None:
                live.update(Text(f"{trouble}; trying again"), refresh=True)
                return
            seen = screen(status, width=width, height=height, trouble=trouble)
            live.update(seen, refresh=True)

        return _until_ended(looker, every_seconds, show)


def _as_line(status: JobStatus | None, trouble: str | None) -> None:
    at = time.strftime("%H:%M:%S")
    if trouble is not None or status is None:
        say(f"{at} cannot look: {trouble}; trying again")
    else:
        say(f"{at} {as_line(status)}")


def _as_json(status: JobStatus | None, trouble: str | None) -> None:
    if trouble is not None or status is None:
        click.echo(json.dumps({"error": trouble}, ensure_ascii=False))
    else:
        click.echo(json.dumps(as_data(status), ensure_ascii=False))
