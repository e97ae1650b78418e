"""What the parts of the throttle tell others: names of gauges, subjects of reasons, defaults of checks."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from migrasafe.backfill.throttle.checks import CheckSeen, checks_from, judge
from migrasafe.backfill.throttle.duty import RAISED_BELOW, Duty, Load, Strain, judged, sessions_strain
from migrasafe.backfill.throttle.gates import flag_waits, lost_wait
from migrasafe.backfill.throttle.gauges import gauges
from migrasafe.backfill.throttle.limits import Limits
from migrasafe.backfill.throttle.state import first_state, saw_standby, saw_upkeep, upkeep_is_due
from migrasafe.backfill.throttle.windows import windows_from
from migrasafe.errors import ConfigError
from migrasafe.postgres.figures.load_signals import AuroraReplicaSeen, Lost, StandbySeen
from tests.unit.backfill.seen import MB, primary, slot, state, upkeep


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


@pytest.mark.parametrize(
    ("signal", "is_due"),
    [
        ("archive-backlog", True), ("wraparound-vacuum", True), ("autovacuum", True), ("old-transaction", True),
        ("old-xmin", True), ("signal-lost", True), ("replica-lag", False), ("slot-wal", False),
    ],
)  # fmt: skip
def test_what_changes_slowly_is_looked_at_once_a_second_and_always_while_it_holds_batches_back(
    signal: str, *, is_due: bool
) -> None:
    fresh = state()
    assert [upkeep_is_due(fresh, now) for now in (0.0, 0.9, 1.0)] == [False, False, True]
    assert upkeep_is_due(replace(fresh, upkeep=Lost(why="gone")), 0.0)
    assert upkeep_is_due(replace(fresh, held=frozenset({(signal, "x")})), 0.0) is is_due


def test_every_gauge_tells_its_number() -> None:
    of = replace(
        state(None, primary(lsn=5 * MB, slots=(slot("used", restart_lsn=MB), slot("ahead", restart_lsn=9 * MB),
                                               slot("new", restart_lsn=None)))),
        load=Load(beats=(0.004, 0.001, 0.009), usual_beats=(0.002, 0.001, 0.003), sessions=(4, 5, 7)),
        blocked_since={7: 0.0, 8: 0.0},
    )  # fmt: skip
    found = {(one.name, one.subject): one.value for one in gauges(of, Limits(nice=0.4), 0.0)}
    assert found == {
        ("duty", ""): 0.6, ("commit_seconds", ""): 0.004, ("usual_commit_seconds", ""): 0.002, ("active_sessions", ""): 7,
        ("blocked_sessions", ""): 2.0, ("wal_bytes_per_row", ""): None, ("wal_bytes_per_second", ""): 0.0,
        ("slot_wal_bytes", "used"): 4 * MB, ("slot_wal_bytes", "ahead"): 0,
    }  # fmt: skip


def test_a_gauge_without_a_number_tells_none() -> None:
    names = {one.name: one.value for one in gauges(first_state(Limits()), Limits(), 0.0)}
    assert {name for name, value in names.items() if value is None} == {
        "commit_seconds", "usual_commit_seconds", "active_sessions", "wal_bytes_per_row",
    }  # fmt: skip
    lost = state(None, primary(slots=Lost(why="hidden")), kept=upkeep(archiver=Lost(why="hidden")))
    assert not {"slot_wal_bytes", "archive_backlog_segments"} & {one.name for one in gauges(lost, Limits(), 0.0)}


def test_a_reader_of_aurora_has_a_lag_and_a_replica_that_is_away_has_none() -> None:
    told = saw_upkeep(state(), Limits(), upkeep(), (AuroraReplicaSeen(name="r1", lag_seconds=0.5),))
    away = saw_upkeep(told, Limits(), upkeep(), ())
    for of, lag in ((told, 0.5), (away, None)):
        found = {one.name: one.value for one in gauges(of, Limits(), 0.0) if one.subject == "r1"}
        assert found == {
            "replica_lag_seconds": lag, "replica_drain_seconds": None, "replica_replay_bytes_per_second": None,
        }  # fmt: skip


def test_what_is_known_of_a_replica_stays_known_at_the_next_look() -> None:
    of = state()
    for at, lsn in ((0.0, 0), (0.1, MB)):
        of = saw_standby(of, Limits(), "r1", StandbySeen(at=at, replay_lsn=lsn, replay_paused=False))
    (direct,) = of.followers.values()
    assert direct.replay is not None and (direct.replay.stretch_bytes, direct.replay.at) == (MB, 0.1)
    late = saw_upkeep(state(), Limits(), upkeep(), (AuroraReplicaSeen(name="r1", lag_seconds=0.9),))
    (held,) = saw_upkeep(late, Limits(), upkeep(), (AuroraReplicaSeen(name="r1", lag_seconds=0.5),)).followers.values()
    assert held.is_held
    lost = saw_standby(of, Limits(), "r1", Lost(why="gone"))
    (again,) = saw_standby(
        lost, Limits(), "r1", StandbySeen(at=0.2, replay_lsn=MB, replay_paused=False)
    ).followers.values()
    assert again.replay is not None and (again.replay.stretch_bytes, again.away) == (0, "")


@pytest.mark.parametrize("time", ["22:60-06:00", "22:00-06:60", "24:00-06:00", "22:00-24:01", "25:00-26:00"])
def test_an_hour_that_no_day_has_is_refused(time: str) -> None:
    with pytest.raises(ConfigError, match=f"^here: '{time}' has an hour that no day has$"):
        windows_from(time, "here")


@pytest.mark.parametrize(
    ("text", "days", "opens", "closes"),
    [
        ("22:00-06:00", {0, 1, 2, 3, 4, 5, 6}, 1320, 1800),
        ("9:05-17:59", {0, 1, 2, 3, 4, 5, 6}, 545, 1079),
        ("00:00-24:00", {0, 1, 2, 3, 4, 5, 6}, 0, 1440),
        ("Sat,Sun 00:00 to 12:00", {5, 6}, 0, 720),
        ("mon-wed 01:00–02:00", {0, 1, 2}, 60, 120),
        ("FRIDAY-monday 23:59-00:00", {4, 5, 6, 0}, 1439, 1440),
        ("tue-tue 00:00-00:01", {1}, 0, 1),
        ("mon-tue-thu, sun 01:00-02:00", {0, 1, 2, 3, 6}, 60, 120),
    ],
)
def test_a_window_is_read_to_the_minute(text: str, days: set[int], opens: int, closes: int) -> None:
    (window,) = windows_from(text, "here")
    assert (window.text, window.days, window.opens, window.closes) == (text, days, opens, closes)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (5, "here must be a list of windows such as 22:00-06:00 or Sat,Sun 00:00-24:00 or Mon-Fri 20:00-06:00"),
        (
            "at night",
            "here: 'at night' is not a window such as 22:00-06:00 or Sat,Sun 00:00-24:00 or Mon-Fri 20:00-06:00",
        ),
        ("09:00-09:00", "here: '09:00-09:00' opens when it closes; write 00:00-24:00 for the whole day"),
        ("Moo 09:00-10:00", "here: 'Moo 09:00-10:00' names a day that no week has: 'Moo'"),
    ],
)
def test_what_is_no_window_says_what_one_is(text: object, problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        windows_from(text, "here")
    assert str(refused.value) == problem
