"""Every reason to wait, or to do less, as an operator reads it: `pytest --update-pages` writes them, to be read as a diff."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from migrasafe.backfill.model import Reason
from migrasafe.backfill.throttle.checks import CheckSeen
from migrasafe.backfill.throttle.decide import decide
from migrasafe.backfill.throttle.duty import Load, Strain
from migrasafe.backfill.throttle.gauges import gauges
from migrasafe.backfill.throttle.limits import Limits
from migrasafe.backfill.throttle.settings import limits_from
from migrasafe.backfill.throttle.state import (
    State,
    decided,
    did_batch,
    first_state,
    lost_beat,
    lost_primary,
    saw_beat,
    saw_check,
    saw_flags,
    saw_primary,
    saw_standby,
    saw_upkeep,
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
from tests.pages_in_words import holds, holds_all
from tests.unit.backfill.seen import MB, batch, primary, replica, slot, state, upkeep

PAGE = Path(__file__).parent / "in_words" / "reasons.txt"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
GONE = Lost(why="permission denied")
Settings = dict[str, str | int | float | bool]
Situation = tuple[str, Settings, Callable[[Limits], State], float]


def at_zero(**seen: object) -> Callable[[Limits], State]:
    """One look at the primary, at 0 s."""
    return lambda limits: state(limits, primary(**seen))  # type: ignore[arg-type]  # each situation gives what its field takes


def kept(**seen: object) -> Callable[[Limits], State]:
    """One look at what changes slowly."""
    return lambda limits: state(limits, kept=upkeep(**seen))  # type: ignore[arg-type]  # likewise


def looks(*seen: tuple[float, int, int | None], beats: bool = True, **of_replica: str) -> Callable[[Limits], State]:
    """Looks at a primary with a replica: when, the end of the log, and how far it is replayed (None: it is not there)."""

    def after(limits: Limits) -> State:
        of = state(limits, primary(at=seen[0][0] - 1, lsn=seen[0][1]))
        for at, lsn, replayed in seen:
            of = saw_beat(of, at - 0.01, 0.001) if beats else of
            there = () if replayed is None else (replica(replay_lsn=replayed, **of_replica),)
            of = saw_primary(of, limits, primary(at=at, lsn=lsn, replicas=there))
        return saw_upkeep(of, limits, upkeep(seen[-1][0]), None)

    return after


def after(made: Callable[[Limits], State], *changes: Callable[[State, Limits], State]) -> Callable[[Limits], State]:
    def of(limits: Limits) -> State:
        current = made(limits)
        for change in changes:
            current = change(current, limits)
        return current

    return of


def still_held(of: State, limits: Limits) -> State:
    return decided(of, decide(of, limits, 0.0, NOON), 0.0)


def strained(strain: Strain | None, share: float) -> Callable[[State, Limits], State]:
    return lambda of, limits: replace(
        did_batch(of, limits, batch(0.0)), duty=replace(of.duty, share=share, strain=strain)
    )


SLOT = slot(restart_lsn=0, confirmed_lsn=0)
PHYSICAL = slot("standby", is_logical=False, confirmed_lsn=None, active=False)
OLD_LOOKS = ((0.0, 0, 0), (10.0, 5 * MB, 5 * MB), (70.0, 9 * MB, 9 * MB))
SESSION = HorizonSeen(kind="session", name="77", who="app, psql, idle", xids=12_000_000, seconds=4000.0)

SITUATIONS: Sequence[Situation] = [
    ("nothing was looked at", {}, first_state, 0.0),
    ("too few small commits were timed", {}, lambda limits: replace(state(limits), load=Load()), 0.0),
    ("too few, and none is to be timed", {"max_commit_time": "off"}, lambda limits: replace(state(limits), load=Load()), 0.0),
    ("all is well", {}, at_zero(), 0.0),
    ("the primary cannot be asked", {}, after(at_zero(), lambda of, _: lost_primary(of, "connection refused")), 0.0),
    ("the primary has not answered", {}, at_zero(), 0.5),
    ("the primary answers within the patience", {}, at_zero(), 0.2),
    ("it is a standby now", {}, at_zero(in_recovery=True), 0.0),
    ("slots cannot be read", {}, at_zero(slots=GONE), 0.0),
    ("slots do not matter", {"max_slot_wal": "off", "max_logical_lag": "off"}, at_zero(slots=GONE), 0.0),
    ("only the log of slots matters", {"max_logical_lag": "off"}, at_zero(slots=GONE), 0.0),
    ("a slot keeps too much log", {"max_slot_wal": "100MB"}, at_zero(lsn=101 * MB, slots=(SLOT,)), 0.0),
    ("a slot keeps just as much as it may", {"max_slot_wal": "100MB"}, at_zero(lsn=100 * MB, slots=(SLOT,)), 0.0),
    ("a slot that nobody reads keeps too much", {"max_slot_wal": "100MB"}, at_zero(lsn=101 * MB, slots=(PHYSICAL,)), 0.0),
    ("a slot keeps too much by default", {}, at_zero(lsn=10 * 1024 * MB + 1, slots=(PHYSICAL,)), 0.0),
    ("a slot keeps half of what the server keeps", {}, lambda limits: state(limits, primary(lsn=51 * MB, slots=(PHYSICAL,)),
     kept=upkeep(slot_wal_limit_bytes=100 * MB)), 0.0),
    ("a slot has lost log", {}, at_zero(slots=(slot(wal_status="lost"),)), 0.0),
    ("a slot is about to lose log", {}, at_zero(slots=(slot(wal_status="unreserved", active=False),)), 0.0),
    ("a slot that is ignored", {"ignore_slots": "debezium"}, at_zero(slots=(slot(wal_status="lost"),)), 0.0),
    ("a slot was never used", {}, at_zero(lsn=99 * 1024 * MB, slots=(slot(restart_lsn=None, confirmed_lsn=None),)), 0.0),
    ("a reader of a slot is behind", {"max_logical_lag": "5s"}, after(looks(*OLD_LOOKS),
     lambda of, limits: saw_primary(of, limits, primary(at=70.0, lsn=9 * MB, slots=(SLOT,)))), 70.0),
    ("nobody reads a slot", {"max_logical_lag": "5s"}, after(looks(*OLD_LOOKS), lambda of, limits: saw_primary(
     of, limits, primary(at=70.0, lsn=9 * MB, slots=(slot(active=False),)))), 70.0),
    ("the log grows too fast", {"max_wal_rate": "1MB"}, looks((0.0, 0, 0), (1.0, 9 * MB, 9 * MB)), 1.0),
    ("the log grows as fast as it may", {"max_wal_rate": "9MB"}, looks((0.0, 0, 0), (1.0, 9 * MB, 9 * MB)), 1.0),
    ("a synchronous standby is missing", {}, at_zero(synchronous_standby_names="s1"), 0.0),
    ("one of two is missing", {}, at_zero(synchronous_standby_names="ANY 2 (a, b, c)",
     replicas=(replica("a", sync_state="quorum"), replica("b", slot="b"))), 0.0),
    ("two of three are missing", {}, at_zero(synchronous_standby_names="3 (a, b, c)",
     replicas=(replica("a", sync_state="sync"),)), 0.0),
    ("a standby may be missing", {"wait_for_sync_standbys": False}, at_zero(synchronous_standby_names="s1"), 0.0),
    ("replicas cannot be read", {}, at_zero(replicas=GONE), 0.0),
    ("replicas do not matter", {"max_lag": "off"}, at_zero(replicas=GONE), 0.0),
    ("Aurora does not tell", {}, lambda limits: saw_upkeep(state(limits), limits, upkeep(), GONE), 0.0),
    ("a reader of Aurora is late", {}, lambda limits: saw_upkeep(
     state(limits), limits, upkeep(), (AuroraReplicaSeen(name="r1", lag_seconds=0.5),)), 0.0),
    ("a reader of Aurora is new", {}, lambda limits: saw_upkeep(
     state(limits), limits, upkeep(), (AuroraReplicaSeen(name="r1", lag_seconds=None),)), 0.0),
    ("a reader of Aurora is gone", {}, lambda limits: saw_upkeep(saw_upkeep(
     state(limits), limits, upkeep(), (AuroraReplicaSeen(name="r1", lag_seconds=0.0),)), limits, upkeep(), ()), 0.0),
    ("a replica by its connection was not asked", {"replica_dsn.r2": "host=r2"}, at_zero(), 0.0),
    ("a replica by its connection is lost", {"replica_dsn.r2": "host=r2"},
     lambda limits: saw_standby(state(limits), limits, "r2", Lost(why="cannot be reached")), 0.0),
    ("the replay of a replica is paused", {"replica_dsn.r2": "host=r2"},
     lambda limits: saw_standby(state(limits), limits, "r2", StandbySeen(at=0.0, replay_lsn=0, replay_paused=True)), 0.0),
    ("a replica that must be there was never seen", {"replicas": "r9"}, at_zero(), 0.0),
    ("a replica went away", {}, looks((0.0, 0, 0), (0.1, 0, 0), (0.2, 0, None)), 0.2),
    ("a replica without a name went away", {}, looks((0.0, 0, 0), (0.1, 0, 0), (0.2, 0, None), name="walreceiver"), 0.2),
    ("a replica with a slot went away", {}, looks((0.0, 0, 0), (0.1, 0, None), name="walreceiver", slot="s1"), 0.1),
    ("a replica went away that may", {"ignore_replicas": "r1"}, looks((0.0, 0, 0), (0.1, 0, 0), (0.2, 0, None)), 0.2),
    ("a replica replays nothing", {}, looks((0.0, 500, 500), (0.1, 900, 600), (0.2, 900, 600), (0.3, 900, 600),
     (0.4, 900, 600)), 0.4),
    ("a replica never replayed anything", {}, looks((0.0, 900, 600), (0.1, 900, 600), (0.2, 900, 600), (0.3, 900, 600)), 0.3),
    ("a replica is late", {}, looks((0.0, 0, 0), (0.5, 3000, 0), (1.0, 6000, 1000)), 1.0),
    ("a replica has much to replay", {}, after(looks((0.0, 0, 0), (0.1, 0, 0)),
     lambda of, limits: did_batch(of, limits, batch(0.1, commit_lsn=3 * MB))), 0.1),
    ("a replica replays slowly", {}, after(looks((0.0, 0, 0), (0.1, 0, 0)),
     lambda of, _: replace(of, size=replace(of.size, rows=20_000), wal_per_row=600.0)), 0.1),
    ("two workers share the room", {}, after(looks((0.0, 0, 0), (0.1, 0, 0)), lambda of, _: replace(
     of, size=replace(of.size, rows=20_000), wal_per_row=600.0, workers=((0.0, 2),))), 0.1),
    ("what changes slowly cannot be read", {}, after(at_zero(), lambda of, _: replace(of, upkeep=GONE)), 0.0),
    ("what changes slowly was not answered", {}, lambda limits: replace(
     state(limits, primary(at=9.0)), upkeep=upkeep(5.0)), 9.0),
    ("archiving cannot be read", {}, kept(archiver=GONE), 0.0),
    ("archiving does not matter", {"max_archive_backlog": "off"}, kept(archiver=GONE), 0.0),
    ("archiving is behind", {}, kept(archiver=ArchiverSeen(backlog_segments=43, failing_since_seconds=None)), 0.0),
    ("archiving is as far behind as it may", {}, kept(archiver=ArchiverSeen(backlog_segments=42, failing_since_seconds=None)), 0.0),
    ("archiving fails", {}, kept(archiver=ArchiverSeen(backlog_segments=90, failing_since_seconds=5.0)), 0.0),
    ("archiving was behind and comes back", {}, after(
     kept(archiver=ArchiverSeen(backlog_segments=43, failing_since_seconds=None)), still_held, lambda of, limits: saw_upkeep(
         of, limits, upkeep(archiver=ArchiverSeen(backlog_segments=34, failing_since_seconds=None)), None)), 0.0),
    ("vacuum cannot be read", {}, kept(vacuums=GONE), 0.0),
    ("vacuum does not matter", {"wait_for_wraparound_vacuum": "no"}, kept(vacuums=GONE), 0.0),
    ("the table is vacuumed", {"wait_for_autovacuum": "yes"},
     kept(vacuums=(VacuumSeen(pid=5, table="public.orders", prevents_wraparound=False, share_done=0.25),)), 0.0),
    ("the table may be vacuumed", {},
     kept(vacuums=(VacuumSeen(pid=5, table="public.orders", prevents_wraparound=False, share_done=0.25),)), 0.0),
    ("the table is saved from wraparound", {},
     kept(vacuums=(VacuumSeen(pid=5, table="public.orders", prevents_wraparound=True, share_done=None),)), 0.0),
    ("transactions cannot be read", {}, kept(horizon=GONE), 0.0),
    ("transactions do not matter", {"max_horizon_xids": "off", "max_transaction_age": "off"}, kept(horizon=GONE), 0.0),
    ("a session is old", {}, kept(horizon=(SESSION,)), 0.0),
    ("a session holds vacuum back", {"max_transaction_age": "off"}, kept(horizon=(SESSION,)), 0.0),
    ("a prepared transaction is old", {}, kept(horizon=(HorizonSeen(
     kind="prepared transaction", name="gid-1", who="", xids=None, seconds=3601.0),)), 0.0),
    ("a slot holds vacuum back", {}, kept(horizon=(HorizonSeen(
     kind="slot", name="cdc", who="", xids=10_000_001, seconds=9999.0),)), 0.0),
    ("a replica holds vacuum back", {}, kept(horizon=(HorizonSeen(
     kind="replica", name="r1", who="10.0.0.5", xids=10_000_001, seconds=None),)), 0.0),
    ("nobody holds vacuum back for long", {}, kept(horizon=(HorizonSeen(
     kind="session", name="77", who="", xids=10_000_000, seconds=3600.0),)), 0.0),
    ("no small commit ends", {}, after(at_zero(), lambda of, _: lost_beat(of, "no room on the disk")), 0.0),
    ("no small commit has ended for long", {}, lambda limits: saw_upkeep(
     saw_primary(state(limits), limits, primary(at=2.0)), limits, upkeep(2.0), None), 2.0),
    ("no small commit has ended yet", {"max_commit_time": "1s"}, lambda limits: replace(state(limits), beat_at=None), 0.0),
    ("small commits take long", {"max_commit_time": "5ms"}, lambda limits: replace(
     state(limits), load=Load(usual_beats=(0.006,) * 10)), 0.0),
    ("small commits take as long as they may", {"max_commit_time": "6ms"}, lambda limits: replace(
     state(limits), load=Load(usual_beats=(0.006,) * 10)), 0.0),
    ("small commits took long and come back", {"max_commit_time": "5ms"}, after(lambda limits: replace(
     state(limits), load=Load(usual_beats=(0.006,) * 10)), still_held, lambda of, _: replace(
         of, load=Load(beats=(0.0045,) * 10))), 0.0),
    ("sessions cannot be read", {}, at_zero(sessions=GONE), 0.0),
    ("sessions do not matter", {"max_active_sessions": "off"}, at_zero(sessions=GONE), 0.0),
    ("many sessions are at work", {"max_active_sessions": 4},
     at_zero(sessions=SessionsSeen(active=5, in_transaction=9)), 0.0),
    ("as many sessions as may are at work", {"max_active_sessions": 5},
     at_zero(sessions=SessionsSeen(active=5, in_transaction=9)), 0.0),
    ("who is blocked cannot be read", {}, at_zero(blocked=GONE), 0.0),
    ("blocked sessions do not matter", {"max_blocked_time": "off"}, at_zero(blocked=GONE), 0.0),
    ("a session waits for us", {}, at_zero(blocked=(BlockedSeen(pid=9, waited_seconds=0.3),)), 0.0),
    ("two sessions wait for us", {"max_blocked_time": "1s"}, at_zero(
     blocked=(BlockedSeen(pid=9, waited_seconds=1.5), BlockedSeen(pid=10, waited_seconds=None))), 0.0),
    ("a session waits for as long as it may", {}, at_zero(blocked=(BlockedSeen(pid=9, waited_seconds=0.2),)), 0.0),
    ("flag files cannot be read", {"flag_files": "/stop"}, after(at_zero(), lambda of, _: saw_flags(of, GONE)), 0.0),
    ("a flag file is there", {"flag_files": "/stop, /halt"}, after(at_zero(), lambda of, _: saw_flags(of, ("/halt",))), 0.0),
    ("a flag file of before is there", {"flag_files": "/stop"}, after(at_zero(), lambda of, _: saw_flags(of, ("/halt",))), 0.0),
    ("a check was not asked", {"sql.queue.query": "SELECT 1", "sql.queue.max": 5}, at_zero(), 0.0),
    ("a check cannot be asked", {"sql.queue.query": "SELECT 1", "sql.queue.max": 5},
     after(at_zero(), lambda of, _: saw_check(of, "sql.queue", GONE, 0.0)), 0.0),
    ("a check has not answered", {"sql.queue.query": "SELECT 1", "sql.queue.max": 5, "poll": "9s"},
     after(at_zero(), lambda of, _: saw_check(of, "sql.queue", CheckSeen(value=1.0), -5.1)), 0.0),
    ("a check has answered just in time", {"sql.queue.query": "SELECT 1", "sql.queue.max": 5},
     after(at_zero(), lambda of, _: saw_check(of, "sql.queue", CheckSeen(value=1.0), -4.9)), 0.0),
    ("a check is above its max", {"sql.queue.query": "SELECT 1", "sql.queue.max": 5, "sql.queue.every": "2s"},
     after(at_zero(), lambda of, _: saw_check(of, "sql.queue", CheckSeen(value=6.0, words="web-3"), 0.0)), 0.0),
    ("a check is below its min", {"sql.queue.query": "SELECT 1", "sql.queue.min": 5},
     after(at_zero(), lambda of, _: saw_check(of, "sql.queue", CheckSeen(value=4.0), 0.0)), 0.0),
    ("a check says wait", {"http.gate.url": "http://gate/"},
     after(at_zero(), lambda of, _: saw_check(of, "http.gate", CheckSeen(goes=False, value=429.0), 0.0)), 0.0),
    ("a check says go", {"http.gate.url": "http://gate/"},
     after(at_zero(), lambda of, _: saw_check(of, "http.gate", CheckSeen(goes=True), 0.0)), 0.0),
    ("it is not the time of the day", {"windows": "22:00-06:00"}, at_zero(), 0.0),
    ("it is a blackout", {"blackouts": "Mon 09:00-14:00", "timezone": "Europe/Berlin"}, at_zero(), 0.0),
    ("it is never the time", {"windows": "09:00-10:00", "blackouts": "00:00-24:00"}, at_zero(), 0.0),
    ("it is the time of the day", {"windows": "Mon 11:00-13:00"}, at_zero(), 0.0),
    ("nice rests", {"nice": 0.5}, after(at_zero(), strained(None, 1.0)), 0.02),
    ("others are at work", {}, after(at_zero(), strained(None, 0.5)), 0.02),
    ("small commits suffer", {}, after(at_zero(), strained(
     Strain(signal="commit-time", value=0.005, usual=0.002, limit=0.004), 0.25)), 0.02),
    ("sessions pile up", {}, after(at_zero(), strained(
     Strain(signal="active-sessions", value=9.0, usual=2.0, limit=8.0), 0.25)), 0.02),
    ("others may suffer", {"max_commit_time": "1s", "max_active_sessions": "off"}, after(at_zero(), strained(
     Strain(signal="active-sessions", value=9.0, usual=2.0, limit=8.0), 0.25)), 0.02),
    ("a rest is never too long", {"nice": 0.95}, after(at_zero(), lambda of, limits: did_batch(
     of, limits, batch(0.0, seconds=5.0))), 0.02),
    # just in time, and just too late
    ("the primary answers just in time", {"poll": "1s"}, at_zero(), 3.0),
    ("the primary answers just too late", {"poll": "1s"}, at_zero(), 3.01),
    ("the primary is looked at more often than it can answer", {"poll": "10ms"}, at_zero(), 0.3),
    ("what changes slowly was answered just in time", {}, lambda limits: replace(
     state(limits, primary(at=9.0)), upkeep=upkeep(6.0)), 9.0),
    ("what changes slowly was answered just too late", {}, lambda limits: replace(
     state(limits, primary(at=9.0)), upkeep=upkeep(5.99)), 9.0),
    ("a small commit ended just in time", {"max_lag": "off"}, after(
     lambda limits: state(limits, primary(at=1.0)), lambda of, _: replace(of, beat_at=0.0)), 1.0),
    ("a small commit ended just too late", {"max_lag": "off"}, after(
     lambda limits: state(limits, primary(at=1.0)), lambda of, _: replace(of, beat_at=-0.01)), 1.0),
    ("a small commit ended late for a slow poll", {"poll": "2s"}, after(at_zero(), lambda of, _: replace(of, beat_at=-5.9)), 0.0),
    ("a check has answered at the last moment", {"sql.queue.query": "SELECT 1", "sql.queue.max": 5},
     after(at_zero(), lambda of, _: saw_check(of, "sql.queue", CheckSeen(value=1.0), -5.0)), 0.0),
    ("a replica answers just in time", {"poll": "1s"}, looks((0.0, 0, 0), (1.0, 0, 0), name="r1"), 4.0),
    ("too few small commits by one", {}, lambda limits: replace(state(limits), load=Load(usual_beats=(0.001,) * 4)), 0.0),
    ("just enough small commits", {}, lambda limits: replace(state(limits), load=Load(usual_beats=(0.001,) * 5)), 0.0),
    ("too few small commits, and they are lost", {}, lambda limits: lost_beat(
     replace(state(limits), load=Load(usual_beats=(0.001,) * 4)), "no room"), 0.0),
    ("too few small commits, and a batch has run", {}, lambda limits: did_batch(
     replace(state(limits), load=Load(usual_beats=(0.001,) * 4)), limits, batch(0.0)), 0.0),
    ("Aurora was not asked yet", {}, lambda limits: replace(state(limits), aurora=first_state(limits).aurora), 0.0),
    # what held batches back has to come down further
    *((f"a slot that kept too much keeps {kept_mb} MB", {"max_slot_wal": "100MB"}, after(
       at_zero(lsn=101 * MB, slots=(SLOT,)), still_held, lambda of, limits, kept_mb=kept_mb: saw_primary(
         of, limits, primary(at=0.1, lsn=101 * MB, slots=(slot(restart_lsn=(101 - kept_mb) * MB, confirmed_lsn=101 * MB),)))),
       0.1) for kept_mb in (80, 81)),
    *((f"a reader that was behind is {behind} s behind", {"max_logical_lag": "10s"}, after(
       looks((0.0, 0, 0), (1.0, MB, MB), (20.0, 2 * MB, 2 * MB), (28.0, 3 * MB, 3 * MB), (28.1, 4 * MB, 4 * MB)),
       lambda of, limits: saw_primary(of, limits, primary(at=28.2, lsn=5 * MB, slots=(SLOT,))),
       lambda of, limits: decided(of, decide(of, limits, 28.2, NOON), 28.2),
       lambda of, limits, lsn=lsn: saw_primary(of, limits, primary(at=28.3, lsn=6 * MB, slots=(slot(confirmed_lsn=lsn),)))),
       28.3) for behind, lsn in (("8.3", 2 * MB), ("0.3", 3 * MB))),
    *((f"sessions that were too many are {active}", {"max_active_sessions": 10}, after(
       at_zero(sessions=SessionsSeen(active=11, in_transaction=11)), still_held, lambda of, _, active=active: replace(
         of, load=Load(usual_beats=(0.001,) * 9, sessions=(active,)))), 0.0) for active in (8, 9)),
    *((f"a backlog that was too long is {segments}", {"max_archive_backlog": 10}, after(
       kept(archiver=ArchiverSeen(backlog_segments=11, failing_since_seconds=None)), still_held,
       lambda of, limits, segments=segments: saw_upkeep(
         of, limits, upkeep(archiver=ArchiverSeen(backlog_segments=segments, failing_since_seconds=None)), None)), 0.0)
      for segments in (8, 9)),
    *((f"a replica that was late is {lag} s late", {}, after(
       lambda limits, first=first: saw_upkeep(
         state(limits), limits, upkeep(), (AuroraReplicaSeen(name="r1", lag_seconds=first),)),
       lambda of, limits, lag=lag: saw_upkeep(of, limits, upkeep(), (AuroraReplicaSeen(name="r1", lag_seconds=lag),))), 0.0)
      for first, lag in ((0.71, 0.2), (0.71, 0.21), (0.7, 0.25), (0.7, 0.26))),
    # several of a kind: each is asked
    ("the second slot keeps too much", {"max_slot_wal": "1MB", "ignore_slots": "a"}, at_zero(lsn=2 * MB, slots=(
     slot("a"), slot("b", restart_lsn=2 * MB, confirmed_lsn=2 * MB), slot("c", confirmed_lsn=2 * MB))), 0.0),
    ("two slots keep too much", {"max_slot_wal": "1MB"}, at_zero(lsn=2 * MB, slots=(slot("a"), slot("b"))), 0.0),
    ("one slot keeps too much, and another loses it", {"max_slot_wal": "1MB"}, at_zero(
     lsn=2 * MB, slots=(slot("a"), slot("b", wal_status="lost", active=False))), 0.0),
    ("no slot matters", {"max_slot_wal": "off"}, at_zero(lsn=2 * MB, slots=(slot("a", wal_status="lost"),)), 0.0),
    ("the bound of slots is far", {}, lambda limits: state(limits, primary(lsn=11 * 1024 * MB, slots=(PHYSICAL,)),
     kept=upkeep(slot_wal_limit_bytes=90 * 1024 * MB)), 0.0),
    ("the second table is vacuumed", {}, kept(vacuums=(
     VacuumSeen(pid=5, table="public.a", prevents_wraparound=False, share_done=0.5),
     VacuumSeen(pid=6, table="public.b", prevents_wraparound=True, share_done=0.0))), 0.0),
    ("wraparound may be waited out", {"wait_for_wraparound_vacuum": "no", "wait_for_autovacuum": "yes"}, kept(vacuums=(
     VacuumSeen(pid=6, table="public.b", prevents_wraparound=True, share_done=1.0),)), 0.0),
    ("the second session is old", {}, kept(horizon=(
     HorizonSeen(kind="session", name="76", who="", xids=1, seconds=1.0), SESSION)), 0.0),
    ("a replica is old, and only its transactions count", {}, kept(horizon=(HorizonSeen(
     kind="replica", name="r1", who="", xids=10_000_001, seconds=9999.0),)), 0.0),
    ("two replicas, one away and one late", {}, after(
     lambda limits: saw_upkeep(state(limits), limits, upkeep(), (
         AuroraReplicaSeen(name="r1", lag_seconds=None), AuroraReplicaSeen(name="r2", lag_seconds=0.5)))), 0.0),
    ("two replicas, one silent and one late", {"replica_dsn.r2": "host=r2"}, after(
     lambda limits: saw_standby(state(limits, primary(at=5.0)), limits, "r2", StandbySeen(at=1.0, replay_lsn=0, replay_paused=False)),
     lambda of, limits: saw_upkeep(of, limits, upkeep(5.0), (AuroraReplicaSeen(name="z", lag_seconds=0.5),))), 5.0),
    ("one stands and another is late", {}, after(looks((0.0, 500, 500), (0.1, 900, 600), (0.2, 900, 600), (0.3, 900, 600),
     (0.4, 900, 600)), lambda of, limits: saw_upkeep(of, limits, upkeep(0.4), (AuroraReplicaSeen(name="z", lag_seconds=0.5),))), 0.4),
    ("two flag files are there", {"flag_files": "/stop, /halt"},
     after(at_zero(), lambda of, _: saw_flags(of, ("/stop", "/halt"))), 0.0),
    ("flag files cannot be read, and none is asked for", {}, after(at_zero(), lambda of, _: saw_flags(of, GONE)), 0.0),
    ("three checks", {"sql.a.query": "SELECT 1", "sql.a.max": 5, "sql.b.query": "SELECT 1", "sql.b.max": 5,
     "sql.c.query": "SELECT 1", "sql.c.max": 5, "sql.b.every": "3s", "sql.b.timeout": "1s"}, after(
         at_zero(), lambda of, _: saw_check(of, "sql.a", GONE, 0.0),
         lambda of, _: saw_check(of, "sql.b", CheckSeen(value=1.0), -10.01),
         lambda of, _: saw_check(of, "sql.c", CheckSeen(value=5.5), 0.0)), 0.0),
    ("a check without a number", {"sql.a.query": "SELECT 1", "sql.a.max": 5}, after(
     at_zero(), lambda of, _: saw_check(of, "sql.a", CheckSeen(), 0.0)), 0.0),
    ("a check from 2 to 5 is above both", {"sql.a.query": "SELECT 1", "sql.a.max": 5, "sql.a.min": 2}, after(
     at_zero(), lambda of, _: saw_check(of, "sql.a", CheckSeen(value=6.0), 0.0)), 0.0),
    ("a check from 2 to 5 is below both", {"sql.a.query": "SELECT 1", "sql.a.max": 5, "sql.a.min": 2}, after(
     at_zero(), lambda of, _: saw_check(of, "sql.a", CheckSeen(value=1.0, words="pod-1"), 0.0)), 0.0),
    # how large, and how often
    ("a replica has room for just as much", {}, after(looks((0.0, 0, 0), (0.1, 0, 0)),
     lambda of, _: replace(of, size=replace(of.size, rows=40), wal_per_row=600.0)), 0.1),
    ("a replica has room for one less", {}, after(looks((0.0, 0, 0), (0.1, 0, 0)),
     lambda of, _: replace(of, size=replace(of.size, rows=41), wal_per_row=600.0)), 0.1),
    ("a replica has room for less than a row", {}, after(looks((0.0, 0, 0), (0.1, 0, 0)),
     lambda of, _: replace(of, wal_per_row=1e9)), 0.1),
    ("a replica without a limit has room for all", {"max_lag": "off"}, after(looks((0.0, 0, 0), (0.1, 0, 0)),
     lambda of, _: replace(of, wal_per_row=1e9)), 0.1),
    ("a replica that is away has no say", {}, after(looks((0.0, 0, 0), (0.1, 0, 0), (0.2, 0, None)),
     lambda of, _: replace(of, wal_per_row=1e9)), 0.2),
    ("a rest that is over", {"nice": 0.5}, after(at_zero(), lambda of, limits: did_batch(of, limits, batch(0.0, seconds=0.1))), 0.11),
    ("a rest while somebody else is there", {"nice": 0.1}, after(at_zero(), strained(None, 0.5)), 0.0),
    ("as nice as others can bear", {"nice": 0.5}, after(at_zero(), strained(None, 0.5)), 0.0),
    ("others do not count", {"max_commit_time": "off", "max_active_sessions": "off"}, after(at_zero(), strained(None, 0.5)), 0.0),
    ("only sessions of others count", {"max_commit_time": "off"}, after(at_zero(), strained(None, 0.5)), 0.0),
    ("only small commits count", {"max_active_sessions": "off"}, after(at_zero(), strained(None, 0.5)), 0.0),
    ("it is not the hour", {"windows": "22:00-06:00"}, after(at_zero(), still_held), 0.0),
    ("it is not the hour, with all that is said", {"windows": "22:00-06:00; Sat 00:00-24:00", "blackouts": "23:00-23:30",
     "timezone": "Europe/Berlin"}, at_zero(), 0.0),
    ("it is the hour of a blackout", {"blackouts": "11:00-13:30"}, at_zero(), 0.0),
    ("there is no hour at all", {"blackouts": "00:00-24:00"}, at_zero(), 0.0),
    ("replicas cannot be read, though a standby is waited for", {}, at_zero(replicas=GONE, synchronous_standby_names="s1"), 0.0),
    ("one standby of several is there", {}, at_zero(synchronous_standby_names="first 2 (a, b)",
     replicas=(replica("a", sync_state="sync"), replica("b", slot="b", sync_state="potential"))), 0.0),
    ("any one is enough", {}, at_zero(synchronous_standby_names=" ", replicas=()), 0.0),
    ("all that are needed are there", {}, at_zero(synchronous_standby_names="ANY 1 (*)",
     replicas=(replica("a", sync_state="quorum"),)), 0.0),
]  # fmt: skip


def title(situation: Situation) -> str:
    about, settings, *_ = situation
    return about + "".join(f", {name}={value}" for name, value in settings.items())


def told(situation: Situation) -> Iterator[str]:
    _, settings, made, now = situation
    limits = limits_from(settings)
    of = made(limits)
    found = decide(of, limits, now, NOON)
    yield f"{'go' if found.may_run else 'wait'}, {found.batch_rows} rows, {found.wait_seconds:g} s"
    for reason in found.reasons:
        yield from _reason(reason)


def _reason(reason: Reason) -> Iterator[str]:
    numbers = (f"{number:.6g}" if number is not None else "–" for number in (reason.value, reason.limit))
    kind = "stops" if reason.stops else "slows"
    yield f"* {kind}: {reason.signal}, {reason.subject}: {' of '.join(numbers)} {reason.unit}".rstrip()
    yield f"    {reason.text}"
    yield f"    {reason.until}"


@pytest.mark.parametrize("situation", SITUATIONS, ids=title)
def test_each_situation_is_told_in_these_words(situation: Situation, pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("update_pages"):
        holds(PAGE, title(situation), told(situation))


def test_every_situation_is_told_once(pytestconfig: pytest.Config) -> None:
    words = {title(one): told(one) for one in SITUATIONS}
    assert len(words) == len(SITUATIONS)
    holds_all(PAGE, words, update=pytestconfig.getoption("update_pages"))


def test_every_number_behind_a_decision_has_its_name() -> None:
    limits = Limits()
    of = looks((0.0, 0, 0), (1.0, 5000, 3000))(limits)
    of = saw_primary(
        of, limits, primary(at=1.5, lsn=6000, replicas=(replica(replay_lsn=4000),), slots=(slot(restart_lsn=1000),))
    )
    of = saw_upkeep(
        of, limits, upkeep(1.5, archiver=ArchiverSeen(backlog_segments=3, failing_since_seconds=None)), None
    )
    of = did_batch(of, limits, batch(1.5, rows=100))
    found = {(one.name, one.subject): one.value for one in gauges(of, limits, 1.5)}
    assert found["slot_wal_bytes", "debezium"] == 5000
    assert found["archive_backlog_segments", ""] == 3
    assert found["wal_bytes_per_row", ""] == 600
    assert found["wal_bytes_per_second", ""] == 4000
    assert found["replica_lag_seconds", "r1"] == 1.5  # it has not replayed all that there was at 0 s
    assert found["replica_drain_seconds", "r1"] == pytest.approx(
        2000 / (found["replica_replay_bytes_per_second", "r1"] or 0)
    )
    left = gauges(saw_primary(of, limits, primary(at=1.6, lsn=6000)), limits, 1.6)
    assert {one.value for one in left if one.subject == "r1"} == {None}
