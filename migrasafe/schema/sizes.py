"""How big tables are on a server: what estimates stand on."""

from __future__ import annotations

from msgspec import Struct


class TableSize(Struct, frozen=True, kw_only=True):
    """A table with its partitions, as the catalog has it; sizes in bytes."""

    table: str
    rows: int
    """By the last ANALYZE or VACUUM; by the size where there was none."""
    is_analyzed: bool
    heap_bytes: int
    index_bytes: int
    indexes: int
    widths: tuple[tuple[str, int], ...] = ()
    """Bytes of a value of each column, by pg_stats."""
