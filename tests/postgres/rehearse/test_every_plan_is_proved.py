"""What the planner plans, a rehearsal proves: every change of the plan tests, on every major version."""

from __future__ import annotations

import pytest

from tests.postgres.plans.test_plans_under_traffic import CASES, SETUP
from tests.postgres.rehearse.rehearsals import planned, rehearsed, told
from tests.postgres.servers import Database

IN_EVERY_RUN = ("rename a column, view", "a foreign key", "not null, filled in")


def proved(database: Database, name: str) -> None:
    case = CASES[name]
    evidence = rehearsed(database, SETUP, planned(database, SETUP, case.migration, case.hints), rows=200)
    assert told(evidence) == []


@pytest.mark.parametrize("name", IN_EVERY_RUN)
def test_it_is_proved(database: Database, name: str) -> None:
    proved(database, name)


@pytest.mark.soak
@pytest.mark.parametrize("name", CASES)
def test_every_one_is_proved(each_major: int, database: Database, name: str) -> None:
    proved(database, name)
