"""Serves the numbers of a backfill over HTTP, at /metrics, for as long as a worker runs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from migrasafe.backfill.job.jobs import find_job
from migrasafe.backfill.progress.metrics import Meter, job_lines, state_of_database
from migrasafe.backfill.progress.status import status_of
from migrasafe.errors import InputError, MigrasafeError
from migrasafe.postgres.scripts import ScriptSession, StatementError, open_session

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SILENT_SECONDS = 10.0
"""A client that says nothing for so long is let go."""


class JobReader:
    """Reads the state of a job on a session of its own, opened at the first question and anew after each failure."""

    def __init__(self, dsn: str, job: str) -> None:
        self._dsn = dsn
        self._job = job
        self._lock = threading.Lock()
        self._session: ScriptSession | None = None

    def lines(self) -> list[str]:
        """The job's numbers; where they cannot be read, only that."""
        with self._lock:
            try:
                if self._session is None:
                    self._session = open_session(self._dsn, name="migrasafe backfill metrics")
                return [
                    *job_lines(status_of(self._session, find_job(self._session, self._job))),
                    *state_of_database(is_up=True),
                ]
            except (MigrasafeError, StatementError):
                self._forget()
                return state_of_database(is_up=False)

    def close(self) -> None:
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()


@contextmanager
def serving(address: tuple[str, int], meter: Meter, dsn: str, job: str) -> Iterator[tuple[str, int]]:
    """Serve while the block runs; the address it is served at. Raises InputError where that is taken."""
    reader = JobReader(dsn, job)

    class Endpoint(BaseHTTPRequestHandler):
        timeout = SILENT_SECONDS

        def do_GET(self) -> None:
            if self.path.split("?")[0] != "/metrics":
                self._answer(404, "the numbers are at /metrics\n")
                return
            self._answer(200, "\n".join((*reader.lines(), *meter.lines(job))) + "\n")

        def _answer(self, status: int, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the log is the job's."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        address_family = _family_of(address[0])

    try:
        server = Server(address, Endpoint)
    except OSError as error:
        raise InputError(
            f"--metrics-port: cannot listen at {address[0] or '*'}:{address[1]}: {error.strerror}"
        ) from error
    thread = threading.Thread(target=server.serve_forever, name="migrasafe metrics", daemon=True)
    thread.start()
    try:
        yield str(server.server_address[0]), int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        reader.close()


def _family_of(host: str) -> int:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
