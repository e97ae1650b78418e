"""How the language server talks: what a client sends is bounded, and what others print or log does not come between."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import BinaryIO, cast

from migrasafe.errors import InputError

MOST_BYTES = 256 << 20
"""Of one message: as much as of a file."""
_LONGEST_HEAD = 1_000
_MOST_DIGITS = 15


class _Bounded:
    """Standard input, of which no client can make us read without end."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readline(self, size: int | None = -1, /) -> bytes:
        line = self._stream.readline(_LONGEST_HEAD)
        if sum(one in b"0123456789" for one in line) > _MOST_DIGITS and line.startswith(b"Content-Length:"):
            raise InputError(f"the editor announces a message of {line[15:60].decode(errors='replace').strip()}… bytes")
        return line

    def read(self, size: int = -1, /) -> bytes:
        if size > MOST_BYTES:
            raise InputError(
                f"the editor announces a message of {size:,} bytes, and at most {MOST_BYTES >> 20} MB are read"
            )
        return self._stream.read(size)


def from_client() -> BinaryIO:
    """Standard input, within bounds."""
    if sys.stdin is None:
        raise InputError("standard input is closed; editors talk to the server through it, as docs/editors.md shows")
    return cast("BinaryIO", _Bounded(sys.stdin.buffer))  # of which only these two are called


def to_client() -> BinaryIO:
    """Where answers go. Standard output is from then on where errors are shown: what a project's own rules print is no answer."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


class _OneLine(logging.Formatter):
    """What editors show in their logs."""

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        said = record.getMessage() + (f": {type(error).__name__}: {error}" if error is not None else "")
        return f"migrasafe: {' '.join(said.split())[:_LONGEST_HEAD]}"


def log_in_lines() -> None:
    """What the library logs, without its stack; all of it with MIGRASAFE_DEBUG."""
    if os.environ.get("MIGRASAFE_DEBUG"):
        return
    lines = logging.StreamHandler()
    lines.setFormatter(_OneLine())
    lines.addFilter(lambda record: not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError)))
    logging.getLogger().addHandler(lines)
