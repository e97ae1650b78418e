"""What a backfill will cost: rows, batches, log, growth and time, worked out from what was measured; and what to do about it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.backfill.walk.batch_size import BatchTarget
from migrasafe.quantities import say_bytes, say_count

ROW_HEADER_BYTES = 28
"""Of a row version in the heap, its line pointer included."""
PAGE_OVERHEAD = 24 / 8192
UPDATE_RECORD_BYTES = 60
"""Log of an update beside the new row."""
INDEX_RECORD_BYTES = 72
"""Log of one entry in an index beside its key: the record, and what page splits add."""
SMALLEST_ENTRY_BYTES = 16
MOST_PADDED = 1.25
BATCH_SHARE = 0.95
"""Of the speed of one big statement, measured: what batches with a checkpoint of their own reach."""
PADDING = 0.06
"""Of a page: what alignment takes, which the statistics of columns do not show."""
MUCH_GROWTH = 0.3
LARGE_ROWS = 100_000
"""In smaller tables growth is nobody's trouble."""
SLOWEST_RATE = 10e3
"""Bytes per second; a replica that replays less is paused, or held up by a query."""
VACUUMED_EVERY = 0.2
VACUUMED_GROWTH = 0.27
"""Measured: the heap grows by so much when vacuum runs after each fifth of the rows."""


class TableSize(Struct, frozen=True, kw_only=True):
    """A table that is walked, its partitions added up."""

    heap_bytes: int
    index_bytes: int
    indexes: int
    """Of each partition."""
    rows: int
    rows_wanted: int
    """That want the change, by a sample."""
    sampled_rows: int | None
    """Rows of the sample; None: the whole table was read."""
    row_bytes: float
    """Of the values of a row, by the statistics."""
    is_vacuumed: bool
    """autovacuum cleans it up."""


class ServerFacts(Struct, frozen=True, kw_only=True):
    """What decides how much log is written."""

    full_page_writes: bool
    max_wal_bytes: int
    block_bytes: int
    triggers: tuple[str, ...]
    """Row triggers that each changed row fires."""


class ReplayTried(Struct, frozen=True, kw_only=True):
    """How a replica took the log of what was tried."""

    name: str
    rate: float
    """Bytes per second that it replayed at least."""
    keeps_up: bool
    """It was done as soon as the primary was."""


class Tried(Struct, frozen=True, kw_only=True):
    """What batches took that were rolled back."""

    rows: int
    seconds_per_row: tuple[float, ...]
    """Of each batch, the quickest first. The first touch of a page is slower than the next ones."""
    hot_rows: int
    wal_bytes: int | None
    """Of the rows; None where the server does not tell, or where it was mostly images of whole pages."""
    replicas: tuple[ReplayTried, ...] = ()


class Estimate(Struct, frozen=True, kw_only=True):
    """What a backfill will cost. Sizes in bytes, times in seconds."""

    table: str
    rows: int
    rows_wanted: int
    batches: int
    batch_rows: int
    hot_share: float
    """0 … 1: updates that write to no index."""
    hot_blocked_by: tuple[str, ...]
    """Indexes that hold a changed column, so that no update can be HOT."""
    wal_bytes: int
    heap_bytes: int
    heap_growth: int
    heap_growth_vacuumed: int
    index_bytes: int
    index_growth: int
    rows_per_second: float | None
    """At full speed; None where nothing was tried."""
    seconds: float | None
    """As quick as the quickest batch that was tried, and as the slowest."""
    seconds_slowest: float | None
    replica_seconds: tuple[tuple[str, float | None], ...]
    """For each replica that replays, how long it takes to replay the log; None: it keeps up with the primary."""
    replicas_still: tuple[str, ...]
    """That replayed next to nothing of what was tried."""
    is_copy: bool
    advice: tuple[str, ...]


def hot_share(size: TableSize) -> float:
    """The share of updates that find room for the new row version beside the old one, when no index is in the way.

    A page holds as many new versions as it has free space for: what fillfactor left, or rows that were deleted.
    """
    if not size.rows or not size.heap_bytes:
        return 0.0
    used = size.rows * (size.row_bytes + ROW_HEADER_BYTES) / (size.heap_bytes * (1 - PAGE_OVERHEAD)) + PADDING
    return min(1.0, max(0.0, 1.0 - used) / max(used, 0.01))


def _version_bytes(size: TableSize) -> float:
    """What a row version takes in the heap: as its neighbours do, unless much of the heap is empty."""
    by_values = (size.row_bytes + ROW_HEADER_BYTES) * MOST_PADDED
    return min(size.heap_bytes / size.rows, by_values) if size.rows else by_values


