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


def test_it_is_said_that_parts_of_a_foreign_key_stay_marked_as_unchecked() -> None:
    given = "CREATE TABLE days (day int PRIMARY KEY, note text); CREATE TABLE visits (id int, day int REFERENCES days);"
    wanted = (
        "ALTER TABLE days RENAME TO days_before; CREATE TABLE days (LIKE days_before INCLUDING ALL) PARTITION BY RANGE (day);"
        " CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM (0) TO (100);"
        " INSERT INTO days SELECT * FROM days_before; DROP TABLE days_before CASCADE;"
    )
    schema = schema_from_script(read_script(Source(path="given.sql", text=given)))
    script = read_script(Source(path="migration.sql", text=wanted))
    said = {}
    for major in (17, 18):
        ground = Ground(schema=schema, target=Target(pg_version=major, pg_version_assumed=False), id="r1")
        said[major] = " ".join(draft_of(read_changes(script, schema, Hints()), ground).differs)
    assert "visits_day_fkey of public.visits is checked for every row" in said[17]
    assert "visits_day_fkey" not in said[18]
