"""Alembic's context around one revision: `op`, `context`, a migration context on a recording connection."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

from alembic.config import Config
from alembic.operations import Operations
from alembic.operations.batch import BatchOperationsImpl
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData
from sqlalchemy.engine import Engine

from migrasafe.migrations.alembic.protocol import Setup, Task
from migrasafe.migrations.alembic.runner.recorder import Recorder


class Environment(EnvironmentContext):
    """What `from alembic import context` is: it answers, and notes, whether this is offline mode."""

    def __init__(self, config: Config, recorder: Recorder, *, offline: bool) -> None:
        super().__init__(config, None)  # type: ignore[arg-type]  # revisions have no use for the script directory
        self._recorder = recorder
        self._offline = offline

    def is_offline_mode(self) -> bool:
        self._recorder.asked_offline = True
        return self._offline


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

    BatchOperationsImpl.__init__ = prepared  # type: ignore[method-assign]  # Alembic has no hook for it


def configuration(setup: Setup) -> Config:
    """The app's alembic.ini, or an empty one."""
    return Config(setup.config_file) if setup.config_file else Config()


def load(task: Task) -> ModuleType:
    """Import the revision file. Raises whatever it raises."""
    name = f"migrasafe_revision_{task.revision}"
    spec = spec_from_file_location(name, task.path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{task.path} is not a Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def run(task: Task, setup: Setup, engine: Engine, recorder: Recorder) -> None:
    """Run `upgrade()` or `downgrade()` in a transaction of its own. Raises whatever it raises."""
    with engine.connect() as connection:
        environment = Environment(configuration(setup), recorder, offline=task.offline)
        options: dict[str, Any] = {**setup.options, "transaction_per_migration": True}
        if setup.naming_convention:
            options["target_metadata"] = MetaData(naming_convention=setup.naming_convention)
        context = MigrationContext.configure(connection, environment_context=environment, opts=options)
        environment._migration_context = context
        with environment, _operations(context):
            module = load(task)
            function = getattr(module, task.direction.value, None)
            if function is None:
                return
            with recorder.running(), context.begin_transaction(_per_migration=True):
                function()


@contextmanager
def _operations(context: MigrationContext) -> Iterator[None]:
    """What `from alembic import op` is."""
    with Operations.context(context):
        yield
