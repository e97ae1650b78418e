"""The architecture is a test: who may import what, where a rule lives, how long a module may be.

The layers are in .importlinter, and `print` is for ruff (T20) to find.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest

from migrasafe import suppress
from migrasafe.regex import _Regex
from migrasafe.rules.registry import RULES

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "migrasafe"
MODULES = sorted(PACKAGE.rglob("*.py"))
PAGES = sorted(page for page in (ROOT / "rules").glob("*.md") if page.stem != "README")

ABOUT_SUPPRESSIONS = {suppress.UNUSED, suppress.BAD}
"""Rules that look at comments, not at statements, so that they live where comments are read."""

ONLY_IN = {
    "psycopg": "migrasafe/postgres/",
    "testcontainers": "migrasafe/postgres/server/docker.py",
    "postgast": "migrasafe/sql/libpg_query.py",
}
"""External packages that one place of ours knows, so that it can be replaced."""

HEAVY = {"sqlalchemy", "alembic", "psycopg", "sqlglot", "rich", "jinja2"}
"""What most commands do not need, and so must not wait for."""

MAX_LINES = 300


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def knows(module: Path, package: str) -> bool:
    """Whether a module names a package in an import, also inside a function, or in a string that loads it."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                named = [alias.name for alias in names]
            case ast.ImportFrom(module=str(name), level=0):
                named = [name]
            case ast.Constant(value=str(name)):
                named = [name]
            case _:
                continue
        if any(name == package or name.startswith(f"{package}.") for name in named):
            return True
    return False


def rule_modules() -> Iterator[Path]:
    """Yield the modules below migrasafe/rules that define a rule; the others there are what rules share."""
    for module in (PACKAGE / "rules").glob("*.py"):
        body = ast.parse(module.read_text(encoding="utf-8")).body
        assigned = [target for node in body if isinstance(node, ast.Assign) for target in node.targets]
        if any(isinstance(target, ast.Name) and target.id == "RULE" for target in assigned):
            yield module


def test_every_rule_has_one_page_one_module_and_one_name():
    modules = {module.stem.replace("_", "-") for module in rule_modules()}
    assert {rule.id for rule in RULES} == modules
    assert {page.stem for page in PAGES} - ABOUT_SUPPRESSIONS == modules
    assert {page.stem for page in PAGES} >= ABOUT_SUPPRESSIONS


@pytest.mark.parametrize("package", sorted(ONLY_IN))
def test_an_external_package_is_known_to_one_place_only(package):
    knowing = {relative(module) for module in MODULES if knows(module, package)}
    assert {module for module in knowing if not module.startswith(ONLY_IN[package])} == set()
    assert knowing


def test_only_the_command_line_ends_the_process():
    ending = re.compile(r"\bsys\.exit\(")
    found = {relative(module) for module in MODULES if any(ending.search(line) for line in lines(module))}
    assert {module for module in found if not module.startswith("migrasafe/cli/")} == set()


def test_the_command_line_starts_without_what_it_may_not_need():
    program = "import sys, migrasafe.cli; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert HEAVY.intersection(answer.stdout.split()) == set()


def test_no_module_is_longer_than_300_lines():
    long = {relative(module) for module in MODULES if len(lines(module)) > MAX_LINES}
    assert long == set(), "look for the second idea in it"


def test_what_silences_a_checker_says_why():
    silent = re.compile(r"#\s*(?:type: ignore|noqa)(?:\[[^]]*\]|:\s*[A-Z0-9, ]+)?\s*$")
    places = [
        f"{relative(path)}:{number}"
        for folder in ("migrasafe", "tests", "tools", "benchmarks")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(lines(path), start=1)
        if silent.search(line)
    ]
    assert places == []


def test_every_module_says_what_it_is_for():
    silent = [relative(module) for module in MODULES if not ast.get_docstring(ast.parse(module.read_text("utf-8")))]
    assert [module for module in silent if not module.endswith("__init__.py")] == []


@pytest.mark.parametrize("package", ["postgres", "backfill"])
def test_sql_files_open_with_the_question_they_answer_and_are_used(package):
    files = sorted((PACKAGE / package / "sql").glob("*.sql"))
    assert files
    code = "\n".join(module.read_text(encoding="utf-8") for module in (PACKAGE / package).rglob("*.py"))
    for file in files:
        assert re.match(r"-- [^?]*\?", lines(file)[0]), f"{relative(file)} opens with no question"
        name = re.sub(r"\d+$", "{version}", file.stem)  # versions of one file are numbered
        assert f'"{file.stem}"' in code or f"'{name}'" in code, f"{relative(file)} is not used"


def test_every_pattern_that_is_compiled_late_is_one():
    for module in MODULES:
        text = module.read_text(encoding="utf-8")
        if "import regex" in text and "alembic/runner" not in relative(module):
            named = vars(
                import_module(relative(module).removesuffix("/__init__.py").removesuffix(".py").replace("/", "."))
            )
            patterns = [one for one in named.values() if isinstance(one, _Regex)]
            assert patterns, relative(module)
            assert all(isinstance(one.pattern, str) for one in patterns), relative(module)


ANOTHERS_WORDS = {"migrasafe/migrations/django/runner/state.py"}
"""Django's own sentences."""


@pytest.mark.parametrize("module", MODULES, ids=relative)
def test_an_article_before_a_word_that_varies_is_chosen_for_it(module: Path) -> None:
    """with_article: “an integer”, “a uuid”."""
    if relative(module) in ANOTHERS_WORDS:
        return
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        parts = node.values if isinstance(node, ast.JoinedStr) else ()
        for said, varying in pairwise(parts):
            if isinstance(varying, ast.FormattedValue) and isinstance(said, ast.Constant):
                ends = re.search(r"(?:^|[\s(“])[Aa]n? [\"'`“]?$", str(said.value))
                assert ends is None, (
                    f"{relative(module)}:{varying.lineno}: {said.value}{{{ast.unparse(varying.value)}}}"
                )