def estimate(
    table: str,
    size: TableSize,
    server: ServerFacts,
    blocked_by: Sequence[str],
    tried: Tried | None,
    target: BatchTarget,
    *,
    is_copy: bool,
) -> Estimate:
    """Put it all together."""
    wanted = size.rows_wanted
    if is_copy or blocked_by:
        hot = 0.0
    elif tried is not None and tried.rows:
        hot = tried.hot_rows / tried.rows
    else:
        hot = hot_share(size)
    share = wanted / size.rows if size.rows else 0.0
    version = _version_bytes(size)
    index_growth = 0 if is_copy else round(size.index_bytes * share * (1 - hot))
    heap_growth = round(wanted * version * (1 - hot) * (1 + PAGE_OVERHEAD))
    per_row = tried.seconds_per_row if tried is not None else ()
    batch_rows = target.first_rows
    if per_row:
        fit = round(target.seconds / statistics.median(per_row))
        batch_rows = max(1, min(max(fit, min(target.floor_rows, target.most_rows)), target.most_rows))
    wal = _wal_bytes(size, server, tried, hot, index_growth, is_copy=is_copy)
    quickest, slowest = (BATCH_SHARE / per_row[0], BATCH_SHARE / per_row[-1]) if per_row else (None, None)
    replicas = tried.replicas if tried is not None else ()
    moving = tuple(one for one in replicas if one.keeps_up or one.rate >= SLOWEST_RATE)
    made = Estimate(
        table=table,
        rows=size.rows,
        rows_wanted=wanted,
        batches=math.ceil(size.rows / batch_rows) if size.rows else 0,
        batch_rows=batch_rows,
        hot_share=hot,
        hot_blocked_by=tuple(blocked_by),
        wal_bytes=wal,
        heap_bytes=size.heap_bytes,
        heap_growth=heap_growth,
        heap_growth_vacuumed=min(heap_growth, round(size.heap_bytes * share * VACUUMED_GROWTH)),
        index_bytes=size.index_bytes,
        index_growth=index_growth,
        rows_per_second=quickest,
        seconds=wanted / quickest if quickest else None,
        seconds_slowest=wanted / slowest if slowest else None,
        replica_seconds=tuple((one.name, None if one.keeps_up else wal / one.rate) for one in moving),
        replicas_still=tuple(one.name for one in replicas if one not in moving),
        is_copy=is_copy,
        advice=(),
    )
    return _with_advice(made, size, server)


def _wal_bytes(
    size: TableSize,
    server: ServerFacts,
    tried: Tried | None,
    hot: float,
    index_growth: int,
    *,
    is_copy: bool,
) -> int:
    """Records of rows and index entries, and an image of each page at its first touch after a checkpoint."""
    wanted = size.rows_wanted
    if tried is not None and tried.wal_bytes is not None and tried.rows:
        records = wanted * tried.wal_bytes / tried.rows
    else:
        entry = size.index_bytes / max(size.rows * max(size.indexes, 1), 1)
        entries = size.indexes * (1 - hot) * (INDEX_RECORD_BYTES + max(entry, SMALLEST_ENTRY_BYTES))
        records = wanted * (UPDATE_RECORD_BYTES + size.row_bytes + ROW_HEADER_BYTES + entries)
    if not server.full_page_writes or not size.rows:
        return round(records)
    share = wanted / size.rows
    heap_images = 0.0 if is_copy else size.heap_bytes * share
    # Entries of most indexes are not in the order of the walk: between two checkpoints each of their pages is met once,
    # or as many as there are rows.
    cycle = max(server.max_wal_bytes / 2, 1)
    total = records + heap_images
    for _ in range(3):
        cycles = max(1.0, total / cycle)
        pages = (size.index_bytes + index_growth) / server.block_bytes
        touched = wanted * (1 - hot) * max(size.indexes, 1) / cycles
        met = pages * (1 - math.exp(-touched / pages)) if pages else 0.0
        total = records + heap_images + (0.0 if is_copy else cycles * met * server.block_bytes)
    return round(total)


def _with_advice(made: Estimate, size: TableSize, server: ServerFacts) -> Estimate:
    advice = []
    if not made.rows_wanted:
        none = "nothing is left to do"
        if size.sampled_rows is not None:
            none = f"of a sample of {say_count(size.sampled_rows, 'row')} none wants the change: few are left, if any"
        return replace(made, advice=(none,))
    if made.hot_blocked_by:
        several = len(made.hot_blocked_by) > 1
        advice.append(
            f"{', '.join(made.hot_blocked_by)} {'hold' if several else 'holds'} a column that changes, so every changed row gets "
            f"a new entry in all {size.indexes} indexes: create {'them' if several else 'it'} after the backfill, not before"
        )
    elif not made.is_copy and made.hot_share < 0.5 and size.indexes and made.rows >= LARGE_ROWS:
        advice.append(
            "no index is in the way of HOT updates, but the pages are full; fillfactor only helps pages that are written "
            "anew, so it is worth setting (70) only where the table is rewritten or still grows"
        )
    grows = not made.is_copy and made.heap_growth > MUCH_GROWTH * max(made.heap_bytes, 1)
    if grows and made.rows >= LARGE_ROWS:
        advice.append(
            f"run it with --vacuum-every {VACUUMED_EVERY:.0%}: vacuum in between keeps the heap from growing by "
            f"{share_said(made.heap_growth, made.heap_bytes)}; it works only while no old transaction is open"
        )
    if not size.is_vacuumed and not made.is_copy:
        advice.append("autovacuum is off for the table: what the backfill leaves behind stays, VACUUM it afterwards")
    if server.triggers:
        advice.append(
            f"each changed row fires {', '.join(server.triggers)}: see that this is wanted, and what it costs"
        )
    cycles = made.wal_bytes / max(server.max_wal_bytes, 1)
    if cycles > 10:
        advice.append(
            f"the log fills max_wal_size ({say_bytes(server.max_wal_bytes)}) {cycles:,.0f} times: more of it means fewer "
            "checkpoints, and fewer whole pages in the log"
        )
    late = [name for name, seconds in made.replica_seconds if seconds is not None]
    if late:
        advice.append(
            f"{', '.join(late)} {'replay' if len(late) > 1 else 'replays'} slower than the primary writes, which sets the pace"
        )
    return replace(made, advice=tuple(advice))


def share_said(part: float, whole: float) -> str:
    """A part of a whole in percent."""
    return f"{part / whole:.0%}" if whole else "0%"
