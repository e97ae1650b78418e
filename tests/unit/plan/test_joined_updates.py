"""UPDATE … FROM: what it looks up, row by row, and what keeps the rows of the old version filled."""

from __future__ import annotations

import pytest

from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.model import Backfill, PhaseName, Plan
from tests.unit.plan.test_read_changes import planned

ADDED = "ALTER TABLE users ADD COLUMN team text; "


def job(plan: Plan) -> Backfill:
    (found,) = (one for phase in plan.phases for one in phase.backfills)
    return found


@pytest.mark.parametrize(
    "update",
    [
        "UPDATE users SET team = teams.title FROM teams WHERE teams.id = users.team_id",
        "UPDATE users SET team = title FROM teams t WHERE team_id = t.id",
        "UPDATE users u SET team = t.title FROM teams AS t WHERE u.team_id = t.id AND true",
        "UPDATE users SET team = o.title FROM teams t JOIN teams o ON o.id = t.id WHERE t.id = users.team_id",
        "UPDATE users SET team = s.t FROM (SELECT id AS k, max(title) AS t FROM teams GROUP BY id) s WHERE s.k = team_id",
    ],
)
def test_a_value_of_another_table_is_looked_up_by_its_key(update: str) -> None:
    wanted = job(planned(ADDED + update))
    assert wanted.table == "public.users"
    assert "(SELECT " in wanted.assignments[0]
    assert "users.team_id" in wanted.assignments[0]
    assert "EXISTS (SELECT 1 FROM" in wanted.where


@pytest.mark.parametrize(
    ("update", "why"),
    [
        ("UPDATE users SET name = t.title FROM teams t WHERE t.title = users.name", "no key of t that is asked for"),
        ("UPDATE users SET name = t.title FROM teams t", "no key of t that is asked for"),
        ("UPDATE users SET name = t.title FROM teams t, teams o WHERE t.id = team_id", "no key of o"),
        ("UPDATE users SET name = t.title FROM (SELECT * FROM teams) t WHERE t.id = team_id", "by GROUP BY"),
        ("UPDATE users SET name = t FROM generate_series(1, 2) t", "more than tables, sub-selects"),
        ("WITH t AS (SELECT 1) UPDATE users SET name = '' FROM t", "it has a WITH clause"),
        ("UPDATE users u SET name = users.name FROM users WHERE users.id = u.id", "calls another table users, too"),
    ],
)
def test_where_several_rows_could_meet_one_it_is_refused(update: str, why: str) -> None:
    with pytest.raises(NoPlanError, match=why) as refused:
        planned(update)
    assert "say each value as a sub-select" in str(refused.value)


def test_what_fills_a_new_column_does_so_in_what_the_old_version_writes_meanwhile() -> None:
    plan = planned(ADDED + "UPDATE users SET team = t.title FROM teams t WHERE t.id = users.team_id")
    assert [one.name for one in plan.phases] == [
        PhaseName.EXPAND,
        PhaseName.DUAL_WRITE,
        PhaseName.BACKFILL,
        PhaseName.VERIFY,
        PhaseName.SWITCH,
        PhaseName.CONTRACT,
    ]
    _, function, _ = plan.phases[1].steps[0].statements
    assert "WHERE t.id = new.team_id" in function
    assert "new.t" not in function.replace("new.team", "")


def test_what_changes_an_old_column_fills_in_nothing() -> None:
    plan = planned("UPDATE users SET name = lower(email) WHERE name IS NULL")
    assert [one.name for one in plan.phases] == [PhaseName.BACKFILL, PhaseName.VERIFY]
