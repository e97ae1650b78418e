"""Which tests meet which line of a package, and how long each takes."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import coverage
import msgspec
import pytest
from msgspec import Struct

from tools.mutation.new_code import import_all
from tools.mutation.packages import Package
from tools.mutation.spent import Spent, as_many_as, spent_so_far
from tools.mutation.trial import OPTIONS, in_child


class Covering(Struct, frozen=True, kw_only=True):
    """What one run of a package's tests met."""

    taken: dict[str, Spent]
    """By each test."""
    lines: dict[str, dict[int, list[str]]]
    """By path and line: the tests that run it, those first that run little else."""
    at_import: dict[str, list[int]]
    """By path: the lines that ran outside of any test, when modules and tests were imported."""

    def tests_of(self, path: str, line: int, cpu_seconds: float) -> list[str]:
        """The tests of a line, as many as take so much together, and one at least; of a line that only imports run,
        those that are named after its module and those of its other lines, and where there are none, all."""
        of_file = self.lines.get(path, {})
        tests = of_file.get(line) or list(dict.fromkeys((*self._named_after(path), *chain(*of_file.values()))))
        return as_many_as(tests or list(self.taken), self.taken, cpu_seconds)

    def _named_after(self, path: str) -> list[str]:
        """`test_each_example_is_told[change-column-type]`: they may look at what a module makes without running it."""
        words = Path(path).stem.replace("_", "-")
        return [test for test in self.taken if words in test.replace("_", "-")]


class _Watch:
    """A pytest plugin: a context of coverage for each test, and what the test takes."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self.measured = measured
        self.taken: dict[str, Spent] = {}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.measured.switch_context(item.nodeid)
        before = spent_so_far()
        yield
        self.taken[item.nodeid] = spent_so_far() - before
        self.measured.switch_context("")


def covering(package: Package, tests: Sequence[str], marks: str, root: Path, kept: Path) -> Covering:
    """What some tests meet of a package: from `kept`, where neither code nor tests changed since; else they are run.

    Raises RuntimeError where a test fails as the code is."""
    file = kept / f"{package.name}-{_content(root, tests)}.json"
    if not file.exists():
        kept.mkdir(parents=True, exist_ok=True)
        printed = file.with_suffix(".txt")
        if in_child(lambda: _measure(package, tests, marks, root, file), printed) != 0 or not file.exists():
            raise RuntimeError(f"the tests of {package.name} fail without a mutant: see {printed}")
    import_all(package.folder, root)
    return msgspec.json.decode(file.read_bytes(), type=Covering)


def _measure(package: Package, tests: Sequence[str], marks: str, root: Path, file: Path) -> int:
    measured = coverage.Coverage(data_file=None, source=[str(root / package.folder)], messages=False)
    watch = _Watch(measured)
    measured.start()
    import_all(package.folder, root)
    status = int(pytest.main([*OPTIONS, "-m", marks, *tests], plugins=[watch]))
    measured.stop()
    if status == 0:
        data = measured.get_data()
        by_path = {
            Path(one).relative_to(root).as_posix(): data.contexts_by_lineno(one) for one in data.measured_files()
        }
        breadth: dict[str, int] = defaultdict(int)
        for lines in by_path.values():
            for tests in lines.values():
                for test in tests:
                    breadth[test] += 1
        ordered = {
            path: {line: sorted((t for t in tests if t), key=lambda t: breadth[t]) for line, tests in lines.items()}
            for path, lines in by_path.items()
        }
        at_import = {path: [line for line, tests in lines.items() if "" in tests] for path, lines in by_path.items()}
        met = Covering(taken=watch.taken, lines=ordered, at_import=at_import)
        file.write_bytes(msgspec.json.encode(met))
    return status


def _content(root: Path, tests: Sequence[str]) -> str:
    """A name for these tests, and for the code as it is now, that which measures included."""
    content = hashlib.sha256(" ".join(tests).encode())
    for folder in ("migrasafe", "tests", "rules", "tools/mutation"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".py", ".sql", ".md"} and path.is_file():
                content.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return content.hexdigest()[:16]
