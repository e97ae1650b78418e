"""What goes from one table to another, into one or out of one, and cannot: words and comments are refused in one sentence."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from migrasafe.cli.commands import cli
from migrasafe.errors import InputError
from migrasafe.plan.changes.model import Ground
from migrasafe.plan.merge import draft_of
from migrasafe.plan.model import Plan
from migrasafe.plan.put_together import put_together
from migrasafe.plan.read.changes import read_changes
from migrasafe.plan.read.hints import Hints
from migrasafe.plan.words.words import WORDS, sql_of
from migrasafe.schema.load import schema_from_script
from migrasafe.schema.model import Schema
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target

SETUP = """
CREATE TYPE money_of AS (amount numeric, currency text);
CREATE TABLE people (id int PRIMARY KEY, name text, born date, tags text[] NOT NULL, total money_of, data jsonb);
CREATE TABLE letters (
  id int PRIMARY KEY, sender int REFERENCES people, receiver int REFERENCES people, name text NOT NULL,
  place int REFERENCES people ON UPDATE CASCADE, later int REFERENCES people DEFERRABLE
);
CREATE TABLE cards (id int PRIMARY KEY REFERENCES people, text text);
CREATE TABLE notes (person int PRIMARY KEY REFERENCES people ON DELETE CASCADE, text text NOT NULL);
"""
COUNT = "-- migrasafe: count letters -> people.letters by {}\nALTER TABLE people ADD letters int DEFAULT 0"


def schema() -> Schema:
    return schema_from_script(read_script(Source(path="schema.sql", text=SETUP)))


def planned(migration: str) -> Plan:
    ground = Ground(schema=schema(), target=Target(pg_version=15, pg_version_assumed=False), id="p")
    script = read_script(Source(path="migration.sql", text=migration))
    return put_together(draft_of(read_changes(script, ground.schema, Hints()), ground), ground)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("json-key", "people.name", "k", "k text"), "is no json and no jsonb"),
        (("json-key", "people.data", "k", "k"), "say the key, and name and type of the column"),
        (("json-key", "people.nothing", "k", "k text"), "the schema has no such column"),
        (("json-key", "people.data", "k", "k interval"), "with an expression that never fails"),
        (("json-key", "people.data", "k", "name text"), "has a column name already"),
        (("count-column", "people.letters", "letters"), "by sender or by receiver or by place or by later"),
        (("count-column", "people.letters", "nothing"), "the schema has no table nothing"),
        (("copy-column", "cards.born", "people.nothing"), "the schema has no such column"),
        (("copy-column", "people.x", "letters.name"), "has no foreign key to public.letters"),
        (("merge-table", "cards", "people"), "has to be ON DELETE CASCADE"),
        (("merge-table", "notes", "people"), "is NOT NULL without a default"),
        (("merge-table", "letters", "people"), "may have several rows for one of public.people"),
        (("many-to-many", "people.name", "links"), "refers to no table that is known"),
        (("array-to-table", "people.name", "links"), "is no array"),
        (("array-to-table", "people.tags", "tags"), "is NOT NULL without a default"),
        (("composite-to-columns", "people.total", "amount"), "has 2 fields, amount, currency"),
        (("composite-to-columns", "people.name", "amount"), "is of no composite type"),
        (("merge-table", "cards"), "is said so: migrasafe plan merge-table TABLE INTO_TABLE"),
    ],
)
def test_words_that_ask_for_what_cannot_be_are_refused(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(InputError) as refused:
        planned(sql_of(words, schema()))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("migration", "said"),
    [
        (COUNT.format("later"), "is DEFERRABLE"),
        (COUNT.format("place"), "is ON UPDATE CASCADE"),
        (COUNT.format("sender").replace(" DEFAULT 0", ""), "needs DEFAULT 0"),
        (
            "-- migrasafe: count letters -> people.letters\nSELECT 1",
            "needs an ALTER TABLE people that adds the column letters",
        ),
        ("-- migrasafe: keep people = cards\nSELECT 1", "is said so: migrasafe: keep TABLE.COLUMN = TABLE.COLUMN"),
        ("-- migrasafe: key 'k' of data -> k\nSELECT 1", "is said so: migrasafe: key 'KEY' of TABLE.COLUMN -> COLUMN"),
        (
            "-- migrasafe: merge cards -> people\nDROP TABLE cards",
            "needs an ALTER TABLE people that adds the columns of cards",
        ),
        ("-- migrasafe: link letters.sender -> links\nSELECT 1", "needs an ALTER TABLE letters that drops sender"),
        ("-- migrasafe: rows people.tags -> t (a, b)\nSELECT 1", "needs an ALTER TABLE people that drops tags"),
    ],
)
def test_comments_that_the_migration_does_not_carry_out_are_refused(migration: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        planned(migration)
    assert said in str(refused.value)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_alone_says_what_follows_it(word: str) -> None:
    said = CliRunner().invoke(cli, ["plan", word], standalone_mode=False).exception
    assert str(said) == f"`{word}` is said so: migrasafe plan {word} {WORDS[word].usage}"


def test_a_column_that_others_move_to_is_added_plain() -> None:
    with pytest.raises(
        InputError, match="add it plain, and plan its default and its constraints when this plan is over"
    ):
        planned(
            "-- migrasafe: move people.born -> notes\nALTER TABLE notes ADD COLUMN born date NOT NULL DEFAULT '2000-01-01';\n"
            "ALTER TABLE people DROP COLUMN born"
        )
