"""The process that runs the revisions: started, asked, watched, replaced when it dies."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import msgspec
from msgspec import Struct, field

from migrasafe.errors import RenderError
from migrasafe.json_text import json_bytes
from migrasafe.migrations.alembic.protocol import Done, Message, Noticed, Ready, Setup, Task
from migrasafe.migrations.executed import Executed

START_TIMEOUT_SECONDS = 120.0
_PACKAGE_FOLDER = str(Path(__file__).resolve().parents[3])
_PROGRAM = """\
import sys
sys.path.append(sys.argv[1])
from migrasafe.migrations.alembic.runner.main import main
main(open(int(sys.argv[2]), "rb"), open(int(sys.argv[3]), "wb"))
"""
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "TZ")
"""All others may hold secrets and connection strings, or change what the app's code does."""
_LAST_WORDS_LENGTH = 2000


class Rendered(Struct, frozen=True, kw_only=True):
    """What one revision did."""

    executed: tuple[Executed, ...]
    noticed: tuple[Noticed, ...]
    done: Done | None
    """None when the process died of it."""
    death: str = ""
    """How it died."""


class _Said(Struct):
    executed: list[Executed] = field(default_factory=list)
    noticed: list[Noticed] = field(default_factory=list)

    def rendered(self, done: Done | None, death: str = "") -> Rendered:
        return Rendered(executed=tuple(self.executed), noticed=tuple(self.noticed), done=done, death=death)


class Worker:
    """One process. Use as a context manager; after a death it answers no more."""

    def __init__(self, setup: Setup, *, timeout_seconds: float) -> None:
        asked = json_bytes(setup)
        self._timeout_seconds = timeout_seconds
        self._folder = tempfile.TemporaryDirectory(prefix="migrasafe-alembic-", ignore_cleanup_errors=True)
        self._output = Path(self._folder.name, "output")
        requests_read, requests_write = os.pipe()
        answers_read, answers_write = os.pipe()
        try:
            with self._output.open("wb") as output:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-c", _PROGRAM, _PACKAGE_FOLDER, str(requests_read), str(answers_write)],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd=self._folder.name,
                    env=_environment(self._folder.name),
                    pass_fds=(requests_read, answers_write),
                    start_new_session=True,
                )
        finally:
            os.close(requests_read)
            os.close(answers_write)
        self._requests = os.fdopen(requests_write, "wb")
        self._answers = answers_read
        self._buffer = bytearray()
        self._decoder = msgspec.json.Decoder(Message)
        self._timed_out = False
        self._noticed_at_start: list[Noticed] = []
        """What is said before the first revision is said with it."""
        self.alive = True
        self._send(asked)

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def wait_until_ready(self) -> None:
        """Wait for the process to have imported what it needs. Raises RenderError when it cannot."""
        for message in self._messages(START_TIMEOUT_SECONDS):
            if isinstance(message, Noticed):
                self._noticed_at_start.append(message)
            elif isinstance(message, Ready):
                if message.failure is not None:
                    raise RenderError(f"Alembic revisions cannot be run here: {message.failure}")
                return
        raise RenderError(f"Alembic revisions cannot be run here: the process that runs them {self._death()}")

    def run(self, task: Task) -> Rendered:
        """Run one revision and return what it did, also when the process dies of it."""
        said = _Said(noticed=self._noticed_at_start)
        self._noticed_at_start = []
        self._send(json_bytes(task))
        for message in self._messages(self._timeout_seconds):
            match message:
                case Executed():
                    said.executed.append(message)
                case Noticed():
                    said.noticed.append(message)
                case Done():
                    return said.rendered(message)
        return said.rendered(None, self._death())

    def wait_until_ended(self) -> None:
        """Wait for a process that has nothing to answer."""
        for _ in self._messages(self._timeout_seconds):
            pass

    def close(self) -> None:
        """End the process and all that it started, and remove its folder."""
        self.alive = False
        with suppress(OSError):
            self._requests.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5 if self._process.poll() is None and not self._buffer else 0.1)
        self._kill()
        with suppress(OSError):
            os.close(self._answers)
        self._folder.cleanup()

    def _send(self, message: bytes) -> None:
        # A process that has died already is noticed when its answer is waited for.
        with suppress(OSError):
            self._requests.write(message + b"\n")
            self._requests.flush()

    def _messages(self, timeout_seconds: float) -> Iterator[Message]:
        """Yield messages until the deadline or the end of the process, which `alive` then says."""
        deadline = time.monotonic() + timeout_seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._answers, selectors.EVENT_READ)
            while True:
                while (end := self._buffer.find(b"\n")) >= 0:
                    line = bytes(self._buffer[:end])
                    del self._buffer[: end + 1]
                    yield self._decoder.decode(line)
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    self._timed_out = True
                    break
                read = os.read(self._answers, 1 << 20)
                if not read:
                    self._timed_out = False
                    break
                self._buffer += read
        self.alive = False

    def _death(self) -> str:
        if self._timed_out:
            self._kill()
            return f"did not end within {self._timeout_seconds:g} seconds"
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)
        self._kill()
        code = self._process.returncode
        if code is not None and code < 0:
            how = f"was ended by {signal.Signals(-code).name}"
        else:
            how = f"ended with status {code}"
        last = self._last_words()
        return f"{how}: {last}" if last else how

    def _last_words(self) -> str:
        try:
            text = self._output.read_bytes()[-_LAST_WORDS_LENGTH:].decode("utf-8", errors="replace")
        except OSError:
            return ""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return lines[-1][:300] if lines else ""

    def _kill(self) -> None:
        """The whole session: also what a revision forked before the guard was there, or around it."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)


def _environment(folder: str) -> dict[str, str]:
    kept = {name: value for name in _KEPT_VARIABLES if (value := os.environ.get(name)) is not None}
    return {**kept, "HOME": folder, "TMPDIR": folder, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
