"""Whether two databases hold the same rows of a table, while people write: what differs is looked at again, after a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from migrasafe.backfill.across.rows import Key, Rows, bound_after, hold, some_keys, sum_of, sums_at, sums_between
from migrasafe.postgres.connect import Connection, run
from migrasafe.quantities import say_count

MOST_PENDING = 100_000
"""Rows that are looked at again; more than that do not differ by accident."""
_AT_A_TIME = 500
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0
_HELD_SECONDS = 1.0
"""How long a row is held, at most, that changes too often to be seen alike otherwise."""
_LOOK_EVERY_SECONDS = 0.02
_MOST_HELD = 200

Tell = Callable[[str], None]


class Comparison(Struct, frozen=True, kw_only=True):
    rows: int
    """That were compared."""
    at_first: int
    """How many of them differed, or were on one side only."""
    differing: tuple[Key, ...]
    """Which still did when patience ended."""
    seconds: float
    broken_off: bool = False
    """So many differed that the rest was not looked at."""

    @property
    def rate(self) -> float:
        return len(self.differing) / self.rows if self.rows else float(bool(self.differing))

    def holds(self, tolerated: float | None) -> bool:
        return not self.broken_off and len(self.differing) <= (tolerated or 0) * self.rows


class Comparing(Struct, frozen=True, kw_only=True):
    old: Connection
    new: Connection
    rows: Rows
    patience_seconds: float = 10.0
    batch_rows: int = 10_000

    def all(self, tell: Tell) -> Comparison:
        """Every row, range by range of the key."""
        begun_at = time.monotonic()
        count, pending = 0, list[Key]()
        for number, (after, upto) in enumerate(self._ranges()):
            mine, theirs = (sum_of(one, self.rows, after, upto) for one in (self.old, self.new))
            count += mine[0]
            if mine != theirs:
                pending += self._differing_between(after, upto)
            if number and number % 100 == 0:
                tell(f"{say_count(count, 'row')} compared, {len(pending):,} to be looked at again")
            if len(pending) > MOST_PENDING:
                break
        return self._settled(count, pending, begun_at)

    def sample(self, count: int) -> Comparison:
        """Rows at random, of both sides: as an app would find them that reads both."""
        begun_at = time.monotonic()
        keys = list(dict.fromkeys(key for one in (self.old, self.new) for key in some_keys(one, self.rows, count)))
        pending = list(self._differing(keys))
        return self._settled(len(keys), pending, begun_at)

    def _ranges(self) -> Iterator[tuple[Key | None, Key | None]]:
        after: Key | None = None
        while True:
            upto = bound_after(self.old, self.rows, after, self.batch_rows)
            yield after, upto
            if upto is None:  # the last range is open: rows that only the other side has are in one, too
                return
            after = upto

    def _differing_between(self, after: Key | None, upto: Key | None) -> list[Key]:
        mine, theirs = (sums_between(one, self.rows, after, upto) for one in (self.old, self.new))
        return [key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key)]

    def _differing(self, keys: Sequence[Key]) -> Iterator[Key]:
        for place in range(0, len(keys), _AT_A_TIME):
            some = keys[place : place + _AT_A_TIME]
            mine, theirs = (sums_at(one, self.rows, some) for one in (self.old, self.new))
            yield from (key for key in some if mine.get(key) != theirs.get(key))

    def _settled(self, count: int, pending: list[Key], begun_at: float) -> Comparison:
        """Look again until what was on its way has arrived, or patience ends."""
        at_first, broken_off = len(pending), len(pending) > MOST_PENDING
        give_up_at = time.monotonic() + self.patience_seconds
        pause = _FIRST_PAUSE_SECONDS
        while pending and not broken_off and time.monotonic() < give_up_at:
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            pending = list(self._differing(pending))
        if len(pending) <= _MOST_HELD and not broken_off:
            pending = [key for key in pending if not self._same_while_held(key)]
        return Comparison(
            rows=count,
            at_first=at_first,
            differing=tuple(sorted(pending)),
            seconds=round(time.monotonic() - begun_at, 1),
            broken_off=broken_off,
        )

    def _same_while_held(self, key: Key) -> bool:
        """A row that changes all the time: nobody may change it for a moment, in which the other side comes up with it."""
        run(self.old, "BEGIN")
        try:
            run(self.old, "SET LOCAL lock_timeout = '200ms'")
            if not hold(self.old, self.rows, key):
                return False
            mine = sums_at(self.old, self.rows, [key])
            give_up_at = time.monotonic() + _HELD_SECONDS
            while sums_at(self.new, self.rows, [key]) != mine:
                if time.monotonic() > give_up_at:
                    return False
                time.sleep(_LOOK_EVERY_SECONDS)
            return True
        finally:
            run(self.old, "ROLLBACK")
