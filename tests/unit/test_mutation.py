"""The driver of `make mutate`, as far as it needs neither mutmut nor coverage."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from migrasafe.backfill.walk import batch_size
from migrasafe.rules.registry import RULES
from tools.mutation.new_code import Unreachable, import_all, put_in_place
from tools.mutation.results import Tried, read_equivalent, read_record, table, write_page
from tools.mutation.spent import Spent, as_many_as, limit, spent_so_far
from tools.mutation.trial import Trial, in_new_interpreter

ROOT = Path(__file__).parents[2]

BEFORE = """
LIMIT = 3
def few(number, most=LIMIT):
    return number < most
class Box:
    @property
    def size(self):
        return max([1, 2], key=lambda one: one)
"""


@pytest.fixture
def module() -> ModuleType:
    made = ModuleType("mutated")
    made.__file__ = "mutated.py"
    exec(compile(BEFORE, "mutated.py", "exec", dont_inherit=True), vars(made))
    return made


def test_a_function_that_was_imported_elsewhere_is_the_mutant(module: ModuleType) -> None:
    few = module.few
    put_in_place(module, BEFORE, BEFORE.replace("<", "<="))
    assert few(3)


def test_a_property_and_the_lambda_in_it_are_the_mutant(module: ModuleType) -> None:
    put_in_place(module, BEFORE, BEFORE.replace("one: one", "one: -one"))
    assert module.Box().size == 1


@pytest.mark.parametrize(
    ("old", "new"), [("LIMIT = 3", "LIMIT = 4"), ("most=LIMIT", "most=9"), ("    @property\n", "")]
)
def test_what_only_an_import_carries_out_is_left_to_a_new_interpreter(module: ModuleType, old: str, new: str) -> None:
    with pytest.raises(Unreachable):
        put_in_place(module, BEFORE, BEFORE.replace(old, new))
    assert not module.few(3)


MADE_AT_IMPORT = """
def bound(most):
    def is_few(number):
        return number < most
    return is_few
few = bound(3)
"""


def test_a_function_that_made_something_at_import_is_left_to_a_new_interpreter() -> None:
    made = ModuleType("mutated")
    made.__file__ = "mutated.py"
    exec(compile(MADE_AT_IMPORT, "mutated.py", "exec", dont_inherit=True), vars(made))
    with pytest.raises(Unreachable):
        put_in_place(made, MADE_AT_IMPORT, MADE_AT_IMPORT.replace("<", "<="), at_import=[2, 3, 5, 6])
    put_in_place(made, MADE_AT_IMPORT, MADE_AT_IMPORT.replace("<", "<="), at_import=[2, 6])
    assert made.bound(3)(3)


def test_a_module_that_is_not_imported_yet_is_left_to_a_new_interpreter() -> None:
    with pytest.raises(Unreachable):
        put_in_place(sys.modules.get("not.there"), BEFORE, BEFORE.replace("<", "<="))


def test_modules_that_wait_for_a_statement_are_imported_before_any_test() -> None:
    import_all("migrasafe/rules", ROOT)
    assert {f"migrasafe.rules.{rule.id.replace('-', '_')}" for rule in RULES} <= set(sys.modules)


@pytest.mark.parametrize(("mutant", "outcome"), [("MOST_GROWTH = 1.5 ", "survived"), ("MOST_GROWTH = 9.9", "killed")])
def test_a_new_interpreter_kills_a_mutant_and_lets_the_code_as_it_is_live(mutant: str, outcome: str) -> None:
    path = Path(batch_size.__file__).relative_to(ROOT)
    before = (ROOT / path).read_text(encoding="utf-8")
    trial = Trial(
        path=path.as_posix(),
        before=before,
        after=before.replace("MOST_GROWTH = 1.5", mutant),
        tests=["tests/unit/backfill/test_batch_size.py::test_a_batch_grows_by_half_at_most"],
        cpu_seconds=60,
        wall_seconds=300,
    )
    assert in_new_interpreter(trial) == outcome


def test_a_child_that_works_takes_cpu_seconds_and_one_that_waits_takes_none() -> None:
    def taken_by(script: str) -> Spent:
        before = spent_so_far()
        subprocess.run([sys.executable, "-I", "-S", "-c", f"import time\n{script}"], check=True)
        return spent_so_far() - before

    assert taken_by("while time.process_time() < 1.5: pass").cpu > 1.4
    waiting = taken_by("time.sleep(1.5)")
    assert waiting.clock >= 1.5
    assert waiting.cpu < 1


def test_a_mutant_meets_as_many_tests_as_their_cpu_seconds_allow_however_long_a_full_machine_takes() -> None:
    taken = {"a": Spent(cpu=2, clock=90), "b": Spent(cpu=2, clock=90), "c": Spent(cpu=2, clock=1)}
    assert as_many_as("abc", taken, 5) == ["a", "b"]
    assert as_many_as("abc", taken, 1) == ["a"]


def test_a_mutant_hangs_after_thrice_its_cpu_seconds_or_far_more_than_that_of_the_clock() -> None:
    assert limit("ab", {"a": Spent(cpu=1, clock=4), "b": Spent(cpu=4, clock=6)}) == Spent(cpu=25, clock=320)


def tried(outcome: str, added: str, *, wording: bool = False) -> Tried:
    return Tried(
        package="walk",
        path="a.py",
        line=1,
        removed="a",
        added=added,
        wording=wording,
        outcome=outcome,
        seed=1,
        date="2026-11-22",
    )


def test_sentences_and_equivalent_mutants_are_counted_apart_and_the_last_outcome_counts(tmp_path: Path) -> None:
    record = [
        tried("survived", "b"),
        tried("killed", "b"),
        tried("timed out", "c"),
        tried("equivalent", "d"),
        tried("not run", "e"),
        tried("survived", "f", wording=True),
        tried("survived", "g"),
        tried("gone", "g"),
    ]
    rows = table(record).splitlines()
    assert rows[2] == "| walk | 5 | 4 | 2 | 1 | 1 | 66.7 | 1 | 0 |"
    page = tmp_path / "page.md"
    page.write_text("Above.\n<!-- record: begin -->\nold\n<!-- record: end -->\nBelow.\n", encoding="utf-8")
    write_page(page, tmp_path / "no record")
    assert "old" not in page.read_text(encoding="utf-8")


def test_what_is_called_equivalent_was_tried_and_says_why() -> None:
    on_record = {(one.path, one.removed, one.added) for one in read_record()}
    for mutant, why in read_equivalent().items():
        assert mutant in on_record
        assert len(why) > 20
