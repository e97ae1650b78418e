"""Pages that hold in words what the code says: a section for each case, so that each is a test of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

_TITLE = "## "


@cache
def _sections(page: Path) -> Mapping[str, str]:
    _, *parts = f"\n{page.read_text(encoding='utf-8')}".split(f"\n{_TITLE}")
    return {title: text.strip("\n") for title, _, text in (part.partition("\n") for part in parts)}


def holds(page: Path, title: str, lines: Iterable[str]) -> None:
    """Whether the section of this title says these lines."""
    assert "\n".join(lines) == _sections(page).get(title)


def holds_all(page: Path, told: Mapping[str, Iterable[str]], *, update: bool) -> None:
    """Whether the sections of a page are these and no others, in this order; `update`: they are written."""
    if update:
        sections = ("\n".join([f"{_TITLE}{title}", *lines, ""]) for title, lines in told.items())
        page.write_text("\n".join(sections), encoding="utf-8")
        _sections.cache_clear()
    assert list(_sections(page)) == list(told)
