"""What a table that takes another's place brings along, where only the plan has to be looked at."""

from __future__ import annotations

from migrasafe.plan.changes.model import Ground
from migrasafe.plan.merge import draft_of
from migrasafe.plan.read.changes import read_changes
from migrasafe.plan.read.hints import Hints
from migrasafe.schema.load import schema_from_script
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target

GIVEN = """
CREATE TABLE people (id int PRIMARY KEY, name text);
CREATE TABLE visits (id int, day int, person int REFERENCES people) PARTITION BY RANGE (day);
CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (0) TO (100);
"""


def test_a_foreign_key_of_a_partition_goes_and_comes_with_that_of_the_whole() -> None:
    schema = schema_from_script(read_script(Source(path="given.sql", text=GIVEN)))
    script = read_script(Source(path="migration.sql", text="VACUUM FULL people"))
    ground = Ground(schema=schema, target=Target(pg_version=18, pg_version_assumed=False), id="r1")
    draft = draft_of(read_changes(script, schema, Hints()), ground)
    statements = [text for phase in draft.phases for step in phase.steps for text in step.statements]
    dropped = [text for text in statements if "DROP CONSTRAINT" in text]
    assert dropped == ["ALTER TABLE public.visits DROP CONSTRAINT visits_person_fkey"]
