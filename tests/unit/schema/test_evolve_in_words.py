"""What each statement changes in the schema, in words, as it was when a server agreed.

The statements are those that `tests/postgres/test_evolve_against_server.py` carries out on servers; there it is decided
what is right. Here it is held without one: `pytest --update-pages` writes what changed, to be read as a diff.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrasafe.schema.evolve import evolve
from migrasafe.schema.model import Moment, Schema
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import read_source
from tests.unit.schema.words import changes

SCRIPTS = sorted((Path(__file__).parents[2] / "postgres" / "evolve_scripts").glob("*.sql"))
WORDS = Path(__file__).parent / "in_words"


def story(path: Path) -> Iterator[str]:
    """Each statement, and what it changed."""
    script = read_script(read_source(path))
    schema = Schema()
    for number, statement in enumerate(script.statements):
        before, schema = schema, evolve(schema, statement, Moment(0, 0, number))
        yield " ".join(script.source.text[statement.span.start : statement.span.end].split())
        yield from (f"  {line}" for line in changes(before, schema))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_each_statement_changes_what_a_server_changed(path: Path, pytestconfig: pytest.Config) -> None:
    page = WORDS / f"{path.stem}.txt"
    told = "".join(f"{line}\n" for line in story(path))
    if pytestconfig.getoption("update_pages"):
        page.write_text(told, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == told


def test_every_script_is_held_in_words_and_nothing_else() -> None:
    assert {page.stem for page in WORDS.iterdir()} == {path.stem for path in SCRIPTS}
