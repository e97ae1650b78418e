"""The process that runs the migrations: started, given the project, and ended when it takes too long."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from migrasafe.errors import RenderError
from migrasafe.json_text import json_bytes
from migrasafe.migrations.disk import Keeper
from migrasafe.migrations.django.kept import find, keep
from migrasafe.migrations.django.protocol import Message, Ran, Ready, Said, Same, Setup, Used

TIMEOUT_SECONDS = 900.0
"""For all migrations of a project."""
STALL_SECONDS = 120.0
"""Without a word of another migration."""
_LOOK_SECONDS = 1.0
_PACKAGE_FOLDER = str(Path(__file__).resolve().parents[3])
_PROGRAM = """\
import sys
sys.path.append(sys.argv[1])
from migrasafe.migrations.django.runner.main import main
main(sys.stdin.buffer, open(int(sys.argv[2]), "wb"))
"""
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ")
"""All others may hold secrets, or change what the project's code does."""


def rendered(
    setup: Setup,
    keeper: Keeper | None = None,
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
    stall_seconds: float = STALL_SECONDS,
) -> tuple[list[Ran], list[Said], str]:
    """The migrations in order, what there is to say of other files, and how the process died if it did. What `keeper` has of
    an earlier run is not rendered again.

    Raises RenderError when Django or a driver of PostgreSQL is not installed.
    """
    kept = None if keeper is None else find(keeper, setup)
    known = () if kept is None else kept.ran
    asked = setup if kept is None else replace(setup, known=known, known_by=kept.django)
    with tempfile.TemporaryDirectory(prefix="migrasafe-django-", ignore_cleanup_errors=True) as folder:
        answers, output = Path(folder, "answers"), Path(folder, "output")
        death = _run(asked, folder, answers, output, Limits(timeout_seconds, stall_seconds))
        ran: list[Ran] = []
        said: list[Said] = []
        used: Used | None = None
        ready = False
        for message in _messages(answers):
            if isinstance(message, Ready):
                ready = True
                if message.failure is not None:
                    raise RenderError(_missing(message.failure))
            elif isinstance(message, Ran):
                ran.append(message)
            elif isinstance(message, Same):
                ran.append(replace(known[len(ran)], path=message.path))
            elif isinstance(message, Used):
                used = message
            else:
                said.append(message)
        if used is None and not death:
            death = "ended before it was done, as if it were (os._exit)"
        if not ready:
            raise RenderError(_missing(death or "the process that runs them said nothing"))
        if keeper is not None and used is not None and tuple(ran) != known:
            before = kept.files if kept is not None and kept.django == used.django else ()
            keep(keeper, setup, ran, django=used.django, files=(*before, *used.files))
        return [one for one in ran if one.own], said, death


def _missing(why: str) -> str:
    return (
        f"Django's migrations cannot be rendered here ({why}): pip install 'migrasafe[django]', or pipe one of them,"
        " manage.py sqlmigrate APP NAME | migrasafe lint -"
    )


class Limits(NamedTuple):
    """In seconds: for everything, and for one migration."""

    all: float
    each: float


def _run(setup: Setup, folder: str, answers: Path, output: Path, limits: Limits) -> str:
    """Empty, or how it died."""
    asked = Path(folder, "asked")
    asked.write_bytes(json_bytes(setup))
    kept = {name: value for name in _KEPT_VARIABLES if (value := os.environ.get(name)) is not None}
    environment = {**kept, "HOME": folder, "TMPDIR": folder, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    with asked.open("rb") as asks, answers.open("wb") as answer, output.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _PROGRAM, _PACKAGE_FOLDER, str(answer.fileno())],
            stdin=asks,
            stdout=said,
            stderr=said,
            cwd=folder,
            env=environment,
            pass_fds=(answer.fileno(),),
            start_new_session=True,
        )
        try:
            late = _wait(process, answers, limits)
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if late:
        return late
    if process.returncode == 0:
        return ""
    lines = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f"ended with status {process.returncode}" + (f": {lines[-1][:300]}" if lines else "")


def _wait(process: subprocess.Popen[bytes], answers: Path, limits: Limits) -> str:
    """Until it ends; which limit it went beyond, if it did."""
    began = heard = time.monotonic()
    size = 0
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=min(_LOOK_SECONDS, *limits))
            return ""
        now, grown = time.monotonic(), answers.stat().st_size
        if grown > size:
            size, heard = grown, now
        if now - began > limits.all:
            return f"did not end within {limits.all:g} seconds"
        if now - heard > limits.each:
            return f"was not done with one of them within {limits.each:g} seconds"


def _messages(answers: Path) -> Iterator[Message]:
    decoder = msgspec.json.Decoder(Message)
    for line in answers.read_bytes().split(b"\n"):
        if line:
            with suppress(msgspec.DecodeError):  # the last line of a process that was killed
                yield decoder.decode(line)
