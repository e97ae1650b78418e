"""How replicas are told apart and called, from what a primary shows of them."""

from __future__ import annotations

import pytest

from migrasafe.backfill.throttle.followers import follow_told, replica_positions, required
from migrasafe.backfill.throttle.limits import Limits
from migrasafe.backfill.throttle.settings import limits_from
from migrasafe.backfill.throttle.state import decided, did_cut, first_state, saw_standby, with_limits
from migrasafe.postgres.figures.load_signals import Lost, ReplicaSeen, ReplicaState, StandbySeen
from tests.unit.backfill.seen import replica, slot, state
from tests.unit.backfill.test_throttle import decision


@pytest.mark.parametrize(
    ("seen", "called"),
    [
        (replica(), ("r1@10.0.0.5", "replica r1", {"r1", "10.0.0.5"})),
        (replica(address=""), ("r1@local", "replica r1", {"r1"})),
        (replica(slot="s1"), ("s1", "replica r1", {"r1", "s1", "10.0.0.5"})),
        (replica("walreceiver"), ("walreceiver@10.0.0.5", "replica 10.0.0.5", {"walreceiver", "10.0.0.5"})),
        (replica("walreceiver", slot="s1"), ("s1", "replica s1", {"walreceiver", "s1", "10.0.0.5"})),
        (replica("walreceiver", address=""), ("walreceiver@local", "replica walreceiver", {"walreceiver"})),
        (replica(""), ("@10.0.0.5", "replica 10.0.0.5", {"10.0.0.5"})),
    ],
)
def test_a_replica_is_called_by_its_name_or_else_its_slot_or_address(
    seen: ReplicaSeen, called: tuple[str, str, set[str]]
) -> None:
    ((key, (follower, _)),) = replica_positions((seen,), (), {}).items()
    assert (key, follower.label, set(follower.names)) == called


def test_several_of_one_name_are_numbered() -> None:
    seen = tuple(replica(pid=pid) for pid in (1, 2, 3))
    assert list(replica_positions(seen, (), {})) == ["r1@10.0.0.5", "r1@10.0.0.5#2", "r1@10.0.0.5#3"]


def test_what_has_no_rows_to_read_is_no_replica() -> None:
    seen = (
        replica("backup", state=ReplicaState.OTHER),
        replica("new", replay_lsn=None),
        replica("reader", slot="debezium"),
        replica("catching up", state=ReplicaState.CATCHING_UP),
    )
    assert [one.label for one, _ in replica_positions(seen, (slot(),), {}).values()] == ["replica catching up"]
    assert len(replica_positions(seen, Lost(why="gone"), {})) == 2


def test_those_that_are_named_have_to_be_there_and_those_that_are_ignored_do_not() -> None:
    followers = {key: one for key, (one, _) in replica_positions((replica(), replica("r2", slot="s2")), (), {}).items()}
    labels = {
        settings: [one.label for one in required(followers, limits_from(dict([settings])))]
        for settings in (
            ("replicas", "auto"),
            ("replicas", "s2, r9"),
            ("ignore_replicas", "10.0.0.5"),
            ("replicas", "none"),
        )
    }
    assert list(labels.values()) == [["replica r1", "replica r2"], ["replica r2", "replica r9"], [], []]


def test_aurora_loses_only_readers_of_its_own() -> None:
    followers = {key: one for key, (one, _) in replica_positions((replica(),), (), {}).items()}
    after = follow_told(follow_told(followers, {"a": 0.1, "b": 0.2}), {"a": 0.3})
    assert {one.label: (one.lag, one.away) for one in after.values()} == {
        "replica r1": (None, ""),
        "replica a": (0.3, ""),
        "replica b": (0.2, "is not in the list of Aurora's replicas any more"),
    }


def test_a_connection_that_settings_name_no_longer_is_forgotten_and_others_stay() -> None:
    before = limits_from({"replica_dsn.r1": "host=r1", "replica_dsn.r2": "host=r2"})
    of = state(before)
    for name in ("r1", "r2"):
        of = saw_standby(of, before, name, StandbySeen(at=0.0, replay_lsn=0, replay_paused=False))
    after = with_limits(of, before, limits_from({"replica_dsn.r2": "host=r2"}))
    assert list(after.followers) == ["dsn r2"]


def test_a_batch_runs_from_its_start_to_its_end() -> None:
    go = decision(state())
    running = decided(state(), go, 5.0)
    assert running.batch_began_at == 5.0
    assert did_cut(running).batch_began_at is None
    wait = decision(first_state(Limits()))
    assert decided(running, wait, 6.0).batch_began_at is None
    assert decided(running, wait, 6.0).held == {("starting", "primary")}
