"""Alembic's context around one revision: `op`, `context`, a migration context on a recording connection."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData
from sqlalchemy.engine import Engine

from migrasafe.migrations.alembic.protocol import Setup, Task
from migrasafe.migrations.alembic.runner.recorder import Recorder


def environment(config: Config, recorder: Recorder, *, offline: bool) -> EnvironmentContext:
    """What `from alembic import context` is: it answers, and notes, whether this is offline mode."""

    def is_offline_mode() -> bool:
        recorder.asked_offline = True
        return offline

    made = EnvironmentContext(config, None)  # type: ignore[arg-type]  # revisions have no use for the script directory
    # On the object: Alembic finds what `context` is by the exact class.
    made.is_offline_mode = is_offline_mode  # type: ignore[method-assign]  # one object, not the class
    return made


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
        surroundings = environment(configuration(setup), recorder, offline=task.offline)
        options: dict[str, Any] = {**setup.options, "transaction_per_migration": True}
        if setup.naming_convention:
            options["target_metadata"] = MetaData(naming_convention=setup.naming_convention)
        context = MigrationContext.configure(connection, environment_context=surroundings, opts=options)
        surroundings._migration_context = context
        with surroundings, _operations(context):
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
