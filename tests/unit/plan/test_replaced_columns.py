"""Split, merge and convert: what people say, and what is refused."""

from __future__ import annotations

import pytest

from migrasafe.errors import InputError
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.merge import draft_of
from migrasafe.plan.read.changes import read_changes
from migrasafe.plan.read.hints import hints_of
from migrasafe.plan.words.words import sql_of
from migrasafe.schema.load import schema_from_script
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target

SCHEMA = schema_from_script(
    read_script(
        Source(path="", text='CREATE TABLE people (id int PRIMARY KEY, name varchar(80), "Nick" text, price numeric);')
    )
)


def planned(migration: str, up: str | None = None, down: str | None = None) -> Draft:
    ground = Ground(schema=SCHEMA, target=Target(pg_version=15, pg_version_assumed=False), id="r1")
    script = read_script(Source(path="m.sql", text=migration))
    return draft_of(read_changes(script, SCHEMA, hints_of(way=None, up=up, down=down)), ground)


@pytest.mark.parametrize(
    ("words", "sql"),
    [
        (
            ("split", "people.name", "first,last"),
            "-- migrasafe: replace people.name -> first, last\n"
            "ALTER TABLE people ADD COLUMN first varchar(80), ADD COLUMN last varchar(80), DROP COLUMN name",
        ),
        (
            ("merge", 'people.name,"Nick"', "called text"),
            '-- migrasafe: replace people.name, "Nick" -> called\n'
            'ALTER TABLE people ADD COLUMN called text, DROP COLUMN name, DROP COLUMN "Nick"',
        ),
        (
            ("convert", "people.price", "cents numeric(12, 0) DEFAULT 0"),
            "-- migrasafe: replace people.price -> cents\n"
            "ALTER TABLE people ADD COLUMN cents numeric(12, 0) DEFAULT 0, DROP COLUMN price",
        ),
    ],
)
def test_words_are_the_migration_that_somebody_would_have_written(words: tuple[str, ...], sql: str) -> None:
    assert sql_of(words, SCHEMA) == sql


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("split", "people.name", "first"), "say the columns that it is split into"),
        (("merge", "people.name", "called"), "say the columns that are merged"),
        (("split", "people.title", "a,b"), "the type of people.title is not known: say what type a has"),
        (("convert", "people.name,price", "cents int"), "is about one column"),
    ],
)
def test_words_that_say_too_little_get_one_sentence(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(InputError, match=said):
        sql_of(words, SCHEMA)


SPLIT = sql_of(("split", "people.name", "first,last"), SCHEMA)


@pytest.mark.parametrize(
    ("migration", "up", "down", "said"),
    [
        (SPLIT, None, None, '--up "first = …, last = …"'),
        (SPLIT, "first = name", "name = first", "what first, last is worked out from"),
        (SPLIT, "first = name, last = nick", "name = first", "--up for last may read name only, not nick"),
        (SPLIT, "first = name, last = name", None, '--down "name = …"'),
        (
            SPLIT.replace("people.name", "people.id").replace("N name", "N id"),
            "first = id",
            "id = 1",
            "in the primary key",
        ),
        ("-- migrasafe: replace people.name -> x\nALTER TABLE people ADD x text", None, None, "one that drops name"),
        ("-- migrasafe: replace name -> x\nSELECT 1", None, None, "is said so: migrasafe: replace TABLE"),
        (
            SPLIT + "; UPDATE people SET first = name WHERE id > 7",
            None,
            None,
            "two changes of the migration are about public.people.name",
        ),
    ],
)
def test_what_cannot_be_planned_is_said_in_one_sentence(
    migration: str, up: str | None, down: str | None, said: str
) -> None:
    with pytest.raises(NoPlanError) as refused:
        planned(migration, up, down)
    assert said in str(refused.value)


def test_a_hint_that_is_neither_a_value_nor_a_list_is_refused() -> None:
    with pytest.raises(InputError, match="--up"):
        hints_of(way=None, up="first = , last", down=None)


def test_an_update_of_the_migration_says_how_values_are_converted() -> None:
    made = planned(SPLIT + "; UPDATE people SET first = split_part(name, ' ', 1), last = name", down="name = last")
    (job,) = next(phase for phase in made.phases if phase.backfills).backfills
    assert job.assignments == (
        "first = (split_part(name, ' ', 1))::varchar(80)",
        "last = (name)::varchar(80)",
    )


def test_a_person_is_told_how_to_count_the_rows_that_lose_something() -> None:
    made = planned(SPLIT, "first = name, last = NULL", "name = upper(first)")
    assert any("upper(name::varchar(80))" in one for one in made.by_hand)
