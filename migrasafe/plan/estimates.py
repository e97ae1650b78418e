"""How long a step works, and what it writes: from the sizes of tables, at rates that are said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from migrasafe.effects.model import Work, WorkKind
from migrasafe.plan.model import Estimate
from migrasafe.schema.sizes import TableSize
from migrasafe.sql.statements import CreateIndex, Statement

READ_BYTES = 100 * 2**20
"""A second, by one process from a disk or the cache."""
CHECKED_ROWS = 1_000_000
SORTED_ROWS = 250_000
REWRITTEN_ROWS = 100_000
UPDATED_ROWS = 20_000
"""By one statement."""
BACKFILLED_ROWS = 10_000
"""By `migrasafe backfill` while it need not wait."""
_ENTRY_BYTES = 16
"""Of an index, beside the key."""
_GUESSED_KEY_BYTES = 16
_FILLED = 0.9
_UPDATE_BYTES = 90
"""Of the log of an update, beside the row: the record and the row's header."""

HOW = (
    "sizes and rows are those of pg_class and pg_stats when the plan was made; nothing was counted or tried",
    f"one process reads {READ_BYTES // 2**20} MB or checks {CHECKED_ROWS:,} rows, sorts {SORTED_ROWS:,} into an index, rewrites"
    f" {REWRITTEN_ROWS:,}, or updates {UPDATED_ROWS:,} a second; a backfill that need not wait changes {BACKFILLED_ROWS:,}",
    "WAL is counted as the bytes of new index entries and row versions, and of every page once (full_page_writes)",
    "expect half or twice as much; `migrasafe backfill estimate --try` measures a backfill",
)


def of_step(work: Iterable[tuple[Statement, Work]], sizes: Mapping[str, TableSize]) -> Estimate | None:
    """What a step costs; None where it does no work, or on tables whose sizes are not known."""
    parts = [found for statement, one in work if (found := _of_work(statement, one, sizes)) is not None]
    return _sum(parts) if parts else None


def of_backfill(size: TableSize) -> Estimate:
    """What it costs to change every row."""
    return Estimate(
        seconds=size.rows / BACKFILLED_ROWS, wal_bytes=_updated(size), disk_bytes=size.heap_bytes, rows=size.rows
    )


def _of_work(statement: Statement, work: Work, sizes: Mapping[str, TableSize]) -> Estimate | None:
    size = sizes.get(str(work.relation))
    if size is None:
        return None
    scan = max(size.heap_bytes / READ_BYTES, size.rows / CHECKED_ROWS)
    match work.kind:
        case WorkKind.SCAN | WorkKind.BULK_READ:
            return Estimate(seconds=scan, rows=size.rows)
        case WorkKind.INDEX_BUILD:
            built = _index_bytes(size, _keys(statement))
            times = 2 if work.concurrent else 1
            seconds = times * scan + size.rows / SORTED_ROWS
            return Estimate(seconds=seconds, wal_bytes=built, disk_bytes=built, rows=size.rows)
        case WorkKind.REWRITE | WorkKind.FILE_COPY:
            all_of_it = size.heap_bytes + size.index_bytes
            seconds = size.rows / REWRITTEN_ROWS + size.indexes * size.rows / SORTED_ROWS
            return Estimate(seconds=seconds, wal_bytes=all_of_it, disk_bytes=all_of_it, rows=size.rows)
        case WorkKind.BULK_WRITE:
            seconds = size.rows / UPDATED_ROWS
            return Estimate(seconds=seconds, wal_bytes=_updated(size), disk_bytes=size.heap_bytes, rows=size.rows)


def _keys(statement: Statement) -> Sequence[str | None]:
    """The columns of an index, None for each expression."""
    if isinstance(statement, CreateIndex):
        return (*(element.column for element in statement.elements), *statement.include)
    return (None,)


def _index_bytes(size: TableSize, keys: Sequence[str | None]) -> int:
    widths = dict(size.widths)
    key = sum(widths.get(name, _GUESSED_KEY_BYTES) if name is not None else _GUESSED_KEY_BYTES for name in keys)
    return round(size.rows * (key + _ENTRY_BYTES) / _FILLED)


def _updated(size: TableSize) -> int:
    """The log of an update of every row: the new versions, and each page as it was."""
    row = size.heap_bytes / size.rows if size.rows else 0
    return round(size.rows * (row + _UPDATE_BYTES)) + size.heap_bytes


def _sum(parts: Sequence[Estimate]) -> Estimate:
    return Estimate(
        seconds=sum(one.seconds for one in parts),
        wal_bytes=sum(one.wal_bytes for one in parts),
        disk_bytes=sum(one.disk_bytes for one in parts),
        rows=max(one.rows for one in parts),
    )
