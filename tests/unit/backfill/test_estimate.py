"""What a backfill will cost, by numbers that were measured on real tables (5 million rows, three indexes, full pages)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from migrasafe.backfill.estimate.estimate import (
    Estimate,
    ReplayTried,
    ServerFacts,
    TableSize,
    Tried,
    estimate,
    hot_share,
)
from migrasafe.backfill.estimate.text import lines_of
from migrasafe.backfill.walk.batch_size import BatchTarget

MB = 2**20
MEASURED = TableSize(
    heap_bytes=546 * MB, index_bytes=283 * MB, indexes=3, rows=5_000_000, rows_wanted=5_000_000, sampled_rows=95_000, row_bytes=73.0,
    is_vacuumed=True,
)  # fmt: skip
SERVER = ServerFacts(full_page_writes=True, max_wal_bytes=8192 * MB, block_bytes=8192, triggers=())


def made(size: TableSize = MEASURED, tried: Tried | None = None, **changes: Any) -> Estimate:
    usual: dict[str, Any] = {"server": SERVER, "blocked_by": (), "target": BatchTarget(), "is_copy": False}
    return estimate("public.t", size, tried=tried, **(usual | changes))


def test_log_and_growth_are_what_was_measured() -> None:
    found = made()
    assert found.wal_bytes == pytest.approx(3050e6, rel=0.15)
    assert found.heap_growth == pytest.approx(585 * MB, rel=0.15)
    assert found.index_growth == pytest.approx(283 * MB, rel=0.1)
    assert found.heap_growth_vacuumed == pytest.approx(0.27 * 546 * MB, rel=0.01)


def test_full_pages_leave_no_room_for_hot_updates_and_half_full_ones_do() -> None:
    assert hot_share(MEASURED) < 0.12
    assert hot_share(replace(MEASURED, heap_bytes=2 * MEASURED.heap_bytes)) > 0.75


def test_hot_updates_write_to_no_index() -> None:
    roomy = made(replace(MEASURED, heap_bytes=3 * MEASURED.heap_bytes))
    assert (roomy.hot_share, roomy.index_growth, roomy.heap_growth) == (1.0, 0, 0)
    assert roomy.wal_bytes < made().wal_bytes + 2 * MEASURED.heap_bytes


def test_an_index_on_a_changed_column_forbids_hot_and_is_better_made_afterwards() -> None:
    found = made(replace(MEASURED, heap_bytes=3 * MEASURED.heap_bytes), blocked_by=("public.t_b_idx",))
    assert found.hot_share == 0.0
    assert "public.t_b_idx holds a column that changes" in found.advice[0]
    assert "create it after the backfill" in found.advice[0]


def test_rows_that_are_done_already_cost_nothing_but_the_walk() -> None:
    half = made(replace(MEASURED, rows_wanted=2_500_000))
    assert half.batches == made().batches
    assert half.heap_growth == pytest.approx(made().heap_growth / 2, rel=0.01)
    none = replace(MEASURED, rows_wanted=0)
    assert made(none).advice == ("of a sample of 95,000 rows none wants the change: few are left, if any",)
    assert made(replace(none, sampled_rows=None)).advice == ("nothing is left to do",)


def test_time_comes_from_a_try_alone() -> None:
    assert made().seconds is None
    assert any("--try" in line for line in lines_of(made()))
    tried = Tried(rows=3000, seconds_per_row=(1 / 50_000, 1 / 40_000, 1 / 20_000), hot_rows=0, wal_bytes=None)
    found = made(tried=tried)
    assert found.batch_rows == 4000
    assert found.seconds == pytest.approx(5_000_000 / 47_500)
    assert found.seconds_slowest == pytest.approx(5_000_000 / 19_000)
    assert "time      about 1 min 45 s to 4 min 23 s at full speed" in "\n".join(lines_of(found))


def test_a_slow_replica_sets_the_pace() -> None:
    replicas = (
        ReplayTried(name="r1", rate=1e6, keeps_up=False),
        ReplayTried(name="r2", rate=1e6, keeps_up=True),
        ReplayTried(name="r3", rate=0.0, keeps_up=False),
    )
    tried = Tried(rows=1000, seconds_per_row=(1e-5,), hot_rows=0, wal_bytes=600_000, replicas=replicas)
    found = made(tried=tried)
    assert found.replica_seconds == (("r1", found.wal_bytes / 1e6), ("r2", None))
    assert any("r1 replays slower" in text for text in found.advice)
    assert "replica   r2: keeps up with full speed" in lines_of(found)
    assert "replica   r3: replays nothing now, and the backfill would wait for it" in lines_of(found)


def test_growth_calls_for_vacuum_in_between_on_large_tables_only() -> None:
    assert any("--vacuum-every 20%" in text for text in made().advice)
    small = replace(MEASURED, rows=1000, rows_wanted=1000, heap_bytes=109_000, index_bytes=57_000)
    assert not any("--vacuum-every" in text for text in made(small).advice)


def test_what_makes_it_dear_is_said() -> None:
    server = replace(SERVER, triggers=("audit",), max_wal_bytes=64 * MB)
    text = " ".join(made(replace(MEASURED, is_vacuumed=False), server=server).advice)
    assert "fires audit" in text and "autovacuum is off" in text and "max_wal_size (64 MB)" in text


def test_less_log_without_full_page_writes_and_more_with_frequent_checkpoints() -> None:
    without = made(server=replace(SERVER, full_page_writes=False)).wal_bytes
    often = made(server=replace(SERVER, max_wal_bytes=64 * MB)).wal_bytes
    assert without < made().wal_bytes < often


def test_an_empty_table_is_nothing_to_do() -> None:
    empty = TableSize(
        heap_bytes=0,
        index_bytes=8192,
        indexes=1,
        rows=0,
        rows_wanted=0,
        sampled_rows=None,
        row_bytes=0.0,
        is_vacuumed=True,
    )
    found = made(empty)
    assert (found.batches, found.wal_bytes, found.heap_growth) == (0, 0, 0)
    assert lines_of(found)


def test_a_copy_leaves_the_source_as_it_is() -> None:
    found = made(is_copy=True)
    assert found.index_growth == 0
    text = "\n".join(lines_of(found))
    assert "target    grows by about" in text and "heap " not in text
