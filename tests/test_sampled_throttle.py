"""The throttle at work without a server that answers: which threads look at what, and what a worker tells it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from migrasafe.backfill.model import Cut, Place, Setting
from migrasafe.backfill.throttle.gauges import gauges
from migrasafe.backfill.throttle.limits import Limits
from migrasafe.backfill.throttle.settings import limits_from
from migrasafe.backfill.throttle.state import State, did_batch, did_cut, first_state, with_limits
from migrasafe.backfill.throttle.throttling import SampledThrottle
from migrasafe.errors import ConfigError
from migrasafe.postgres.figures.load_signals import Lost
from tests.unit.backfill.seen import batch

NOWHERE = Place(dsn="host=/nowhere", job_id=1, table_oid=1, schema_of_state="migrasafe", is_direct=True)
NO_SERVER = 'connection to server on socket "/nowhere/.s.PGSQL.5432" failed: No such file or directory'
Settings = dict[str, Setting]


BEFORE: set[threading.Thread] = set()
"""Threads of earlier tests in this process that have not ended yet."""


@pytest.fixture
def throttle() -> Iterator[SampledThrottle]:
    BEFORE.clear()
    BEFORE.update(threading.enumerate())
    made = SampledThrottle()
    yield made
    made.stop()


def eventually(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.005)


def threads() -> set[threading.Thread]:
    return {one for one in threading.enumerate() if one.name.startswith("migrasafe ")} - BEFORE


def names() -> list[str]:
    return sorted(one.name.removeprefix("migrasafe ") for one in threads())


# --- what a worker tells it -----------------------------------------------------------------------------------------


def test_what_batches_took_is_learned(throttle: SampledThrottle) -> None:
    limits = Limits()
    throttle.after_batch(batch(1.0))
    assert throttle.state == (after := did_batch(first_state(limits), limits, batch(1.0)))
    throttle.after_cut(Cut.LOCK_TIMEOUT)
    assert throttle.state == did_cut(after)
    assert throttle.gauges() == gauges(throttle.state, limits, 0.0)


def test_new_settings_are_gone_by_and_wrong_ones_are_not(throttle: SampledThrottle) -> None:
    settings: Settings = {"batch_rows": 700}
    throttle.change(settings)
    assert throttle.state == with_limits(first_state(Limits()), Limits(), limits_from(settings))
    assert throttle.decide(0.0).batch_rows == 700
    with pytest.raises(ConfigError):
        throttle.change({"batch_rows": 0})
    throttle.after_batch(batch(1.0))
    assert throttle.decide(0.0).batch_rows == 700


def test_what_holds_a_batch_back_is_kept_in_mind(throttle: SampledThrottle) -> None:
    decision = throttle.decide(5.0)
    assert [reason.signal for reason in decision.reasons] == ["starting"]
    assert throttle.state == replace(first_state(Limits()), held=frozenset({("starting", "primary")}))


# --- what is looked at ----------------------------------------------------------------------------------------------

CHECKS: Settings = {
    "sql.queue.query": "SELECT true", "sql.queue.dsn": "host=/elsewhere", "http.freno.url": "http://127.0.0.1:9/",
}  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "looked_at"),
    [
        ({}, ["commits", "primary"]),
        ({"max_commit_time": "off"}, ["commits", "primary"]),
        ({"max_lag": "off"}, ["commits", "primary"]),
        ({"max_commit_time": "off", "max_lag": "off"}, ["primary"]),
        ({"replica_dsn.r1": "host=/r1"}, ["commits", "primary", "replica r1"]),
        (CHECKS, ["commits", "http.freno", "primary", "sql.queue"]),
        ({"flag_files": "/nowhere/stop"}, ["commits", "flag files", "primary"]),
    ],
)
def test_what_the_limits_ask_for_is_looked_at(
    throttle: SampledThrottle, settings: Settings, looked_at: list[str]
) -> None:
    throttle.start(NOWHERE, settings)
    assert names() == looked_at
    assert all(one.daemon for one in threads())
    throttle.stop()
    assert names() == []
    throttle.stop()


def test_new_settings_end_and_begin_only_what_differs(throttle: SampledThrottle) -> None:
    throttle.start(NOWHERE, {"replica_dsn.r1": "host=/r1", **CHECKS})
    before = {one.name: one for one in threads()}
    throttle.change({"replica_dsn.r1": "host=/r2", **CHECKS, "http.freno.every": "2s"})
    after = {one.name: one for one in threads()}
    assert before.keys() == after.keys()
    assert {name for name, one in after.items() if one is not before[name]} == {
        "migrasafe replica r1", "migrasafe http.freno",
    }  # fmt: skip
    throttle.change({"max_commit_time": "off", "max_lag": "off"})
    assert names() == ["primary"]


def test_what_is_seen_of_a_check_while_it_is_given_up_is_forgotten(throttle: SampledThrottle) -> None:
    with socket.create_server(("127.0.0.1", 0)) as asked:
        asked.settimeout(10)
        throttle.start(NOWHERE, {"http.freno.url": f"http://127.0.0.1:{asked.getsockname()[1]}/"})
        answers, _ = asked.accept()
        answer = threading.Timer(0.2, answers.sendall, [b"HTTP/1.0 200 OK\r\n\r\n"])
        answer.start()
        throttle.change({})
        answer.join()
        answers.close()
    assert throttle.state.checks == {}


def test_settings_before_a_start_look_at_nothing(throttle: SampledThrottle) -> None:
    throttle.change({"flag_files": "/nowhere/stop"})
    assert names() == []


def lost(throttle: SampledThrottle) -> dict[str, str]:
    """What cannot be read, and why."""
    return {
        one.subject: one.text.partition(": ")[2] or one.text
        for one in throttle.decide(time.monotonic()).reasons
        if one.signal in ("signal-lost", "replica-away")
    }


def test_whoever_cannot_be_asked_stops_batches_and_says_why(throttle: SampledThrottle) -> None:
    throttle.start(NOWHERE, {"replica_dsn.r1": "host=/nowhere", "sql.queue.query": "SELECT true", **CHECKS})
    eventually(lambda: throttle.state.looks > 1 and len(throttle.state.checks) == 2)
    eventually(lambda: bool(throttle.state.beat_lost and throttle.state.followers))
    state: State = throttle.state
    assert isinstance(state.primary, Lost) and NO_SERVER in state.primary.why
    assert NO_SERVER in state.beat_lost
    assert NO_SERVER in state.followers["dsn r1"].away
    assert state.followers["dsn r1"].away.startswith("cannot be asked: ")
    said = {label: seen.why for label, (_, seen) in state.checks.items() if isinstance(seen, Lost)}
    assert said["http.freno"] == "127.0.0.1 does not answer: [Errno 111] Connection refused"
    assert "/elsewhere/.s.PGSQL.5432" in said["sql.queue"]
    assert all(0 <= time.monotonic() - at < 10 for at, _ in state.checks.values())


def test_a_check_in_sql_is_asked_where_the_job_runs_unless_it_says_where(throttle: SampledThrottle) -> None:
    throttle.start(NOWHERE, {"sql.queue.query": "SELECT true"})
    eventually(lambda: bool(throttle.state.checks))
    _, seen = throttle.state.checks["sql.queue"]
    assert isinstance(seen, Lost) and NO_SERVER in seen.why


def test_a_start_anew_forgets_the_server_and_keeps_what_batches_took(throttle: SampledThrottle) -> None:
    throttle.start(NOWHERE, {"batch_rows": 700})
    throttle.after_batch(batch(1.0, rows=700))
    learned = throttle.state
    eventually(lambda: throttle.state.looks > 0)
    throttle.start(replace(NOWHERE, dsn="host=/elsewhere"), {"batch_rows": 700})
    state = throttle.state
    assert (state.size, state.wal_per_row, state.duty.share) == (learned.size, learned.wal_per_row, learned.duty.share)
    assert state.last_batch is None
    eventually(lambda: isinstance(throttle.state.primary, Lost) and "/elsewhere" in throttle.state.primary.why)
    assert names() == ["commits", "primary"]


# --- flag files -----------------------------------------------------------------------------------------------------


def test_flag_files_are_looked_for_again_and_again(throttle: SampledThrottle, tmp_path: Path) -> None:
    there, missing = tmp_path / "there", tmp_path / "missing"
    there.touch()
    throttle.start(NOWHERE, {"flag_files": f"{there}, {missing}, {there}/below", "poll": "10ms"})
    eventually(lambda: throttle.state.flags == (str(there),))
    missing.touch()
    eventually(lambda: throttle.state.flags == (str(there), str(missing)))


def test_a_flag_file_that_cannot_be_looked_for_stops_batches(throttle: SampledThrottle) -> None:
    long = "/" + "x" * 300
    throttle.start(NOWHERE, {"flag_files": long})
    eventually(lambda: throttle.state.flags == Lost(why=f"{long}: File name too long"))
