"""Runs tests with one mutant in a process of its own: a fork of a pytest that has collected everything already.

A mutant inside a function becomes that function's new code, whoever has imported it. One outside (a constant, a default) has to
be there when its module is imported, which takes a new interpreter.
"""

from __future__ import annotations

import importlib.util
import os
import resource
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, FrameType, ModuleType

import msgspec
import pytest
from msgspec import Struct

from tools.mutation.new_code import Unreachable, module_of, put_in_place

_PASSED, _FAILED, _NOT_IN_PLACE, _TIMED_OUT = 0, 1, 80, 90
OPTIONS = ("-x", "-q", "--no-header", "--capture=sys", "-p", "no:cacheprovider", "--majors", "15")


class Trial(Struct, frozen=True, kw_only=True):
    """A mutant and the tests that it has to pass to survive."""

    path: str
    """Of the mutated module, from the root of the repository."""
    before: str
    after: str
    """The text of the module."""
    tests: list[str]
    cpu_seconds: float
    wall_seconds: float
    at_import: list[int] = []
    """The lines of the module that run when it is imported."""

    @property
    def module(self) -> str:
        return module_of(Path(self.path))


Try = Callable[[Trial], str]
"""Says `killed` by a failing test, `timed out`, or `survived`."""


def with_collected(tests: Sequence[str], marks: str, work: Callable[[Try], None]) -> None:
    """Collects tests once, and lets `work` try mutants on them."""
    status = pytest.main([*OPTIONS, "-m", marks, *tests], plugins=[_Collected(work)])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError(f"pytest ended with {status} before all mutants were tried")


class _Collected:
    """A pytest plugin that runs no test itself: each trial does, in a fork."""

    def __init__(self, work: Callable[[Try], None]) -> None:
        self.work = work

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}

        def tried(trial: Trial) -> str:
            chosen = [items[test] for test in trial.tests]

            def run() -> int:
                try:
                    put_in_place(sys.modules.get(trial.module), trial.before, trial.after, trial.at_import)
                except Unreachable:
                    return _NOT_IN_PLACE
                _limit(trial)
                for item, following in zip(chosen, [*chosen[1:], None], strict=True):
                    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                    if session.testsfailed:
                        return _FAILED
                return _PASSED

            status = in_child(run)
            return in_new_interpreter(trial) if status == _NOT_IN_PLACE else _outcome(status)

        self.work(tried)
        return True


def _outcome(status: int) -> str:
    return "survived" if status == _PASSED else "timed out" if status == _TIMED_OUT else "killed"


def _limit(trial: Trial) -> None:
    for timer in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(timer, _stop)
    signal.setitimer(signal.ITIMER_PROF, trial.cpu_seconds)
    signal.setitimer(signal.ITIMER_REAL, trial.wall_seconds)


def _stop(number: int, frame: FrameType | None) -> None:
    """Ends the tests with their servers stopped; where that does not end either, at once."""
    signal.signal(signal.SIGALRM, lambda *_: os._exit(_TIMED_OUT))
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.setitimer(signal.ITIMER_REAL, 20)
    pytest.exit("out of time", returncode=_TIMED_OUT)


def in_child(run: Callable[[], int], printed: Path = Path(os.devnull)) -> int:
    """The exit status of `run` in a fork that prints into that file, and keeps nothing else."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = _FAILED
    try:
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        nothing = os.open(os.devnull, os.O_RDONLY)
        output = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        with tempfile.TemporaryDirectory() as folder:
            os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = folder
            for descriptor, file in ((0, nothing), (1, output), (2, output)):
                os.dup2(file, descriptor)
            status = run()
    except pytest.exit.Exception as ended:
        status = ended.returncode or _FAILED
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(status & 0xFF)


# --- a mutant that is imported ------------------------------------------------------------------------------------------


class _Mutated(SourceFileLoader):
    """Imports one module from another text, and writes no file of it."""

    def __init__(self, module: str, path: Path, source: str) -> None:
        super().__init__(module, str(path))
        self.source = source

    def find_spec(self, fullname: str, path: object, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        folder = [str(Path(self.path).parent)] if Path(self.path).name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            fullname, self.path, loader=self, submodule_search_locations=folder
        )

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.source, self.path, "exec", dont_inherit=True)


class _Chosen:
    """A pytest plugin: only these tests, in this order."""

    def __init__(self, tests: Sequence[str]) -> None:
        self.places = {test: place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((i for i in items if i.nodeid in self.places), key=lambda i: self.places[i.nodeid])


def in_new_interpreter(trial: Trial) -> str:
    """The outcome of a mutant that has to be there when its module is imported."""
    command = [sys.executable, "-m", "tools.mutation.trial"]
    ended = subprocess.run(command, input=msgspec.json.encode(trial), capture_output=True, check=False)
    return _outcome(ended.returncode)


def _import_and_run(trial: Trial) -> int:
    sys.meta_path.insert(0, _Mutated(trial.module, Path(trial.path).resolve(), trial.after))
    _limit(trial)
    files = list(dict.fromkeys(test.partition("::")[0] for test in trial.tests))
    return int(pytest.main([*OPTIONS, "-m", "not soak", *files], plugins=[_Chosen(trial.tests)]))


if __name__ == "__main__":
    given = msgspec.json.decode(sys.stdin.buffer.read(), type=Trial)  # before the fork, which has nothing to read
    sys.exit(in_child(lambda: _import_and_run(given)))
