"""What cannot follow a column to the one that takes its place is refused before anything runs, not at the last step."""

from __future__ import annotations

import pytest

from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.merge import draft_of
from migrasafe.plan.read.changes import read_changes
from migrasafe.plan.read.hints import Hints
from migrasafe.schema.load import schema_from_script
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target

SETUP = """
CREATE TABLE items (
  id int PRIMARY KEY, size int, title varchar(10), double int GENERATED ALWAYS AS (size * 2) STORED, code int, note varchar(5)
);
CREATE MATERIALIZED VIEW codes AS SELECT code FROM items;
CREATE VIEW over_codes AS SELECT code FROM codes;
CREATE MATERIALIZED VIEW over_those AS SELECT code FROM over_codes;
CREATE POLICY mine ON items USING (note <> '');
"""
TRIGGER = """
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER on_note BEFORE UPDATE OF note ON items FOR EACH ROW EXECUTE FUNCTION f();
"""
STAR = "CREATE VIEW all_of_it AS SELECT * FROM items;"


def planned(migration: str, setup: str = SETUP) -> Draft:
    schema = schema_from_script(read_script(Source(path="", text=setup)))
    ground = Ground(schema=schema, target=Target(pg_version=15, pg_version_assumed=False), id="r1")
    return draft_of(read_changes(read_script(Source(path="m.sql", text=migration)), schema, Hints()), ground)


@pytest.mark.parametrize(
    ("migration", "setup", "said"),
    [
        ("ALTER TABLE items ALTER size TYPE bigint", SETUP, "the generated column double of public.items reads size"),
        ("ALTER TABLE items ALTER code TYPE bigint", SETUP, "the materialized view public.codes reads the column"),
        ("ALTER TABLE items ALTER title TYPE text", SETUP + STAR, "the view public.all_of_it cannot be made again"),
        ("ALTER TABLE items ALTER note TYPE text", SETUP + TRIGGER, "the trigger on_note of public.items names note"),
    ],
)
def test_what_cannot_follow_is_refused(migration: str, setup: str, said: str) -> None:
    with pytest.raises(NoPlanError) as refused:
        planned(migration, setup)
    assert said in str(refused.value)
