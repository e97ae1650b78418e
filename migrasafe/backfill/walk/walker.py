"""Goes through one part of a job, batch by batch, and narrows a range with a bad row down to that row.

It knows nothing of time, of leases or of what operators want: it is asked for one batch, does it, or says that it failed.
"""

from __future__ import annotations

import time

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.backfill.job.shards import Shard
from migrasafe.backfill.walk.batches import Committed, Place, Range, key_in, run_batch, run_on_free_rows, set_row_aside
from migrasafe.backfill.walk.ways import BlockWalk, Key
from migrasafe.postgres.scripts import ScriptSession, StatementError

BOUND_IS_FRESH_SECONDS = 10.0
"""For so long the end of the next batch, found with the last one, still stands for as many rows."""
_NO_MORE_THAN = 1.5
_NO_LESS_THAN = 0.5


class Ahead(Struct, frozen=True, kw_only=True):
    """Where the next batch ends, as the last one found it."""

    high: Key | None
    """None: fewer rows are left than were asked for."""
    rows: int
    at: float


class Bad(Struct, frozen=True, kw_only=True):
    """A range that was tried and holds at least one row that cannot be changed."""

    low: Key | None
    high: Key
    sqlstate: str
    message: str


class Done(Struct, frozen=True, kw_only=True):
    """One step: a batch that committed, or a row that was set aside."""

    part: Range
    committed: Committed
    seconds: float
    at: float
    dead: Bad | None = None
    dead_rows: int = 0


class Walker:
    """One part of a job in one session."""

    def __init__(self, session: ScriptSession, place: Place, shard: Shard) -> None:
        self.session = session
        self.place = place
        self.shard = shard
        self.bad: Bad | None = None
        self.trying: Range | None = None
        self.began = 0.0
        """When the batch that was tried last was sent; time.monotonic()."""
        self._ahead: Ahead | None = None

    @property
    def is_done(self) -> bool:
        return self.shard.cursor == self.shard.hi

    def step(self, rows: int, *, only_free: bool = False) -> Done:
        """Do the next batch, of about so many rows. Raises StatementError; `trying` says in which range."""
        if self.bad is not None and not only_free:
            part, is_single = self._half_of_bad(self.bad)
            if is_single:
                return self._set_aside(part, self.bad)
        else:
            part = self._next(rows)
        self.trying = part
        began = self.began = time.monotonic()
        if only_free:
            committed = run_on_free_rows(self.session, self.place, self.shard, part)
        else:
            committed = run_batch(self.session, self.place, self.shard, part, rows)
        at = time.monotonic()
        self._moved(part, committed.rows_changed)
        if self.bad is None and not only_free and not self.is_done:
            self._ahead = Ahead(high=committed.next_high, rows=rows, at=at)
        return Done(part=part, committed=committed, seconds=at - began, at=at)

    def found_bad(self, failure: StatementError) -> int:
        """The range that was tried holds a bad row; how many rows are in it."""
        assert self.trying is not None
        self.bad = Bad(low=self.trying.low, high=self.trying.high, sqlstate=failure.sqlstate, message=failure.message)
        self._ahead = None
        return self.trying.rows

    def forget_bound(self) -> None:
        """The next batch shall have another size."""
        self._ahead = None

    def _next(self, rows: int) -> Range:
        low, end = self.shard.low, self.shard.hi
        walk = self.place.walk
        if isinstance(walk, BlockWalk):
            blocks = max(1, rows // self._rows_per_block())
            high = walk.after(low, end, blocks)
            return Range(low=low, high=high, rows=max(1, round(blocks * self._rows_per_block())))
        ahead, self._ahead = self._ahead, None
        fresh = ahead is not None and time.monotonic() - ahead.at < BOUND_IS_FRESH_SECONDS
        if ahead is not None and fresh and _NO_LESS_THAN * rows <= ahead.rows <= _NO_MORE_THAN * rows:
            high_found, rows = ahead.high, ahead.rows
        else:
            high_found = key_in(self.session.rows(walk.bound(self.place.relation, low, end, rows)))
        if high_found is not None:
            self._ahead = Ahead(high=high_found, rows=rows, at=time.monotonic())  # for a second try
            return Range(low=low, high=high_found, rows=rows)
        left = self.session.rows(walk.count(self.place.relation, low, end))[0][0]
        return Range(low=low, high=end, rows=left)

    def _half_of_bad(self, bad: Bad) -> tuple[Range, bool]:
        """The first half of the bad range, and whether it is the one key that must be bad: it was tried alone."""
        low = self.shard.low
        found = self.session.rows(self.place.walk.half(self.place.relation, low, bad.high))
        if not found:  # its rows are gone
            return Range(low=low, high=bad.high, rows=0), False
        middle, (_, keys, rows) = key_in(found), found[0]
        assert middle is not None
        are_blocks = isinstance(self.place.walk, BlockWalk) and len(middle) == 1
        is_single = keys == 1 and low == bad.low
        return Range(low=low, high=middle, rows=rows * self._rows_per_block() if are_blocks else rows), is_single

    def _set_aside(self, part: Range, bad: Bad) -> Done:
        began = time.monotonic()
        dead_rows = set_row_aside(self.session, self.place, self.shard, part, bad.sqlstate, bad.message)
        self._moved(part, 0)
        self.bad = None
        committed = Committed(rows_changed=0, next_high=None, wal_bytes=0, commit_lsn=0)
        at = time.monotonic()
        return Done(
            part=part,
            committed=committed,
            seconds=at - began,
            at=at,
            dead=Bad(low=part.low, high=part.high, sqlstate=bad.sqlstate, message=bad.message),
            dead_rows=dead_rows,
        )

    def _moved(self, part: Range, changed: int) -> None:
        shard = self.shard
        self.shard = replace(
            shard,
            cursor=part.high,
            batch_no=shard.batch_no + 1,
            rows_walked=shard.rows_walked + part.rows,
            rows_changed=shard.rows_changed + changed,
        )
        self._ahead = None
        if self.bad is not None and part.high == self.bad.high:
            self.bad = None  # another session changed the bad row meanwhile

    def _rows_per_block(self) -> int:
        est_rows, last = self.shard.est_rows or 0, int(self.shard.hi[0])
        return max(1, round(est_rows / (last + 1)))
