"""What each statement changes in the schema, in words, as it was when a server agreed.

The statements are those that `tests/postgres/test_evolve_against_server.py` carries out on servers; there it is decided
what is right. Those of histories_begun_late.sql no server would take: they tell of what was there before. Here all of it
is held without one: `pytest --update-pages` writes what changed, to be read as a diff.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrasafe.schema.evolve import evolve
from migrasafe.schema.model import BEFORE_HISTORY, Moment, Ref, Relation, Schema, Sequence, Table, View
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import read_source
from tests.unit.schema.words import changes
from tools.fuzz.promises import contradictions

ON_SERVERS = Path(__file__).parents[2] / "postgres" / "evolve_scripts"
SCRIPTS = sorted(ON_SERVERS.glob("*.sql"))
BEGUN_LATE = Path(__file__).parent / "histories_begun_late.sql"
WORDS = Path(__file__).parent / "in_words"


def schemas(path: Path) -> Iterator[tuple[str, Moment, Schema, Schema]]:
    """Each statement of a script, its number, and the schema before and after it."""
    script = read_script(read_source(path))
    schema = Schema()
    for number, statement in enumerate(script.statements):
        before, moment = schema, Moment(0, 0, number)
        schema = evolve(schema, statement, moment)
        yield script.source.text[statement.span.start : statement.span.end], moment, before, schema


def story(path: Path) -> Iterator[str]:
    """Each statement, and what it changed."""
    for text, moment, before, after in schemas(path):
        yield " ".join(text.split())
        yield from (f"  {line}" for line in changes(before, after, moment))


@pytest.mark.parametrize("path", [*SCRIPTS, BEGUN_LATE], ids=lambda path: path.stem)
def test_each_statement_changes_what_a_server_changed(path: Path, pytestconfig: pytest.Config) -> None:
    page = WORDS / f"{path.stem}.txt"
    told = "".join(f"{line}\n" for line in story(path))
    if pytestconfig.getoption("update_pages"):
        page.write_text(told, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == told


def test_every_script_is_held_in_words_and_nothing_else() -> None:
    assert {page.stem for page in WORDS.iterdir()} == {path.stem for path in (*SCRIPTS, BEGUN_LATE)}


@pytest.mark.parametrize("path", [*SCRIPTS, BEGUN_LATE], ids=lambda path: path.stem)
def test_what_is_kept_beside_the_objects_is_what_they_say(path: Path) -> None:
    for text, _, _, schema in schemas(path):
        assert list(contradictions(schema)) == [], text
        tables = [one for one in schema.relations.values() if isinstance(one, Table)]
        names = Counter(Ref(table.ref.schema, one.name) for table in tables for one in table.constraints)
        assert dict(schema.constraint_names.items()) == names, text
        known = [one for one in tables if one.born != BEFORE_HISTORY]
        granted = Counter((table.ref.schema, table.grants) for table in known if table.partition_of is None)
        kept = {(of, grants): n for of, counted in schema.table_grants.items() for grants, n in counted.items()}
        assert kept == granted or path == BEGUN_LATE, text
        for table in tables:
            default = [one.ref for one in tables if one.partition_of == table.ref and one.bound and one.bound.default]
            found = schema.default_partition(table.ref)
            assert ([] if found is None else [found.ref]) == default, text
        for ref, relation in schema.relations.items():
            assert all(ref in schema.dependents_of(need) for need in leans_on(relation) if need != ref), (text, ref)


def leans_on(relation: Relation) -> set[Ref]:
    """What an object could not do without, as it says itself."""
    match relation:
        case View():
            return {read.relation for read in relation.reads}
        case Table():
            return {one.target for one in relation.constraints if one.target is not None}
        case Sequence():
            return {relation.owned_by.relation} if relation.owned_by is not None else set()
        case _:
            return set()
