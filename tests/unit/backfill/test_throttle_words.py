"""What the parts of the throttle tell others: names of gauges, subjects of reasons, defaults of checks."""

from __future__ import annotations

import pytest

from migrasafe.backfill.throttle.checks import CheckSeen, checks_from, judge
from migrasafe.backfill.throttle.duty import RAISED_BELOW, Duty, Load, Strain, judged, sessions_strain
from migrasafe.backfill.throttle.gates import flag_waits, lost_wait
from migrasafe.backfill.throttle.gauges import gauges
from migrasafe.backfill.throttle.limits import Limits
from tests.unit.backfill.seen import state


def test_gauges_have_the_names_that_are_watched() -> None:
    assert [one.name for one in gauges(state(), Limits(), 0.0)] == [
        "duty", "commit_seconds", "usual_commit_seconds", "active_sessions", "blocked_sessions", "wal_bytes_per_row",
        "wal_bytes_per_second",
    ]  # fmt: skip


def test_a_flag_file_is_its_own_subject_and_a_lost_signal_says_what_gives_it_up() -> None:
    (reason,) = flag_waits(["/stop"])
    assert (reason.subject, reason.until) == ("/stop", "until somebody removes /stop")
    assert lost_wait("lag", "gone", "").until == "until it can be read again"
    assert lost_wait("lag", "gone", "max_lag=off").until == "until it can be read again, or max_lag=off is set"


def test_a_fixed_size_is_a_target_whose_ends_meet() -> None:
    target = Limits(batch_rows=700, target_time=0.4).target
    assert (target.seconds, target.first_rows, target.floor_rows, target.most_rows) == (0.4, 700, 700, 700)


def test_a_url_is_asked_with_head_where_nothing_else_is_said() -> None:
    (check,) = checks_from({"http.load.url": "http://localhost/", "http.load.every": "5s"}, "job")
    assert check.method == "HEAD"


@pytest.mark.parametrize(("value", "waits"), [(2.0, True), (3.0, False), (9.0, False), (9.1, True)])
def test_a_check_is_fine_from_its_min_to_its_max(value: float, waits: bool) -> None:
    settings = {"sql.queue.query": "SELECT 1", "sql.queue.min": "3", "sql.queue.max": "9"}
    (check,) = checks_from(settings, "job")
    assert (judge(check, CheckSeen(value=value), "5s") is not None) is waits


def test_more_sessions_than_usual_are_a_strain_of_that_name() -> None:
    strain = sessions_strain(Load(sessions=(8,) * 10, usual_sessions=(2,) * 10))
    assert strain is not None
    assert (strain.signal, strain.value, strain.usual) == ("active-sessions", 8.0, 2.0)


def test_the_duty_is_raised_only_below_the_mark() -> None:
    duty = Duty(share=0.5, changed_at=0.0, lowered_at=None)
    for used, raised in ((RAISED_BELOW, False), (RAISED_BELOW - 0.01, True)):
        strain = Strain(signal="x", value=used, usual=0.0, limit=1.0)
        assert (judged(duty, [strain], 1.0, alone=False).share > 0.5) is raised
