"""docs/wishes.md names tests and pages that there are, and answers every wish."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/wishes.md").read_text()
ROWS = [row.split(" | ") for row in re.findall(r"^\| (\d+ \| .*) \|$", PAGE, re.MULTILINE)]


def test_all_25_are_answered() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, 26))
    assert all(re.match(r"(?:done|not applicable|open)\b", row[2]) for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_what_shows_it_is_there(row: list[str]) -> None:
    tests = re.findall(r"`(tests/\S+)::(\w+)`", row[3])
    pages = re.findall(r"\[([\w-]+)\]\((\.\./rules/[\w-]+\.md)\)", row[3])
    assert tests or pages
    for file, name in tests:
        assert f"def {name}(" in (ROOT / file).read_text(), name
    for name, path in pages:
        assert (ROOT / "docs" / path).resolve() == ROOT / f"rules/{name}.md"
        assert (ROOT / f"rules/{name}.md").is_file()
