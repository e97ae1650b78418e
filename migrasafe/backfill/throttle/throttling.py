"""The throttle at work: threads that sample signals, and what the pure throttle makes of them, behind one lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from migrasafe.backfill.model import BatchDone, Cut, Decision, Gauge, Place, Setting
from migrasafe.backfill.throttle.ask_checks import ask_check
from migrasafe.backfill.throttle.checks import Check, CheckKind
from migrasafe.backfill.throttle.decide import decide
from migrasafe.backfill.throttle.duty import FEWEST_BEATS
from migrasafe.backfill.throttle.gauges import gauges
from migrasafe.backfill.throttle.limits import Limits
from migrasafe.backfill.throttle.sampler import Sampler
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
    started_again,
    upkeep_is_due,
    with_limits,
)
from migrasafe.errors import ServerError
from migrasafe.postgres.connect import Connection
from migrasafe.postgres.figures.load import (
    beat,
    read_aurora_replicas,
    read_primary,
    read_standby,
    read_system_identifier,
    read_upkeep,
)
from migrasafe.postgres.figures.load_signals import Lost

FIRST_BEATS_SECONDS = 0.02
"""Between the first small commits, which say what is usual before the first batch runs."""
NOBODY_ASKS_SECONDS = 2.0
"""Without a question for so long, no batch waits: small commits of ours would only make log."""
REPLY_SECONDS = 0.005
"""After a commit, replicas reply with where they are: a look just then sees them fresh."""


class SampledThrottle:
    """What a worker asks before each batch (see `model.Throttle`). One per worker."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limits = Limits()
        self._state = first_state(self._limits)
        self._place: Place | None = None
        self._samplers: dict[str, tuple[object, Sampler]] = {}
        self._system_identifier: str | None = None
        self._asked_at = float("-inf")

    def start(self, place: Place, settings: Mapping[str, Setting]) -> None:
        """Begin to sample. Called again after a reconnect, it forgets what it knew of the server, but not of batches."""
        limits = limits_from(settings)
        self.stop()
        before = self._state
        with self._lock:
            self._place, self._limits = place, limits
            self._state = started_again(before, limits)
            self._asked_at = time.monotonic()
        self._match_samplers()

    def decide(self, now: float) -> Decision:
        """Whether a batch may start now (time.monotonic()). When it may, and needs no rest, it is taken to begin."""
        wall = datetime.now(UTC)
        with self._lock:
            decision = decide(self._state, self._limits, now, wall)
            self._state = decided(self._state, decision, now)
            self._asked_at = now
        return decision

    def after_batch(self, done: BatchDone) -> None:
        """Learn from a batch that committed."""
        with self._lock:
            self._state = did_batch(self._state, self._limits, done)

    def after_cut(self, cut: Cut) -> None:
        """Make the next batch smaller: the last one ran into a limit."""
        with self._lock:
            self._state = did_cut(self._state)

    def change(self, settings: Mapping[str, Setting]) -> None:
        """Go by new settings from now on. Raises ConfigError and goes by the old ones when they cannot be used."""
        limits = limits_from(settings)
        with self._lock:
            self._state = with_limits(self._state, self._limits, limits)
            self._limits = limits
        self._match_samplers()
        # A sampler that has to go may have seen something meanwhile, of which nobody would ever hear again.
        self._update(lambda state: with_limits(state, limits, limits))

    def gauges(self) -> tuple[Gauge, ...]:
        """The numbers of this moment."""
        with self._lock:
            return gauges(self._state, self._limits, time.monotonic())

    @property
    def state(self) -> State:
        """All that is known at this moment."""
        return self._state

    def stop(self) -> None:
        """End sampling and close connections. May be called twice."""
        samplers, self._samplers = self._samplers, {}
        for _, sampler in samplers.values():
            sampler.leave()

    def _match_samplers(self) -> None:
        """Start what the limits ask for, and end what they do not ask for any more."""
        wanted = self._wanted()
        for label, (what, sampler) in list(self._samplers.items()):
            if label not in wanted or wanted[label][0] != what:
                del self._samplers[label]
                sampler.leave()
        for label, (what, make) in wanted.items():
            if label not in self._samplers:
                sampler = make()
                self._samplers[label] = (what, sampler)
                sampler.start()

    def _wanted(self) -> dict[str, tuple[object, Callable[[], Sampler]]]:
        """What is to be sampled: by label, what tells whether it has to start anew, and how to make it."""
        place, limits = self._place, self._limits
        if place is None:
            return {}
        wanted: dict[str, tuple[object, Callable[[], Sampler]]] = {
            "primary": (place.dsn, lambda: self._looker(place)),
        }
        if limits.max_commit_time is not None or limits.max_lag is not None:
            wanted["commits"] = (place.dsn, lambda: self._beater(place.dsn))
        for name, dsn in limits.replica_dsns:
            wanted[f"replica {name}"] = (dsn, partial(self._standby, name, dsn))
        for check in limits.checks:
            wanted[check.label] = (check, partial(self._check, check, place.dsn))
        if limits.flag_files:
            wanted["flag files"] = (
                None,
                lambda: self._sampler("flag files", None, self._look_for_flags, self._lose_flags),
            )
        return wanted

    def _sampler(
        self, name: str, dsn: str | None, look: Callable[[Connection | None], None], lost: Callable[[str], None]
    ) -> Sampler:
        return Sampler(name, dsn=dsn, every=self._poll, look=look, lost=lost)

    def _poll(self) -> float:
        return poll_seconds(self._state, self._limits)

    def _update(self, change: Callable[[State], State]) -> None:
        with self._lock:
            self._state = change(self._state)

    # The primary

    def _looker(self, place: Place) -> Sampler:
        return Sampler(
            "primary",
            dsn=place.dsn,
            primary=True,
            direct=place.is_direct,
            every=self._poll,
            look=self._look_at_primary,
            lost=self._lose_primary,
        )

    def _look_at_primary(self, connection: Connection | None) -> None:
        assert connection is not None and self._place is not None
        seen = read_primary(connection)
        self._update(lambda state: saw_primary(state, self._limits, seen))
        if upkeep_is_due(self._state, seen.at):
            self._look_at_upkeep(connection, self._place)

    def _look_at_upkeep(self, connection: Connection, place: Place) -> None:
        if self._system_identifier is None:
            self._system_identifier = read_system_identifier(connection)
        upkeep = read_upkeep(connection, [place.table_oid])
        aurora = read_aurora_replicas(connection)

        self._update(lambda state: saw_upkeep(state, self._limits, upkeep, aurora))

    def _lose_primary(self, why: str) -> None:
        self._system_identifier = None
        self._update(lambda state: lost_primary(state, why))

    # Small commits

    def _beater(self, dsn: str) -> Sampler:
        return Sampler("commits", dsn=dsn, primary=True, every=self._beat_pause, look=self._beat, lost=self._lose_beat)

    def _beat_pause(self) -> float:
        few = len(self._state.load.usual_beats) < 2 * FEWEST_BEATS and self._state.last_batch is None
        return FIRST_BEATS_SECONDS if few else self._poll()

    def _beat(self, connection: Connection | None) -> None:
        assert connection is not None
        began_at = time.monotonic()
        if began_at - self._asked_at > NOBODY_ASKS_SECONDS and self._state.batch_began_at is None:
            return
        seconds = beat(connection)
        self._update(lambda state: saw_beat(state, began_at, seconds))
        primary = self._samplers.get("primary")
        if primary is not None:
            time.sleep(REPLY_SECONDS)
            primary[1].nudge()

    def _lose_beat(self, why: str) -> None:
        self._update(lambda state: lost_beat(state, why))

    # Replicas, checks, files

    def _standby(self, name: str, dsn: str) -> Sampler:
        def look(connection: Connection | None) -> None:
            assert connection is not None
            seen = read_standby(connection, self._system_identifier)
            self._update(lambda state: saw_standby(state, self._limits, name, seen))

        def lose(why: str) -> None:
            self._update(lambda state: saw_standby(state, self._limits, name, Lost(why=f"cannot be asked: {why}")))

        return self._sampler(f"replica {name}", dsn, look, lose)

    def _check(self, check: Check, dsn: str) -> Sampler:
        def look(connection: Connection | None) -> None:
            seen = ask_check(check, connection)
            self._update(lambda state: saw_check(state, check.label, seen, time.monotonic()))

        def lose(why: str) -> None:
            self._update(lambda state: saw_check(state, check.label, Lost(why=why), time.monotonic()))

        on = (check.dsn or dsn) if check.kind is CheckKind.SQL else None
        return Sampler(
            check.label, dsn=on, primary=not check.dsn, every=lambda: check.every_seconds, look=look, lost=lose
        )

    def _look_for_flags(self, _connection: Connection | None) -> None:
        try:
            existing = tuple(path for path in self._limits.flag_files if _exists(path))
        except OSError as error:
            raise ServerError(f"{error.filename}: {error.strerror}") from error
        self._update(lambda state: saw_flags(state, existing))

    def _lose_flags(self, why: str) -> None:
        self._update(lambda state: saw_flags(state, Lost(why=why)))


def _exists(path: str) -> bool:
    """Whether a file is there; unlike Path.exists, it raises OSError where that cannot be told."""
    try:
        Path(path).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
