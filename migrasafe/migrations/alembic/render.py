"""Runs the revisions one after the other, and once more where the first way does not work."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from migrasafe.migrations.alembic.graph import Revision
from migrasafe.migrations.alembic.protocol import Direction, Setup, Task
from migrasafe.migrations.alembic.without_running import LeftOut
from migrasafe.migrations.alembic.worker import Rendered, Worker

TIMEOUT_SECONDS = 20.0
"""For one revision: the app's code that it imports counts, statements without a server take no time."""
LIVE_TIMEOUT_SECONDS = 120.0
"""For one revision on a server."""


class Step(Struct, frozen=True, kw_only=True):
    """A revision to run, and which way."""

    revision: Revision
    direction: Direction = Direction.UPGRADE
    read_as: str | None = None
    """A file to run in its place: what of it can be read without running the project's code."""
    left_out: tuple[LeftOut, ...] = ()
    """What is not in that file."""


class Outcome(Struct, frozen=True, kw_only=True):
    """One revision, rendered as well as it could be."""

    step: Step
    rendered: Rendered
    offline: bool = False
    """It worked only as `alembic upgrade --sql` would run it."""
    stubbed_everything: bool = False
    """It worked only without any of the app's own code."""
    live: bool = False
    """It ran on a server."""
    failure_on_server: str = ""
    """It failed on the server, and is shown as rendered without."""

    @property
    def complete(self) -> bool:
        return self.rendered.done is not None and self.rendered.done.failure is None


class _Workers(Struct):
    """The process that runs, and what the next one must know."""

    setup: Setup
    timeout_seconds: float
    stack: ExitStack
    history: list[str]
    worker: Worker | None = field(default=None)

    def run(self, task: Task) -> Rendered:
        if self.worker is None or not self.worker.alive:
            self.worker = self._started()
        return self.worker.run(task)

    def without_own_code(self) -> _Workers:
        setup = msgspec.structs.replace(self.setup, stub_everything=True)
        return _Workers(setup, self.timeout_seconds, self.stack, self.history)

    def _started(self) -> Worker:
        if self.worker is not None:
            self.worker.close()
        setup = msgspec.structs.replace(self.setup, earlier=tuple(self.history))
        worker = self.stack.enter_context(Worker(setup, timeout_seconds=self.timeout_seconds))
        worker.wait_until_ready()
        return worker


def render(steps: Iterable[Step], setup: Setup, *, timeout_seconds: float) -> Iterator[Outcome]:
    """Yield what each step does, in the order given. Raises RenderError when none can be run at all.

    A revision that fails after it asked whether this is offline mode is run again as if it were; one that kills the
    process, again without the app's own code. On a server there is no second time.
    """
    with ExitStack() as stack:
        if setup.scratch_database is not None:
            stack.callback(_drop_scratch_database, setup)
        workers = _Workers(setup, timeout_seconds, stack, list(setup.earlier))
        for step in steps:
            outcome = _render(step, workers)
            workers.history.extend(one.sql for one in outcome.rendered.executed)
            yield outcome


def better_of(live: Outcome, without: Outcome) -> Outcome:
    """What to show of a step that ran on a server and without: the first, unless only the second came to its end."""
    if live.complete or not without.complete:
        return live
    done = live.rendered.done
    failure = (done.failure if done is not None else live.rendered.death) or ""
    return replace(without, failure_on_server=failure)


def _drop_scratch_database(setup: Setup) -> None:
    """In a process of its own: the one that used it may be dead."""
    with Worker(msgspec.structs.replace(setup, only_drop=True), timeout_seconds=LIVE_TIMEOUT_SECONDS) as worker:
        worker.wait_until_ready()
        worker.wait_until_ended()


def _render(step: Step, workers: _Workers) -> Outcome:
    task = Task(
        path=os.path.realpath(step.read_as or step.revision.path), revision=step.revision.id, direction=step.direction
    )
    first = Outcome(step=step, rendered=workers.run(task), live=workers.setup.dsn is not None)
    if first.complete or first.live:
        return first
    done = first.rendered.done
    if done is not None and done.asked_offline:
        rendered = workers.run(msgspec.structs.replace(task, offline=True))
        again = Outcome(step=step, rendered=rendered, offline=True)
    elif done is None and workers.setup.import_roots and not workers.setup.stub_everything:
        again = Outcome(step=step, rendered=workers.without_own_code().run(task), stubbed_everything=True)
    else:
        return first
    return again if again.complete else first
