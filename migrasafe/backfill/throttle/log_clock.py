"""When the primary's log stood where: turns a log position of a replica into seconds, without writing anything.

A replica that has replayed all that was there at the last look but one is not behind, however long nothing was written.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import itemgetter

from msgspec import Struct

FINE_SECONDS = 10.0
COARSE_STEP_SECONDS = 1.0
KEPT_SECONDS = 3600.0


class LogClock(Struct, frozen=True, kw_only=True):
    """Looks at the end of the primary's log, oldest first: (time.monotonic(), bytes since the beginning of the log)."""

    looks: tuple[tuple[float, int], ...] = ()

    @property
    def end(self) -> int:
        """Where the log ended at the last look."""
        return self.looks[-1][1] if self.looks else 0


def looked(clock: LogClock, at: float, lsn: int) -> LogClock:
    """The clock after one more look. Older looks are kept once a second, for an hour.

    A log that ends before the last look is another log (a replica was promoted): the clock begins anew.
    """
    if clock.looks and lsn < clock.end:
        return LogClock(looks=((at, lsn),))
    kept = clock.looks
    coarse = bisect_left(kept, at - FINE_SECONDS, key=itemgetter(0))
    if coarse >= 2 and kept[coarse - 1][0] - kept[coarse - 2][0] < COARSE_STEP_SECONDS:
        kept = (*kept[: coarse - 1], *kept[coarse:])
    if kept and kept[0][0] < at - KEPT_SECONDS:
        kept = kept[1:]
    return LogClock(looks=(*kept, (at, lsn)))


def seconds_behind(clock: LogClock, replay_lsn: int, now: float) -> float:
    """For how long the primary's log has been longer than `replay_lsn`, at the most.

    A replica further behind than the clock reaches is at least as late as the clock is old.
    """
    looks = clock.looks
    if len(looks) < 2 or replay_lsn >= looks[-2][1]:
        return 0.0
    position = bisect_right(looks, replay_lsn, key=itemgetter(1))
    since = looks[position - 1][0] if position else looks[0][0]
    return max(0.0, now - since)
