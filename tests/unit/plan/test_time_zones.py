"""timestamp → timestamptz: the time zone is asked for, never taken from whoever runs the migration."""

from __future__ import annotations

import pytest

from migrasafe.errors import InputError
from migrasafe.plan.changes.model import Draft, Ground
from migrasafe.plan.merge import draft_of
from migrasafe.plan.model import PhaseName
from migrasafe.plan.read.changes import read_changes
from migrasafe.plan.read.hints import hints_of
from migrasafe.schema.load import schema_from_script
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target

SCHEMA = schema_from_script(
    read_script(Source(path="", text="CREATE TABLE events (id int PRIMARY KEY, at timestamp, ends timestamptz);"))
)
CHANGE = "ALTER TABLE events ALTER at TYPE timestamptz"


def planned(migration: str, time_zone: str | None = None, up: str | None = None, down: str | None = None) -> Draft:
    ground = Ground(schema=SCHEMA, target=Target(pg_version=15, pg_version_assumed=False), id="r1")
    script = read_script(Source(path="m.sql", text=migration))
    return draft_of(read_changes(script, SCHEMA, hints_of(time_zone=time_zone, up=up, down=down)), ground)


@pytest.mark.parametrize(
    ("migration", "zone", "said"),
    [
        (CHANGE, None, "which time zone do the times of public.events.at belong to"),
        (f"{CHANGE} USING at::timestamptz", None, "which time zone"),
        (CHANGE, "Europe/Berln", "did you mean Europe/Berlin?"),
    ],
)
def test_a_zone_that_is_missing_or_unknown_is_refused(migration: str, zone: str | None, said: str) -> None:
    with pytest.raises(InputError) as refused:
        planned(migration, zone)
    assert said in str(refused.value)


def test_the_zone_of_using_is_that_of_the_way_back_too() -> None:
    made = planned(f"{CHANGE} USING at AT TIME ZONE 'Asia/Tokyo'")
    functions = "\n".join(text for phase in made.phases for step in phase.steps for text in step.statements)
    assert "(new.at AT TIME ZONE 'Asia/Tokyo')::timestamptz" in functions
    assert "(new.at__ms_new AT TIME ZONE 'Asia/Tokyo')::timestamp" in functions
    assert any("ALTER ROLE … SET timezone = 'Asia/Tokyo'" in one for one in made.by_hand)
    assert any("leave out in spring" in one for one in made.assumed)


def test_utc_changes_in_place_under_the_time_zone_of_utc() -> None:
    (phase,) = planned(CHANGE, "UTC").phases
    assert phase.name is PhaseName.EXPAND
    assert phase.steps[0].statements[0] == "SET LOCAL timezone = 'UTC'"


def test_the_other_direction_goes_through_a_zone_as_well() -> None:
    made = planned("ALTER TABLE events ALTER ends TYPE timestamp", "Europe/Berlin")
    (job,) = next(phase for phase in made.phases if phase.backfills).backfills
    assert job.assignments == ("ends__ms_new = (ends AT TIME ZONE 'Europe/Berlin')::timestamp",)
