"""What steps cost, from the sizes of tables; and which version of the app is alive when."""

from __future__ import annotations

import pytest

from migrasafe.plan.estimates import HOW
from migrasafe.plan.model import Estimate, Plan
from migrasafe.plan.output.timeline import bars, seconds_of
from migrasafe.plan.output.write_plan import PAGE, PLAN, RUNBOOK, plan_files, read_plan
from migrasafe.schema.sizes import TableSize
from tests.unit.plan.test_plans_lint_clean import planned, schema

USERS = TableSize(
    table="public.users",
    rows=1_000_000,
    is_analyzed=True,
    heap_bytes=200 * 2**20,
    index_bytes=20 * 2**20,
    indexes=1,
    widths=(("name", 20), ("email", 44)),
)


def estimates(plan: Plan) -> list[Estimate | None]:
    return [step.estimate for step in plan.steps]


def test_a_step_without_work_costs_nothing_that_could_be_estimated() -> None:
    assert estimates(planned("add users.x int", 15, [USERS])) == [None]


def test_an_index_is_as_big_as_its_keys() -> None:
    (narrow,) = estimates(planned("index users.name", 15, [USERS]))
    (wide,) = estimates(planned("index users.name,email", 15, [USERS]))
    assert narrow is not None and wide is not None
    assert wide.wal_bytes - narrow.wal_bytes == pytest.approx(44 * USERS.rows / 0.9, rel=0.01)
    assert (narrow.wal_bytes, narrow.rows) == (narrow.disk_bytes, USERS.rows)
    assert narrow.seconds == pytest.approx(2 * 2 + 4)  # two scans of 200 MB, a million entries


def test_a_scan_takes_its_time_and_writes_nothing() -> None:
    found = [one for one in estimates(planned("check users age>0", 15, [USERS])) if one is not None]
    assert [(one.seconds, one.wal_bytes) for one in found] == [(2.0, 0)]


def test_a_backfill_is_estimated_for_all_rows() -> None:
    plan = planned("rename users.name full_name", 15, [USERS])
    (job,) = [job for phase in plan.phases for job in phase.backfills]
    assert job.estimate is not None
    assert (job.estimate.rows, job.estimate.seconds) == (USERS.rows, 100.0)
    assert job.estimate.wal_bytes > USERS.heap_bytes


def test_a_table_without_rows_costs_next_to_nothing() -> None:
    empty = TableSize(table="public.users", rows=0, is_analyzed=True, heap_bytes=0, index_bytes=8192, indexes=1)
    for one in estimates(planned("rename users.name full_name", 15, [empty])):
        assert one is None or (one.seconds, one.wal_bytes) == (0, 0)


def test_the_documents_say_what_was_estimated_and_how() -> None:
    plan = planned("index users.name", 15, [USERS])
    files = plan_files(plan, schema())
    for name in (RUNBOOK, PAGE):
        assert "about 8.0 s, 38 MB of WAL, 38 MB of disk" in files[name]
        assert "1,000,000" in files[name]
        assert HOW[0] in files[name]
    assert read_plan(files[PLAN], "plan.json").plan.steps[0].estimate == plan.steps[0].estimate
    assert "How big the tables are" not in plan_files(planned("index users.name", 15), schema())[RUNBOOK]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("rename users.name full_name", [("old", 1, 5), ("new", 5, 6)]),
        ("rename users.name full_name --way app", [("old", 1, 2), ("new", 2, 6)]),
        ("drop users.email", [("old", 1, 1), ("new", 1, 2)]),
        ("index users.name", [("old", 1, 1)]),
    ],
)
def test_the_timeline_shows_who_is_alive(change: str, expected: list[tuple[str, int, int]]) -> None:
    plan = planned(change, 15, [USERS])
    assert [(bar.kind, bar.first, bar.last) for bar in bars(plan)] == expected
    assert all(seconds_of(plan, phase.name) >= 0 for phase in plan.phases)
