"""The loop: a task in, what the revision did out, until there are no more."""

from __future__ import annotations

import importlib
import sys
import traceback
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

import msgspec
from alembic.operations import Operations
from sqlalchemy.engine import Engine

from migrasafe.migrations.alembic.protocol import Direction, Done, Message, Ready, Setup, Task
from migrasafe.migrations.alembic.runner import guard, imports, patches, revision
from migrasafe.migrations.alembic.runner.dialect import offline_engine
from migrasafe.migrations.alembic.runner.recorder import Recorder

if TYPE_CHECKING:
    from migrasafe.migrations.alembic.runner.live import ScratchDatabase


def main(requests: BinaryIO, answers: BinaryIO) -> None:
    """Serve until `requests` ends: first a Setup, then Tasks, a JSON value per line."""
    encoder = msgspec.json.Encoder()

    def emit(message: Message) -> None:
        # Sent at once: what comes next may end the process.
        answers.write(encoder.encode(message) + b"\n")
        answers.flush()

    setup = msgspec.json.decode(requests.readline(), type=Setup)
    recorder = Recorder(emit)
    recorder.earlier.extend(setup.earlier)
    try:
        scratch = _scratch_database(setup)
        if setup.only_drop:
            engine = None
        else:
            engine = _engine(scratch, recorder)
            _prepare(setup, recorder)
    except Exception as error:
        emit(Ready(failure=one_line(error)))
        return
    emit(Ready())
    if engine is not None:
        _serve(requests, setup, engine, recorder, emit)
        engine.dispose()
    if scratch is not None and setup.only_drop:
        scratch.drop()


def _scratch_database(setup: Setup) -> ScratchDatabase | None:
    if setup.dsn is None or setup.scratch_database is None:
        return None
    from migrasafe.migrations.alembic.runner.live import ScratchDatabase

    return ScratchDatabase(setup.dsn, setup.scratch_database)


def _engine(scratch: ScratchDatabase | None, recorder: Recorder) -> Engine:
    if scratch is None:
        return offline_engine(recorder)
    scratch.create()
    return scratch.engine(recorder)


def _prepare(setup: Setup, recorder: Recorder) -> None:
    warnings.simplefilter("ignore")
    sys.dont_write_bytecode = True
    patches.note_lines_of_batches(recorder)
    patches.forgive_types_made_of_stubs(recorder)
    guard.set_limits()
    guard.forbid_side_effects()
    imports.install(
        (*setup.import_roots, *setup.revision_folders), recorder.stub_used, own_code=not setup.stub_everything
    )
    for plugin in setup.plugins:
        _load_plugin(plugin, recorder)


def _serve(
    requests: BinaryIO, setup: Setup, engine: Engine, recorder: Recorder, emit: Callable[[Message], None]
) -> None:
    decoder = msgspec.json.Decoder(Task)
    previous: tuple[str, Direction] | None = None
    for line in requests:
        task = decoder.decode(line)
        recorder.begin(task.path, again=(task.revision, task.direction) == previous)
        previous = (task.revision, task.direction)
        emit(_run(task, setup, engine, recorder))


def _load_plugin(name: str, recorder: Recorder) -> None:
    """Import a package that adds operations; one that is missing is said by the revision that needs it."""
    try:
        importlib.import_module(name)
    except Exception as error:
        recorder.notice("plugin", f"{name}: {one_line(error)}")


def _run(task: Task, setup: Setup, engine: Engine, recorder: Recorder) -> Done:
    """Run, and tell how it ended; SystemExit and its like included."""
    try:
        revision.run(task, setup, engine, recorder)
        recorder.say_what_was_not_there()
    except BaseException as error:
        return Done(
            failure=one_line(error),
            line=_line_of(error, task.path),
            missing_operation=_missing_operation(error),
            read_before=recorder.read_before,
            asked_offline=recorder.asked_offline,
        )
    return Done(read_before=recorder.read_before, asked_offline=recorder.asked_offline)


def one_line(error: BaseException) -> str:
    """The exception as people know it from the end of a traceback, its first line."""
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    name = type(error).__name__
    return f"{name}: {lines[0]}" if lines else name


def _line_of(error: BaseException, path: str) -> int:
    if isinstance(error, SyntaxError) and error.filename == path:
        return error.lineno or 1
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return lines[-1] or 0 if lines else 0


def _missing_operation(error: BaseException) -> str | None:
    """The name after `op.`, when it is one that nobody has registered."""
    if isinstance(error, AttributeError) and error.name is not None:
        owner = getattr(error.obj, "__name__", "")
        if owner == "alembic.op" or isinstance(error.obj, Operations):
            return error.name
    return None
