"""Changes to Alembic and SQLAlchemy that they have no hook for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from alembic.operations.batch import BatchOperationsImpl
from sqlalchemy.types import TypeDecorator

from migrasafe.migrations.alembic.runner.recorder import Recorder


class QueuedOperations(list[Any]):
    """Operations of a batch, which run when it ends: each is blamed on the line that queued it."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder
        self._lines: list[int] = []

    def append(self, operation: Any) -> None:
        self._lines.append(self._recorder.line())
        super().append(operation)

    def __iter__(self) -> Iterator[Any]:
        for line, operation in zip(self._lines, super().__iter__(), strict=False):
            with self._recorder.from_line(line or None):
                yield operation


def note_lines_of_batches(recorder: Recorder) -> None:
    """From now on, every batch knows which line queued which operation."""
    original: Callable[..., None] = BatchOperationsImpl.__init__

    def prepared(batch: BatchOperationsImpl, *arguments: Any, **named: Any) -> None:
        original(batch, *arguments, **named)
        batch.batch = QueuedOperations(recorder)

    BatchOperationsImpl.__init__ = prepared  # type: ignore[assignment,method-assign]  # the point of this module


def forgive_types_made_of_stubs(recorder: Recorder) -> None:
    """From now on, a value that a type of the app cannot convert, for what it lacks, is sent as it is."""
    original: Callable[..., Any] = TypeDecorator.bind_processor

    def prepared(kind: TypeDecorator[Any], dialect: Any) -> Any:
        convert = original(kind, dialect)
        if convert is None or type(kind).__module__.startswith("sqlalchemy."):
            return convert

        def forgiving(value: Any) -> Any:
            try:
                return convert(value)
            except Exception:
                if not recorder.has_stubs:
                    raise
                recorder.notice("unconverted", f"{type(kind).__module__}.{type(kind).__name__}")
                return value

        return forgiving

    TypeDecorator.bind_processor = prepared  # type: ignore[assignment,method-assign]  # the point of this module
