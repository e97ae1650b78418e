"""Plans of another default, where only the plan has to be looked at."""

from __future__ import annotations

from migrasafe.plan.changes.model import Ground
from migrasafe.plan.merge import draft_of
from migrasafe.plan.read.changes import read_changes
from migrasafe.plan.read.hints import Hints
from migrasafe.schema.load import schema_from_script
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target


def test_a_default_of_null_is_none_as_the_server_takes_it() -> None:
    given = "CREATE TABLE people (id int PRIMARY KEY, name text DEFAULT 'anon');"
    schema = schema_from_script(read_script(Source(path="given.sql", text=given)))
    script = read_script(Source(path="m.sql", text="ALTER TABLE people ALTER COLUMN name SET DEFAULT NULL"))
    ground = Ground(schema=schema, target=Target(pg_version=15, pg_version_assumed=True), id="r1")
    (step,) = [step for phase in draft_of(read_changes(script, schema, Hints()), ground).phases for step in phase.steps]
    assert step.statements == ("ALTER TABLE public.people ALTER COLUMN name DROP DEFAULT",)
    assert step.done is not None and "NOT" in step.done
