"""The loop: a task in, what the revision did out, until there are no more."""

from __future__ import annotations

import importlib
import io
import os
import sys
import traceback
import warnings
from contextlib import suppress
from typing import BinaryIO

import msgspec

from migrasafe.migrations.alembic.protocol import Done, Message, Ready, Setup, Task


def main(requests: BinaryIO, answers: BinaryIO) -> None:
    """Serve until `requests` ends: first a Setup, then Tasks, a JSON value per line."""
    encoder = msgspec.json.Encoder()

    def emit(message: Message) -> None:
        answers.write(encoder.encode(message) + b"\n")
        if not isinstance(message, Done | Ready) and answers_buffered < 1:
            answers.flush()

    answers_buffered = 0
    setup = msgspec.json.decode(requests.readline(), type=Setup)
    _be_quiet()
    try:
        serve = _prepare(setup, emit)
    except Exception as error:
        emit(Ready(failure=_one_line(error)))
        answers.flush()
        return
    emit(Ready())
    answers.flush()
    decoder = msgspec.json.Decoder(Task)
    for line in requests:
        serve(decoder.decode(line))
        answers.flush()
