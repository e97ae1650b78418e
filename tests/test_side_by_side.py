"""A large folder judged by several processes: the same result, whatever becomes of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from migrasafe.cli.commands import cli
from migrasafe.cli.lint import run, side_by_side
from migrasafe.cli.lint.side_by_side import lint_side_by_side, parts
from migrasafe.lint import LintOptions, LintResult, lint
from migrasafe.migrations.model import History, Migration, Part, TransactionMode
from migrasafe.rules.context import Rule
from migrasafe.rules.registry import RULES
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source

CHOSEN = [rule for rule in RULES if rule.default]
STATEMENTS = (
    "CREATE TABLE t{0} (id bigint PRIMARY KEY, name text);",
    "ALTER TABLE t{0} ADD COLUMN age int;",
    "CREATE INDEX i{0} ON t{0} (name);",
    "ALTER TABLE t{0} ALTER COLUMN age SET NOT NULL;",
    "DROP TABLE t{0};",
)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "_FEWEST", 10)


@pytest.fixture(scope="module")
def histories() -> list[History]:
    """Two, so that a part can begin in one of them and end in the other."""
    return [
        History(
            layout="plain",
            root=root,
            migrations=tuple(
                migration(f"{root}/{5 * table + step:03}.sql", sql.format(table))
                for table in range(10)
                for step, sql in enumerate(STATEMENTS)
            ),
        )
        for root in ("a", "b")
    ]


def migration(path: str, sql: str) -> Migration:
    script = read_script(Source(path=path, text=sql))
    return Migration(id=path, path=path, parts=(Part(script=script, wrapped=TransactionMode.ONE),))


def side(histories: list[History], jobs: int, options: LintOptions) -> LintResult:
    with nobody_left_behind():
        return lint_side_by_side(histories, CHOSEN, options, jobs)


@contextmanager
def nobody_left_behind() -> Iterator[None]:
    """Each process that is started meanwhile is gone at the end; those of other tests may be there."""
    started: list[int] = []
    fork = os.fork

    def noted() -> int:
        child = fork()
        started.append(child)
        return child

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fork", noted)
        yield
    for child in started:
        with pytest.raises(ChildProcessError):
            os.waitpid(child, os.WNOHANG)


@pytest.mark.parametrize("jobs", [1, 2, 3, 50])
@pytest.mark.parametrize(
    "options",
    [
        LintOptions(),
        LintOptions(independent=True),
        LintOptions(reported=lambda one: one.path > "a/030.sql"),
        LintOptions(reported=lambda one: False),
    ],
    ids=["all", "each alone", "what is new", "nothing"],
)
def test_many_find_what_one_finds(histories: list[History], jobs: int, options: LintOptions) -> None:
    alone = lint(histories, CHOSEN, options)
    assert side(histories, jobs, options) == alone
    assert bool(alone.findings) == any(options.reported(one) for history in histories for one in history.migrations)


def test_what_a_process_cannot_tell_is_found_out_here(
    histories: list[History], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, judged = os.getpid(), side_by_side.judged

    def killed(*asked: object) -> object:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return judged(*asked)  # type: ignore[arg-type]  # what it is called with, whatever that is

    monkeypatch.setattr(side_by_side, "judged", killed)
    assert side(histories, 3, LintOptions()) == lint(histories, CHOSEN, LintOptions())


def test_every_process_is_gone_when_this_one_fails(histories: list[History], monkeypatch: pytest.MonkeyPatch) -> None:
    here, judged = os.getpid(), side_by_side.judged

    def failing(*asked: object) -> object:
        if os.getpid() == here:
            raise KeyboardInterrupt
        return judged(*asked)  # type: ignore[arg-type]  # likewise

    monkeypatch.setattr(side_by_side, "judged", failing)
    with nobody_left_behind(), pytest.raises(KeyboardInterrupt):
        lint_side_by_side(histories, CHOSEN, LintOptions(), 3)


@pytest.mark.parametrize("jobs", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("alike", [False, True])
def test_parts_are_all_of_it_in_order_and_none_is_larger_than_the_one_before(jobs: int, *, alike: bool) -> None:
    asked = [migration(f"{number}.sql", "") for number in range(100)]
    found = parts(asked, jobs, alike=alike)
    assert [one for part in found for one in part] == asked
    sizes = [len(part) for part in found]
    assert len(sizes) == jobs
    assert all(before >= after - 1 for before, after in pairwise(sizes))
    assert alike == (max(sizes) - min(sizes) <= 1) or jobs == 1


@pytest.mark.parametrize(
    ("words", "large", "processors", "by"),
    [
        ((), 50, 2, [2]),
        ((), 51, 2, []),
        ((), 50, 1, []),
        (("--with-history",), 50, 2, []),
        (("--jobs", "3"), 51, 1, [3]),
        (("--jobs", "1"), 50, 2, []),
    ],
    ids=[
        "a large folder",
        "a smaller one",
        "one processor",
        "changed files",
        "three are asked for",
        "one is asked for",
    ],
)
def test_two_judge_a_large_folder_unless_it_is_said_otherwise(
    words: tuple[str, ...], large: int, processors: int, by: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(50):
        (tmp_path / f"{number:03}.sql").write_text(STATEMENTS[number % 5].format(number // 5), encoding="utf-8")
    asked: list[int] = []

    def noted(histories: Sequence[History], rules: Sequence[Rule], options: LintOptions, jobs: int) -> LintResult:
        asked.append(jobs)
        return lint_side_by_side(histories, rules, options, jobs)

    monkeypatch.setattr(side_by_side, "lint_side_by_side", noted)
    monkeypatch.setattr(run, "_LARGE", large)
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(cli, ["lint", ".", "--no-config", *words])
    assert ran.exit_code == 0, ran.output
    assert asked == by
