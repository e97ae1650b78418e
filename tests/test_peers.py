"""Every check of other linters that docs/peers.md lists is found here by the rule that it names, or left out on purpose."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from migrasafe.rules.page import Block
from migrasafe.rules.registry import RULES
from tests.pages import lint_after

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "peers.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (?P<check>[^|]+) \| `(?P<example>[^`]+)` \| (?P<rule>[^|]+) \|$", re.MULTILINE)
ROWS = [(row["check"].strip(), row["example"], row["rule"].strip()) for row in ROW.finditer(PAGE)]
KNOWN = {rule.id for rule in RULES}
OUTSIDE = ("VACUUM", "ALTER SYSTEM", "DROP DATABASE", "BEGIN")


def given() -> list[Block]:
    match = re.search(r"^```sql\n(?P<sql>.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert match is not None
    return [Block(language="sql", words=frozenset(), text=match["sql"], span=match.span("sql"))]


@pytest.mark.parametrize(("check", "example", "rule"), ROWS, ids=[check for check, _, _ in ROWS])
def test_what_another_linter_checks_is_found_or_left_out_on_purpose(check: str, example: str, rule: str) -> None:
    alone = example.startswith(OUTSIDE) and ";" not in example
    linted = lint_after(given(), example + ";", pg_version=17, in_transaction=not alone)
    found = {finding.rule for finding in linted.findings}
    if rule.startswith("– "):
        assert len(rule) > 4, "say why"
        assert found <= {"missing-lock-timeout", "foreign-key-without-index", "cannot-run-in-transaction"} | OFF
    else:
        assert rule in KNOWN
        assert rule in found


OFF = {rule.id for rule in RULES if not rule.default}


def test_the_page_lists_every_check_of_squawk_once() -> None:
    names = [check for check, _, _ in ROWS if re.fullmatch(r"[a-z]+(-[a-z]+)+", check)]
    assert len(names) == len(set(names)) == 77


def test_every_row_of_the_page_is_read() -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| check", "|---"))]
    assert len(lines) == len(ROWS)
