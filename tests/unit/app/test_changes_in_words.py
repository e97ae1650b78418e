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

FILES = sorted(path.name for path in FOLDER.glob("*.sql"))


def told(change: Change) -> Iterator[str]:
    verdict = judged(change)
    yield f"## {change.about}"
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
    yield ""


def _breakage(one: Breakage) -> Iterator[str]:
    side = "before" if one.before else "after"
    place = f"{one.location.line}:{one.location.column}"
    yield f"* {one.version.value} {side}, {one.weight.value}, {one.sqlstate or 'no error'}: {one.message}"
    yield f"    {place} {one.object or '–'} {one.name or '–'}" + (f" through {one.through}" if one.through else "")
    for what, text in (("help", one.help), ("instead", one.rewrite)):
        if text:
            yield f"    {what}: {' '.join(text.split())}"


@pytest.mark.parametrize("name", FILES)
def test_each_change_is_told_in_these_words(name: str, pytestconfig: pytest.Config) -> None:
    page = Path(__file__).parent / "in_words" / Path(name).with_suffix(".txt")
    words = "".join(f"{line}\n" for change in read_changes(name) for line in told(change))
    if pytestconfig.getoption("update_pages"):
        page.write_text(words, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == words
