"""What compat says about each change in tests/postgres, word by word.

Servers decide there what breaks; here the sentences are held, and the places that they name, without a server:
`pytest --update-pages` writes them, to be read as a diff.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrasafe.app.verdict import Breakage
from tests.changes import FOLDER, Change, judged, read_changes
from tests.pages_in_words import holds, holds_all

WORDS = Path(__file__).parent / "in_words"
CHANGES = {path.stem: {change.about: change for change in read_changes(path.name)} for path in FOLDER.glob("*.sql")}


def told(change: Change) -> Iterator[str]:
    verdict = judged(change)
    yield f"{verdict.deploy.value}: {verdict.why}"
    for version, seen in (("old", verdict.old), ("new", verdict.new)):
        yield f"{version}: {seen.before.value} → {seen.after.value}"
    for one in verdict.breakages:
        yield from _breakage(one)
    for subscriber in verdict.subscribers:
        side = "before" if subscriber.first else "after"
        yield f"* subscribers of {subscriber.publication} {side}, {subscriber.table}: {subscriber.message}"
        yield f"    do: {subscriber.do}"
    yield from (f"* not understood: {text}" for text in verdict.not_understood)


def _breakage(one: Breakage) -> Iterator[str]:
    side = "before" if one.before else "after"
    place = f"{one.location.line}:{one.location.column}"
    yield f"* {one.version.value} {side}, {one.weight.value}, {one.sqlstate or 'no error'}: {one.message}"
    yield f"    {place} {one.object or '–'} {one.name or '–'}" + (f" through {one.through}" if one.through else "")
    for what, text in (("help", one.help), ("instead", one.rewrite)):
        if text:
            yield f"    {what}: {' '.join(text.split())}"


@pytest.mark.parametrize(("page", "about"), [(page, about) for page, of in sorted(CHANGES.items()) for about in of])
def test_each_change_is_told_in_these_words(page: str, about: str, pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("update_pages"):
        holds(WORDS / f"{page}.txt", about, told(CHANGES[page][about]))


@pytest.mark.parametrize("page", sorted(CHANGES))
def test_every_change_is_told_once(page: str, pytestconfig: pytest.Config) -> None:
    words = {about: told(change) for about, change in CHANGES[page].items()}
    assert len(words) == len(read_changes(f"{page}.sql"))
    holds_all(WORDS / f"{page}.txt", words, update=pytestconfig.getoption("update_pages"))
