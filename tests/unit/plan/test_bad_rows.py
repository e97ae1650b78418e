"""What is decided about values that do not convert is read strictly, and fits the column."""

from __future__ import annotations

import pytest

from migrasafe.errors import InputError
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.conversion.bad_rows import SAID, BadRows, Decision, bad_rows_of
from migrasafe.plan.merge import draft_of
from migrasafe.plan.read.changes import read_changes
from migrasafe.plan.read.hints import hints_of
from migrasafe.schema.load import schema_from_script
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target

SCHEMA = schema_from_script(
    read_script(
        Source(
            path="",
            text="CREATE TABLE people (id int PRIMARY KEY, born text, age text NOT NULL); CREATE TABLE logs (n text)",
        )
    )
)


def planned(migration: str, *bad_rows: str, up: str | None = None, down: str | None = None) -> Draft:
    ground = Ground(schema=SCHEMA, target=Target(pg_version=15, pg_version_assumed=False), id="r1")
    script = read_script(Source(path="m.sql", text=migration))
    return draft_of(read_changes(script, SCHEMA, hints_of(bad_rows=bad_rows, up=up, down=down)), ground)


def test_nothing_said_stops_at_what_does_not_convert_and_takes_the_rest_as_it_is() -> None:
    assert bad_rows_of([]) == BadRows()
    made = bad_rows_of(["unreadable=default:0", "lossy=reject"])
    assert (made.unreadable.decision, made.lossy.decision) == (Decision.DEFAULT, Decision.REJECT)


@pytest.mark.parametrize(
    "text",
    ["reject", "unreadable", "unreadable=accept", "lossy=default", "lossy=null:1", "odd=null", "lossy=default:1 +"],
)
def test_what_cannot_be_decided_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(InputError) as refused:
        bad_rows_of([text])
    assert str(refused.value) == f"{SAID}, not {text!r}"


def test_the_default_is_in_the_conversion() -> None:
    made = planned("ALTER TABLE people ALTER age TYPE int", "unreadable=default:0")
    (job,) = next(phase for phase in made.phases if phase.backfills).backfills
    assert "THEN 0 ELSE" in job.assignments[0]


@pytest.mark.parametrize(
    ("migration", "bad_rows", "up", "said"),
    [
        (
            "ALTER TABLE people ALTER age TYPE int",
            "unreadable=null",
            None,
            "public.people.age is NOT NULL: decide default",
        ),
        ("ALTER TABLE logs ALTER n TYPE int", "lossy=reject", None, "public.logs has no primary key"),
        (
            "ALTER TABLE people ALTER born TYPE int USING born::int * 2",
            "lossy=stop",
            None,
            "say beside `born::int * 2`",
        ),
        ("ALTER TABLE people ALTER born TYPE int", "lossy=stop", "length(born)", "say beside `length(born)`"),
    ],
)
def test_what_does_not_fit_the_column_is_refused(migration: str, bad_rows: str, up: str | None, said: str) -> None:
    with pytest.raises(NoPlanError) as refused:
        planned(migration, bad_rows, up=up)
    assert said in str(refused.value)
