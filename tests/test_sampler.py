"""The thread behind each signal of the throttle, without a server: when it looks, what it tells, and how it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from migrasafe.backfill.throttle.sampler import LEAVE_WITHIN_SECONDS, SHORTEST_PAUSE_SECONDS, Sampler
from migrasafe.errors import ServerError
from migrasafe.postgres.connect import Connection

LONG = 60.0


class Signal:
    """What is looked at: each look and each loss is noted, and a look can be held up."""

    def __init__(self) -> None:
        self.pause, self.gone = 0.0, ""
        self.looks: list[Connection | None] = []
        self.lost: list[str] = []
        self.may_end = threading.Event()
        self.may_end.set()
        self.sampler = Sampler("a signal", dsn=None, every=lambda: self.pause, look=self._look, lost=self.lost.append)

    def _look(self, connection: Connection | None) -> None:
        self.looks.append(connection)
        assert self.may_end.wait(10)
        if self.gone:
            raise ServerError(self.gone)


@pytest.fixture
def signal() -> Iterator[Signal]:
    made = Signal()
    yield made
    made.may_end.set()
    made.sampler.leave()


def eventually(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_it_looks_again_and_again_until_it_leaves(signal: Signal) -> None:
    signal.sampler.start()
    eventually(lambda: len(signal.looks) > 3)
    assert (signal.sampler.name, signal.sampler.daemon) == ("migrasafe a signal", True)
    signal.sampler.leave()
    assert not signal.sampler.is_alive()
    assert set(signal.looks) == {None} and signal.lost == []


def test_it_waits_for_its_time_unless_it_is_nudged(signal: Signal) -> None:
    signal.pause = LONG
    signal.sampler.start()
    eventually(lambda: len(signal.looks) == 1)
    time.sleep(0.02)
    signal.sampler.nudge()
    eventually(lambda: len(signal.looks) == 2)
    time.sleep(0.02)
    assert len(signal.looks) == 2
    signal.sampler.leave()
    assert not signal.sampler.is_alive()


def test_the_pause_is_asked_for_each_time(signal: Signal) -> None:
    pauses = iter([0.0, 0.0, 0.0, LONG])
    sampler = Sampler("a signal", dsn=None, every=pauses.__next__, look=signal.looks.append, lost=signal.lost.append)
    sampler.start()
    eventually(lambda: len(signal.looks) == 4)
    time.sleep(0.02)
    sampler.leave()
    assert (len(signal.looks), signal.lost) == (4, [])


def test_what_cannot_be_seen_is_told_and_not_asked_for_all_the_time(signal: Signal) -> None:
    signal.gone = "it is away"
    began = time.monotonic()
    signal.sampler.start()
    eventually(lambda: len(signal.lost) >= 3)
    assert time.monotonic() - began >= 2 * SHORTEST_PAUSE_SECONDS
    assert set(signal.lost) == {"it is away"}
    signal.gone = ""
    told, looked = len(signal.lost), len(signal.looks)
    eventually(lambda: len(signal.looks) > looked + 10)
    assert len(signal.lost) <= told + 1  # by a look that was under way


def test_a_longer_pause_is_kept_where_nothing_is_seen(signal: Signal) -> None:
    signal.gone, signal.pause = "it is away", LONG
    signal.sampler.start()
    eventually(lambda: len(signal.lost) == 1)
    time.sleep(2 * SHORTEST_PAUSE_SECONDS)
    assert len(signal.looks) == 1


def test_who_has_been_told_to_leave_tells_no_loss(signal: Signal) -> None:
    signal.may_end.clear()
    signal.gone = "it was cut off"
    signal.sampler.start()
    eventually(lambda: len(signal.looks) == 1)
    threading.Timer(0.05, signal.may_end.set).start()
    signal.sampler.leave()
    signal.sampler.join(10)
    assert not signal.sampler.is_alive()
    assert (len(signal.looks), signal.lost) == (1, [])


def test_who_does_not_end_is_left_behind_after_a_while(signal: Signal) -> None:
    signal.may_end.clear()
    signal.sampler.start()
    eventually(lambda: len(signal.looks) == 1)
    began = time.monotonic()
    signal.sampler.leave()
    assert LEAVE_WITHIN_SECONDS <= time.monotonic() - began < 10
    assert signal.sampler.is_alive()
    signal.may_end.set()
    signal.sampler.join(10)
    assert not signal.sampler.is_alive()


def test_one_that_never_began_ends_at_once(signal: Signal) -> None:
    signal.sampler.leave()
    signal.sampler.leave()
    assert signal.looks == []
