"""Rules that a project has written for itself: the example of docs/own-rules.md, and what is said of mistakes in one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.in_process import migrasafe

ROOT = Path(__file__).parent.parent
DOCS = (ROOT / "docs/own-rules.md").read_text()
MODULE = re.findall(r"^```python\n(.*?)^```", DOCS, re.DOTALL | re.MULTILINE)[0]
PAGE = re.findall(r"^````markdown\n(.*?)^````", DOCS, re.DOTALL | re.MULTILINE)[0]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "lint_rules").mkdir()
    (tmp_path / "lint_rules/table_without_comment.py").write_text(MODULE)
    (tmp_path / "lint_rules/table-without-comment.md").write_text(PAGE)
    (tmp_path / "migrasafe.toml").write_text('rules = ["lint_rules"]\npaths = ["db"]\n')
    (tmp_path / "db").mkdir()
    (tmp_path / "db/V1__orders.sql").write_text("CREATE TABLE orders (id bigint PRIMARY KEY);\n")
    return tmp_path


def test_the_example_of_the_docs_finds_what_its_page_says(project: Path) -> None:
    assert migrasafe(project, "rules", "--check").returncode == 1
    updated = migrasafe(project, "rules", "--update-pages")
    assert (updated.returncode, updated.stderr) == (0, "")
    assert updated.stdout == "lint_rules/table-without-comment.md: says what the check does\n"
    assert migrasafe(project, "rules", "--check").returncode == 0
    assert (
        "warning[table-without-comment] migration.sql:1:1"
        in (project / "lint_rules/table-without-comment.md").read_text()
    )


def test_it_is_selected_allowed_explained_and_listed_like_any_other(project: Path) -> None:
    ran = migrasafe(project, "lint", "--select", "table-without-comment", "--fail-on", "warning")
    assert ran.returncode == 1
    assert "warning[table-without-comment] db/V1__orders.sql:1:1" in ran.stdout
    assert "COMMENT ON TABLE orders IS" in ran.stdout
    assert migrasafe(project, "explain", "table-without-comment").stdout.startswith("table-without-comment")
    assert "A table says nothing about what it is for" in migrasafe(project, "rules").stdout
    migration = project / "db/V1__orders.sql"
    migration.write_text("-- migrasafe: allow table-without-comment because its name says it\n" + migration.read_text())
    assert migrasafe(project / "db", "lint").stdout.startswith("Nothing found in 1 migration")


def test_reports_carry_its_page(project: Path) -> None:
    for name in ("sarif", "sonarqube", "html"):
        assert "in three years has only its name" in migrasafe(project, "lint", "--format", name).stdout
    sarif = json.loads(migrasafe(project, "lint", "--format", "sarif").stdout)
    assert sarif["runs"][0]["tool"]["driver"]["rules"][0]["id"] == "table-without-comment"


def test_nothing_is_left_in_the_project(project: Path) -> None:
    migrasafe(project, "lint")
    assert not list(project.rglob("__pycache__"))


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("1 +", "own.py:1: cannot be imported: SyntaxError: invalid syntax"),
        ("\nraise ValueError('no')", "own.py:2: cannot be imported: ValueError: no"),
        ("import missing_module", "own.py:1: cannot be imported: ModuleNotFoundError: No module named 'missing_module'"),
        ("x = 1", "own.py: has neither RULE nor RULES"),
        ("RULES = [1]", "own.py: RULES must be a tuple of migrasafe.rules.context.Rule"),
        (MODULE.replace("table-without-comment", "Table_x"), "'Table_x' is no id of a rule"),
        (MODULE.replace("table-without-comment", "truncate-table"), "there is a rule truncate-table already"),
        (MODULE.replace("table-without-comment", "other-rule"), "other-rule.md: the page of the rule other-rule is missing"),
        (MODULE.replace("    if stat", "    1 / 0\n    if stat"), "failed at db/V1__orders.sql:1: ZeroDivisionError"),
        (MODULE.replace("        RULE.id,", '        "truncate-table",'), "not a finding of its own"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_module_is_told_in_one_sentence(project: Path, module: str, said: str) -> None:
    (project / "lint_rules/table_without_comment.py").unlink()
    (project / "lint_rules/own.py").write_text(module)
    ran = migrasafe(project, "lint")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert said in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_a_page_that_is_wrong_is_told(project: Path) -> None:
    (project / "lint_rules/table-without-comment.md").write_text(PAGE.replace("warning", "grave", 1))
    ran = migrasafe(project, "lint")
    assert ran.returncode == 2
    assert "lint_rules/table-without-comment.md:5: facts: " in ran.stderr


def test_a_module_that_is_not_there_is_told(project: Path) -> None:
    (project / "migrasafe.toml").write_text('rules = ["gone.py"]\n')
    assert "gone.py: there is no such module or folder (rules, in the config)" in migrasafe(project, "lint").stderr


def test_a_page_that_lies_is_told_example_by_example(project: Path) -> None:
    lying = PAGE.replace("COMMENT ON TABLE orders IS 'one row for each time somebody buys something';\n", "")
    (project / "lint_rules/table-without-comment.md").write_text(lying)
    ran = migrasafe(project, "rules", "--check")
    assert ran.returncode == 1
    assert "bad example 1: prints something else" in ran.stdout
    assert "good example 1, line 1: warning[table-without-comment]" in ran.stdout


def test_the_example_of_the_docs_is_typed(project: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "lint_rules/table_without_comment.py"]
    env = {**os.environ, "MYPYPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)
    assert "table_without_comment.py" not in ran.stdout, ran.stdout
