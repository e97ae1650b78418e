"""Whether the next batch may start: every signal that says no stops it, and says so with its number."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from migrasafe.backfill.model import Decision, Reason
from migrasafe.backfill.throttle.checks import CheckSeen
from migrasafe.backfill.throttle.decide import decide
from migrasafe.backfill.throttle.gauges import gauges
from migrasafe.backfill.throttle.limits import Limits
from migrasafe.backfill.throttle.settings import limits_from
from migrasafe.backfill.throttle.state import (
    State,
    decided,
    did_batch,
    did_cut,
    first_state,
    lost_beat,
    lost_primary,
    poll_seconds,
    saw_beat,
    saw_check,
    saw_flags,
    saw_primary,
    saw_standby,
    saw_upkeep,
    with_limits,
)
from migrasafe.postgres.figures.load_signals import (
    ArchiverSeen,
    AuroraReplicaSeen,
    BlockedSeen,
    HorizonSeen,
    Lost,
    SessionsSeen,
    StandbySeen,
    VacuumSeen,
)
from tests.unit.backfill.seen import MB, batch, primary, replica, slot, state, upkeep

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def decision(of: State, limits: Limits | None = None, now: float = 0.0, wall: datetime = NOON) -> Decision:
    return decide(of, limits or Limits(), now, wall)


def the_stop(of: State, limits: Limits | None = None, now: float = 0.0) -> Reason:
    """The one reason why no batch may start."""
    found = decision(of, limits, now)
    assert not found.may_run and found.wait_seconds > 0
    [reason] = [reason for reason in found.reasons if reason.stops]
    assert reason.text and reason.until
    return reason


def test_a_quiet_healthy_primary_lets_a_batch_start_at_once() -> None:
    assert decision(state()) == Decision(may_run=True, batch_rows=1000, wait_seconds=0.0)


def test_nothing_starts_before_everything_was_looked_at() -> None:
    assert the_stop(first_state(Limits())).signal == "starting"


# Replicas


def late(seconds: float, limits: Limits | None = None) -> State:
    """After five seconds, with a replica that follows so many seconds later."""
    delay = round(seconds * 10)
    looks = [
        primary(at=step / 10, lsn=step * 1000, replicas=(replica(replay_lsn=max(step - delay, 0) * 1000),))
        for step in range(51)
    ]
    return state(limits, *looks)


def test_a_replica_that_keeps_up_holds_nothing_back() -> None:
    assert decision(late(0.1), now=5.0).may_run


def test_a_late_replica_stops_batches_before_it_reaches_the_limit() -> None:
    reason = the_stop(late(0.5), now=5.0)
    assert (reason.signal, reason.subject, reason.limit, reason.unit) == ("replica-lag", "replica r1", 1.0, "s")
    assert reason.value == pytest.approx(0.5)
    assert reason.until == "until it has 250 ms or less left to replay"


def test_a_replica_that_was_far_behind_has_to_come_down_further() -> None:
    far = late(0.8)
    assert the_stop(far, now=5.0).until == "until it has 200 ms or less left to replay"


def test_a_replica_that_replays_nothing_stops_batches_at_the_third_look() -> None:
    def stuck(looks: int) -> State:
        of = state(None, primary(at=0.0, lsn=5000, replicas=(replica(replay_lsn=4000),)))
        for step in range(1, looks + 1):
            of = saw_beat(of, step / 10 - 0.01, 0.001)
            of = saw_primary(of, Limits(), primary(at=step / 10, lsn=5000 + step, replicas=(replica(replay_lsn=4000),)))
        return of

    assert decision(stuck(1), now=0.1).may_run
    reason = the_stop(stuck(2), now=0.2)
    assert reason.signal == "replica-still" and "is replay paused" in reason.text


def test_a_replica_that_had_nothing_to_reply_to_does_not_stand_still() -> None:
    looks = [primary(at=t / 10, lsn=5000, replicas=(replica(replay_lsn=4990),)) for t in range(30)]
    of = state(None, looks[0])
    for look in looks:
        of = saw_primary(of, Limits(), look)
    assert "replica-still" not in {reason.signal for reason in decision(of, now=2.9).reasons}


def test_log_in_flight_stops_batches_before_any_lag_shows() -> None:
    caught_up = state(None, primary(at=0.0, replicas=(replica(replay_lsn=0),)))
    sent = did_batch(caught_up, Limits(), batch(0.05, commit_lsn=3 * MB))
    reason = the_stop(sent, now=0.05)
    assert reason.signal == "replica-lag" and reason.value is not None and reason.value > 10


def test_a_batch_writes_no_more_log_than_a_replica_replays_in_a_twelfth_of_the_limit() -> None:
    looked = state(None, primary(at=0.0, replicas=(replica(),)))
    quick = replace(looked, size=replace(looked.size, rows=20_000), wal_per_row=600.0)
    found = decision(quick)
    assert found.may_run and found.batch_rows == int(300e3 * 0.08 / 600)
    assert [reason.signal for reason in found.reasons] == ["replica-room"]


def test_the_more_is_in_flight_the_smaller_batches_get() -> None:
    looked = state(None, primary(at=0.0, lsn=0, replicas=(replica(replay_lsn=0),)))
    rows = []
    for sent in (0, 60_000, 69_900, 73_900):
        of = did_batch(looked, Limits(), batch(0.01, commit_lsn=sent))
        rows.append(decision(replace(of, wal_per_row=100.0), now=0.02).batch_rows)
    assert rows == [240, 240, pytest.approx(200, abs=1), pytest.approx(160, abs=1)]


def test_several_workers_share_the_room() -> None:
    sessions = SessionsSeen(active=0, in_transaction=0, ours_writing=4)
    shared = replace(state(None, primary(at=0.0, replicas=(replica(),), sessions=sessions)), wal_per_row=600.0)
    assert decision(shared).batch_rows == int(300e3 * 0.08 / 600 / 4)


def test_a_replica_that_is_gone_stops_batches_until_it_is_back_or_given_up() -> None:
    there = (replica(),)
    gone = state(None, primary(at=0.0, replicas=there), primary(at=0.1, replicas=there), primary(at=0.2))
    reason = the_stop(gone, now=0.2)
    assert reason.text == "replica r1 is not connected to the primary"
    assert reason.until == "until it is back and keeps up, or ignore_replicas=r1 is set"
    ignored = limits_from({"ignore_replicas": "r1"})
    assert decision(gone, ignored, now=0.2).may_run


def test_a_replica_whose_walsender_ends_and_has_given_its_slot_back_is_missed_once_and_not_as_another() -> None:
    served = primary(at=0.0, replicas=(replica(slot="s1", pid=7),))
    ending = primary(at=0.1, replicas=(replica(slot="", pid=7),))
    gone, back = primary(at=0.2), primary(at=0.3, replicas=(replica(slot="s1", pid=8),))
    assert the_stop(state(None, served, ending, gone), now=0.2).signal == "replica-away"
    assert decision(state(None, served, ending, gone, back), now=0.3).may_run


def test_a_connection_without_a_slot_that_one_look_showed_and_no_other_is_forgotten() -> None:
    served, again = (replica(slot="s1", pid=7),), (replica(slot="s1", pid=9),)
    glimpsed = primary(at=0.1, replicas=(*served, replica(slot="", pid=8)))
    looks = [primary(at=0.0, replicas=served), glimpsed, primary(at=0.2, replicas=again)]
    assert decision(state(None, *looks), now=0.2).may_run


def test_a_named_replica_that_was_never_seen_is_away() -> None:
    limits = limits_from({"replicas": "r1, r2"})
    reason = the_stop(state(limits, primary(replicas=(replica("r1"),))), limits)
    assert reason.text == "replica r2 has not been seen"


def test_a_replica_that_is_not_named_may_be_late() -> None:
    limits = limits_from({"replicas": "r2"})
    looks = [primary(at=t / 10, lsn=t, replicas=(replica("r1", 0), replica("r2", t))) for t in range(100)]
    assert decision(state(limits, *looks), limits, now=9.9).may_run


def test_without_a_limit_on_lag_replicas_hold_nothing_back() -> None:
    limits = limits_from({"max_lag": "off"})
    assert decision(late(4, limits), limits, now=5.0).may_run


def test_what_takes_a_base_backup_is_no_replica() -> None:
    receiver = replica("pg_receivewal", replay_lsn=None)
    assert decision(state(None, primary(replicas=(receiver,)), primary(at=0.1)), now=0.1).may_run


def test_two_replicas_of_one_name_and_address_are_two() -> None:
    first, second = replica("walreceiver", pid=1), replica("walreceiver", pid=2)
    looks = [primary(at=0.0, replicas=(first, second)), primary(at=0.1, replicas=(second, first))]
    assert the_stop(state(None, *looks, primary(at=0.2, replicas=(second,))), now=0.2).signal == "replica-away"


def test_a_replica_asked_itself_is_judged_by_its_own_position() -> None:
    limits = limits_from({"replica_dsn.r9": "host=r9"})
    looks = [primary(at=t / 10, lsn=t * 1000) for t in range(60)]
    before = state(limits, *looks)
    assert the_stop(before, limits, now=5.9).signal == "signal-lost"
    fresh = saw_standby(before, limits, "r9", StandbySeen(at=5.9, replay_lsn=59_000, replay_paused=False))
    assert decision(fresh, limits, now=5.9).may_run
    old = saw_standby(before, limits, "r9", StandbySeen(at=5.9, replay_lsn=30_000, replay_paused=False))
    assert the_stop(old, limits, now=5.9).signal == "replica-lag"
    paused = saw_standby(before, limits, "r9", StandbySeen(at=5.9, replay_lsn=59_000, replay_paused=True))
    assert "pg_wal_replay_resume" in the_stop(paused, limits, now=5.9).text


def test_a_replica_that_cannot_be_asked_stops_batches() -> None:
    limits = limits_from({"replica_dsn.r9": "host=r9"})
    lost = saw_standby(state(limits), limits, "r9", Lost(why="cannot be asked: no route"))
    assert the_stop(lost, limits).text == "replica r9 cannot be asked: no route"


def test_a_replica_that_does_not_answer_counts_as_away_after_three_polls() -> None:
    limits = limits_from({"replica_dsn.r9": "host=r9", "poll": "100ms"})
    seen = saw_standby(state(limits), limits, "r9", StandbySeen(at=0.0, replay_lsn=0, replay_paused=False))
    fresh = saw_primary(seen, limits, primary(at=0.31))
    assert decision(seen, limits, now=0.29).may_run
    assert the_stop(fresh, limits, now=0.31).signal == "replica-away"


def test_readers_of_aurora_are_judged_by_the_lag_that_it_tells() -> None:
    def told(lag: float | None) -> State:
        return saw_upkeep(state(), Limits(), upkeep(), (AuroraReplicaSeen(name="reader-1", lag_seconds=lag),))

    assert decision(told(0.02)).may_run
    assert the_stop(told(0.9)).text.startswith("replica reader-1 is 900 ms behind")
    assert the_stop(told(None)).signal == "replica-away"
    gone = saw_upkeep(told(0.02), Limits(), upkeep(), ())
    assert the_stop(gone).signal == "replica-away"


# Slots, log, archiving, standbys


def test_a_slot_that_keeps_too_much_log_stops_batches_until_it_keeps_a_fifth_less() -> None:
    limits = limits_from({"max_slot_wal": "100MB"})

    def keeping(size: int, at: float = 0.0) -> State:
        return state(limits, primary(at=at, lsn=size, slots=(slot(confirmed_lsn=size),)))

    assert decision(keeping(100 * MB), limits).may_run
    full = keeping(101 * MB)
    reason = the_stop(full, limits)
    assert (reason.signal, reason.subject, reason.value, reason.limit) == (
        "slot-wal", "slot debezium", 101 * MB, 100 * MB,
    )  # fmt: skip
    held = replace(keeping(90 * MB), held=decided(full, decision(full, limits), 0.0).held)
    assert the_stop(held, limits).signal == "slot-wal"
    assert decision(replace(keeping(79 * MB), held=held.held), limits).may_run


def test_half_of_what_the_server_lets_slots_keep_is_the_limit_unless_said() -> None:
    kept = upkeep(slot_wal_limit_bytes=1000 * MB)
    full = state(None, primary(lsn=501 * MB, slots=(slot(confirmed_lsn=501 * MB),)), kept=kept)
    assert the_stop(full).limit == 500 * MB


def test_a_slot_that_is_about_to_lose_log_stops_batches() -> None:
    assert "about to lose" in the_stop(state(None, primary(slots=(slot(wal_status="unreserved"),)))).text


def test_a_slot_never_used_keeps_nothing() -> None:
    unused = slot(restart_lsn=None, confirmed_lsn=None, active=False, wal_status=None)
    assert decision(state(None, primary(lsn=900 * 1024 * MB, slots=(unused,)))).may_run


def test_a_slot_can_be_ignored() -> None:
    limits = limits_from({"ignore_slots": "debezium"})
    assert decision(state(limits, primary(slots=(slot(wal_status="lost"),))), limits).may_run


def test_a_logical_reader_far_behind_stops_batches() -> None:
    limits = limits_from({"max_logical_lag": "5s"})
    looks = [primary(at=t / 10, lsn=t * 100, slots=(slot(confirmed_lsn=0),)) for t in range(1, 61)]
    reason = the_stop(state(limits, *looks), limits, now=6.0)
    assert reason.signal == "logical-lag" and "its reader is 5.9 s behind" in reason.text


def test_more_log_per_second_than_allowed_waits() -> None:
    limits = limits_from({"max_wal_rate": "10MB"})
    looks = [primary(at=t / 10, lsn=t * 2 * MB) for t in range(20)]
    assert the_stop(state(limits, *looks), limits, now=1.9).signal == "wal-rate"
    quiet = [primary(at=t / 10, lsn=t * MB // 2) for t in range(20)]
    assert decision(state(limits, *quiet), limits, now=1.9).may_run


def test_too_many_segments_that_wait_for_the_archive_stop_batches() -> None:
    behind = upkeep(archiver=ArchiverSeen(backlog_segments=57, failing_since_seconds=190.0))
    reason = the_stop(state(kept=behind))
    assert reason.signal == "archive-backlog" and "57 segments" in reason.text and "3 min 10 s ago" in reason.text
    assert decision(state(kept=upkeep(archiver=ArchiverSeen(backlog_segments=42, failing_since_seconds=None)))).may_run


@pytest.mark.parametrize(("names", "states", "runs"), [
    ("", ["async"], True),
    ("r1", ["sync"], True),
    ("r1", ["async"], False),
    ("r1, r2", ["sync", "potential"], True),
    ("FIRST 2 (r1, r2, r3)", ["sync", "potential"], False),
    ("ANY 1 (r1, r2)", ["quorum"], True),
    ("2 (r1, r2)", ["sync", "sync"], True),
    ("*", [], False),
])  # fmt: skip
def test_a_missing_synchronous_standby_stops_batches(names: str, states: list[str], runs: bool) -> None:
    replicas = tuple(replica(f"r{number}", sync_state=each) for number, each in enumerate(states, 1))
    of = state(None, primary(replicas=replicas, synchronous_standby_names=names))
    assert decision(of).may_run == runs


# Vacuum and transactions


def test_a_vacuum_against_wraparound_stops_batches_and_another_does_not() -> None:
    def vacuumed(*, wraparound: bool) -> State:
        seen = VacuumSeen(pid=7, table="public.orders", prevents_wraparound=wraparound, share_done=0.25)
        return state(kept=upkeep(vacuums=(seen,)))

    assert the_stop(vacuumed(wraparound=True)).signal == "wraparound-vacuum"
    assert decision(vacuumed(wraparound=False)).may_run
    assert the_stop(vacuumed(wraparound=False), limits_from({"wait_for_autovacuum": True})).signal == "autovacuum"


@pytest.mark.parametrize(("holder", "signal"), [
    (HorizonSeen(kind="session", name="42", who="app, psql", xids=5, seconds=3700.0), "old-transaction"),
    (HorizonSeen(kind="prepared transaction", name="tx1", who="app", xids=5, seconds=3700.0), "old-transaction"),
    (HorizonSeen(kind="slot", name="old", who="not in use", xids=20_000_000, seconds=None), "old-xmin"),
    (HorizonSeen(kind="replica", name="r1", who="rep", xids=20_000_000, seconds=None), "old-xmin"),
    (HorizonSeen(kind="session", name="42", who="app", xids=20_000_000, seconds=10.0), "old-xmin"),
    (HorizonSeen(kind="session", name="42", who="app", xids=9_000_000, seconds=3500.0), None),
])  # fmt: skip
def test_who_keeps_vacuum_from_cleaning_up_stops_batches(holder: HorizonSeen, signal: str | None) -> None:
    of = state(kept=upkeep(horizon=(holder,)))
    if signal is None:
        assert decision(of).may_run
    else:
        assert the_stop(of).signal == signal
        assert holder.name in the_stop(of).text


# Hours, files, checks


def test_outside_of_its_windows_the_job_waits_and_says_until_when() -> None:
    limits = limits_from({"windows": "22:00-06:00", "timezone": "Europe/Berlin"})
    reason = the_stop(state(limits), limits)
    assert reason.until == "until Mon 2026-03-02 22:00 Europe/Berlin, in 9 h"
    assert decision(state(limits), limits, wall=datetime(2026, 3, 2, 22, 0, tzinfo=UTC)).may_run


def test_while_the_hours_are_closed_the_server_is_looked_at_once_a_second_only() -> None:
    limits = limits_from({"windows": "22:00-06:00"})
    before = state(limits)
    closed = decided(before, decision(before, limits), 0.0)
    assert (poll_seconds(before, limits), poll_seconds(closed, limits)) == (0.1, 1.0)
    assert [reason.signal for reason in decision(closed, limits, now=2.9).reasons] == ["time-window"]
    opened = decided(closed, decision(closed, limits, now=2.9, wall=datetime(2026, 3, 2, 22, 0, tzinfo=UTC)), 2.9)
    assert poll_seconds(opened, limits) == 0.1


def test_a_flag_file_stops_the_job_until_it_is_removed() -> None:
    limits = limits_from({"flag_files": "/etc/stop"})
    assert the_stop(state(limits), limits).signal == "signal-lost"
    assert the_stop(saw_flags(state(limits), ("/etc/stop",)), limits).text == "the flag file /etc/stop exists"
    assert decision(saw_flags(state(limits), ()), limits).may_run


def test_a_check_has_to_be_asked_fine_and_fresh() -> None:
    limits = limits_from({"sql.queue.query": "select 1", "sql.queue.max": 10})
    before = state(limits)
    assert the_stop(before, limits).signal == "signal-lost"
    fine = saw_check(before, "sql.queue", CheckSeen(value=3.0), 0.0)
    assert decision(fine, limits).may_run
    assert the_stop(saw_check(before, "sql.queue", CheckSeen(value=30.0), 0.0), limits).signal == "check"
    assert the_stop(saw_check(before, "sql.queue", Lost(why="gone"), 0.0), limits).signal == "signal-lost"
    later = saw_upkeep(saw_primary(saw_beat(fine, 9.9, 0.001), limits, primary(at=9.9)), limits, upkeep(9.9), None)
    assert the_stop(later, limits, now=9.9).text.endswith("no answer for 9.9 s")


# What cannot be read


def test_a_primary_not_looked_at_for_three_polls_stops_batches() -> None:
    assert decision(state(), now=0.29).may_run
    assert the_stop(state(), now=0.31).signal == "signal-lost"


def test_a_primary_that_does_not_answer_stops_batches() -> None:
    assert "server closed the connection" in the_stop(lost_primary(state(), "server closed the connection")).text


def test_a_primary_that_became_a_standby_stops_batches() -> None:
    assert "failover" in the_stop(state(None, primary(in_recovery=True))).text


@pytest.mark.parametrize(("changes", "off"), [
    ({"replicas": Lost(why="hidden")}, {"max_lag": "off"}),
    ({"slots": Lost(why="hidden")}, {"max_slot_wal": "off", "max_logical_lag": "off"}),
    ({"sessions": Lost(why="hidden")}, {"max_active_sessions": "off"}),
    ({"blocked": Lost(why="hidden")}, {"max_blocked_time": "off"}),
])  # fmt: skip
def test_what_is_hidden_stops_batches_until_its_limit_is_given_up(
    changes: dict[str, Lost], off: dict[str, str]
) -> None:
    reason = the_stop(state(None, primary(**changes)))
    assert reason.signal == "signal-lost" and "hidden" in reason.text
    assert all(f"{key}=off" in reason.until for key in off)
    assert decision(state(None, primary(**changes)), limits_from(off)).may_run


@pytest.mark.parametrize(("changes", "off"), [
    ({"archiver": Lost(why="hidden")}, {"max_archive_backlog": "off"}),
    ({"vacuums": Lost(why="hidden")}, {"wait_for_wraparound_vacuum": False}),
    ({"horizon": Lost(why="hidden")}, {"max_horizon_xids": "off", "max_transaction_age": "off"}),
])  # fmt: skip
def test_upkeep_that_is_hidden_stops_batches_until_its_limit_is_given_up(
    changes: dict[str, Lost], off: dict[str, str | bool]
) -> None:
    assert the_stop(state(kept=upkeep(**changes))).signal == "signal-lost"
    assert decision(state(kept=upkeep(**changes)), limits_from(off)).may_run


def test_small_commits_that_fail_or_do_not_end_stop_batches() -> None:
    assert "no space" in the_stop(lost_beat(state(), "no space left")).text
    hanging = saw_upkeep(saw_primary(state(), Limits(), primary(at=1.5)), Limits(), upkeep(1.5), None)
    assert the_stop(hanging, now=1.5).subject == "the time of small commits"


# Duty and blocking


def busy(limits: Limits, *, beats: float = 0.001, seconds: int = 60) -> State:
    """A primary where others work all the time, and small commits take `beats` while batches run."""
    of = state(limits, primary(sessions=SessionsSeen(active=2, in_transaction=2)))
    for step in range(1, seconds * 10):
        now = step / 10
        of = did_batch(replace(of, batch_began_at=now), limits, batch(now + 0.05, seconds=0.05))
        of = saw_beat(replace(of, batch_began_at=now), now, beats)
        of = saw_primary(of, limits, primary(at=now, sessions=SessionsSeen(active=2, in_transaction=2)))
        of = replace(of, batch_began_at=None)
    return of


def test_while_others_feel_nothing_batches_take_more_and_more_of_the_time() -> None:
    assert busy(Limits(), seconds=4).duty.share < 0.5
    assert busy(Limits()).duty.share == 1.0


def test_slow_commits_leave_batches_a_twentieth_of_the_time_with_the_reason() -> None:
    slowed = busy(Limits(), beats=0.02)
    assert slowed.duty.share == 0.05
    found = decision(saw_upkeep(slowed, Limits(), upkeep(59.9), None), now=59.96)
    assert found.may_run and found.wait_seconds == pytest.approx(0.05 * 19, abs=0.02)
    assert "small commits take 20 ms, usually 1 ms" in found.reasons[-1].text and not found.reasons[-1].stops


def test_nobody_else_at_work_means_no_rest() -> None:
    alone = did_batch(state(), Limits(), batch(0.0))
    assert decision(alone).wait_seconds == 0.0


def test_nice_rests_even_when_nobody_else_is_there() -> None:
    limits = limits_from({"nice": 0.5})
    rested = did_batch(state(limits), limits, batch(0.0, seconds=0.1))
    assert decision(rested, limits, now=0.04).wait_seconds == pytest.approx(0.06)
    assert decision(rested, limits, now=0.1).wait_seconds == 0.0


def test_a_session_that_waits_for_us_too_long_makes_batches_a_tenth_at_once() -> None:
    waiting = state(None, primary(blocked=(BlockedSeen(pid=9, waited_seconds=0.25),)))
    assert waiting.size.rows == 100
    found = decision(waiting)
    assert found.may_run and found.reasons[-1].signal == "blocked-sessions"
    again = saw_primary(waiting, Limits(), primary(at=0.1, blocked=(BlockedSeen(pid=9, waited_seconds=0.35),)))
    assert again.size.rows == 100


def test_where_the_server_does_not_say_since_when_a_session_waits_we_count() -> None:
    looks = [primary(at=t / 10, blocked=(BlockedSeen(pid=9, waited_seconds=None),)) for t in range(3)]
    assert state(None, *looks).size.rows == 1000
    assert state(None, *looks, primary(at=0.3, blocked=looks[0].blocked)).size.rows == 100


def test_a_number_of_sessions_that_was_set_stops_batches() -> None:
    limits = limits_from({"max_active_sessions": 10})
    crowd = SessionsSeen(active=30, in_transaction=30)
    assert the_stop(state(limits, primary(sessions=crowd)), limits).signal == "active-sessions"


def test_a_commit_time_that_was_set_stops_batches() -> None:
    limits = limits_from({"max_commit_time": "5ms"})
    slow = state(limits)
    for step in range(20):
        slow = saw_beat(slow, -1.0 + step / 100, 0.02)
    slow = replace(slow, beat_at=0.0)
    assert the_stop(slow, limits).signal == "commit-time"


# The rest


def test_all_reasons_are_shown_at_once() -> None:
    limits = limits_from({"flag_files": "/etc/stop", "windows": "22:00-06:00", "max_slot_wal": "1MB"})
    of = saw_flags(state(limits, primary(lsn=2 * MB, slots=(slot(confirmed_lsn=2 * MB),))), ("/etc/stop",))
    found = decision(of, limits)
    assert {reason.signal for reason in found.reasons} == {"flag-file", "time-window", "slot-wal"}


def test_a_timeout_halves_the_next_batch() -> None:
    assert decision(did_cut(state())).batch_rows == 500


def test_changed_settings_keep_what_was_learned() -> None:
    limits = limits_from({"target_time": "50ms"})
    assert decision(with_limits(state(), Limits(), limits), limits).batch_rows == 500


def test_gauges_tell_the_numbers_behind_a_decision() -> None:
    found = {(gauge.name, gauge.subject): gauge.value for gauge in gauges(late(0.5), Limits(), 5.0)}
    assert found["replica_lag_seconds", "r1"] == pytest.approx(0.5)
    assert found["duty", ""] == 1.0
