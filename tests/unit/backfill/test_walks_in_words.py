"""What a walk asks a server, and what a batch sends to it: `pytest --update-pages` writes it, to be read as a diff.

That a server reads it as it is meant is tried in `tests/postgres/test_backfill_walks.py` and beside it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from migrasafe.backfill.job.jobs import Facts, Job
from migrasafe.backfill.job.settings import run_settings
from migrasafe.backfill.job.shards import Shard
from migrasafe.backfill.job.spec import Spec
from migrasafe.backfill.model import Setting, Status
from migrasafe.backfill.queries import Sql
from migrasafe.backfill.walk.batches import (
    Place,
    Range,
    batch_script,
    dead_row_script,
    free_rows_script,
    key_in,
    set_local,
)
from migrasafe.backfill.walk.ways import RETURNING_ONE, BlockWalk, Change, Key, KeyColumn, KeyWalk, Walk

PAGE = Path(__file__).parent / "in_words" / "walks.txt"

WALKS: dict[str, tuple[Walk, Key, Key]] = {
    "by a key": (KeyWalk(columns=(KeyColumn(name="id", type="bigint"),)), ("4",), ("9",)),
    "by a key of several columns": (
        KeyWalk(
            columns=(
                KeyColumn(name="at", type="timestamp with time zone"),
                KeyColumn(name="day", type="date"),
                KeyColumn(name="No", type="text"),
            )
        ),
        ("2026-03-02T12:00:00+00:00", "2026-03-02", "it's"),
        ("2026-03-03T12:00:00+00:00", "2026-03-03", "x"),
    ),
    "by blocks": (BlockWalk(reads_ranges=True), ("4",), ("9",)),
    "by blocks, within some": (BlockWalk(reads_ranges=True), ("4", "7"), ("5", "2")),
    "by blocks, within one": (BlockWalk(reads_ranges=True), ("4", "7"), ("4", "9")),
    "by blocks, before 14": (BlockWalk(reads_ranges=False), ("4",), ("9",)),
}
CHANGES = {
    "an update": Change(alias="orders", set="total = price * 100", where=None),
    "an update of some": Change(alias="orders", set="total = price * 100", where="total IS NULL -- yet"),
    "a deletion": Change(alias="orders", set="", where="expires_at < now()", delete=True),
    "a copy": Change(
        alias="orders",
        set="",
        where="shop = 1",
        into='public."Orders 2"',
        into_columns=("id", "No"),
        values=("id", "a + b"),
    ),
}


def questions(walk: Walk, low: Key, high: Key) -> Iterator[tuple[str, str]]:
    """What a walk asks, by what it is to find out."""
    yield "which rows from the start", walk.inside("o", None, high)
    yield "which rows behind a place", walk.inside("o", low, high)
    yield "how many", walk.count("public.orders", low, high)
    yield "the half of them", walk.half("public.orders", low, high)
    yield "the half from the start", walk.half("public.orders", None, high)
    yield "one row", walk.is_key("o", ("4", "7") if isinstance(walk, BlockWalk) else high)
    yield "the key of a row", walk.key_json("o")
    yield "in which order", walk.order("o")
    yield "the same row", walk.same_row("a", "b")
    if isinstance(walk, KeyWalk):
        yield "where the next batch ends", walk.bound("public.orders", low, high, 500)
        yield "where the first ends", walk.bound("public.orders", None, high, 1)
        yield "where to cut in two", walk.middle("public.orders", low, high, 64)
        yield "the end of the table", walk.last("public.orders")


NOON = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)
SHARD = Shard(
    no=3,
    rel=16_400,
    filenode=1,
    lo=None,
    hi=("90",),
    cursor=("4",),
    batch_no=7,
    rows_walked=700,
    rows_changed=70,
    est_rows=None,
)


def place(walk: Walk, change: Change, settings: dict[str, Setting], **facts: Any) -> Place:
    job = Job(
        id=12,
        uuid="u",
        name="orders.total",
        spec=Spec(table="orders"),
        spec_hash=b"",
        rel=16_400,
        facts=Facts(table="public.orders", alias="orders", **facts),
        walk_kind="key",
        key_columns=(),
        key_types=(),
        key_collations=(),
        status=Status.RUNNING,
        status_reason=None,
        pause_kind=None,
        settings=settings,
        settings_version=1,
        est_rows=None,
        passes=1,
        system_identifier=None,
        timeline=None,
        created_by="me",
        created_at=NOON,
        started_at=None,
        finished_at=None,
    )
    return Place(
        job=job,
        walk=walk,
        change=change,
        relation="public.orders",
        token="b8d1",
        settings=run_settings(settings),
        log_end=Sql("log_end()"),
        rel=16_400,
    )


def messages() -> Iterator[tuple[str, str]]:
    """What is sent for a batch, by what it is to do."""
    by_key, low, high = WALKS["by a key"]
    by_blocks = WALKS["by blocks"][0]
    part = Range(low=low, high=high, rows=100)
    usual = place(by_key, CHANGES["an update of some"], {})
    batch = batch_script(usual, SHARD, part, 150)
    yield "a batch", batch
    others = {
        "whose next one nobody asks for": batch_script(usual, SHARD, part, None),
        "that is the last": batch_script(usual, replace(SHARD, hi=high), part, 150),
        "of blocks": batch_script(replace(usual, walk=by_blocks), SHARD, part, 150),
        "of a further pass": batch_script(replace(usual, leaves_out_dead=True), SHARD, part, 150),
    }
    for which, sql in others.items():
        assert len(sql.splitlines()) == len(batch.splitlines())
        pairs = zip(sql.splitlines(), batch.splitlines(), strict=True)
        yield f"a batch {which}: its other lines", "\n".join(line for line, usual_line in pairs if line != usual_line)
    yield "the rows that nobody has locked", free_rows_script(usual, SHARD, part)
    yield "the rows of blocks that nobody has locked", free_rows_script(replace(usual, walk=by_blocks), SHARD, part)
    yield (
        "a row that cannot be changed",
        dead_row_script(usual, SHARD, replace(part, rows=1), "22P02", "it's no number"),
    )


def told() -> Iterator[str]:
    for name, (walk, low, high) in WALKS.items():
        yield f"# {name}"
        yield from (f"{what}: {sql}" for what, sql in questions(walk, low, high))
    walk = WALKS["by a key"][0]
    for name, change in CHANGES.items():
        yield f"# {name}"
        yield change.statement("public.orders", "id < 9", walk)
        yield f"what is left: {change.left('public.orders', 'id < 9')}"
    for name, sql in messages():
        yield f"# {name}"
        yield sql


def test_a_walk_is_made_of_these_words(pytestconfig: pytest.Config) -> None:
    words = "".join(f"{line}\n" for line in told())
    if pytestconfig.getoption("update_pages"):
        PAGE.write_text(words, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == words


def test_the_settings_of_a_batch_end_with_its_transaction() -> None:
    walk, change = WALKS["by a key"][0], CHANGES["an update"]
    assert set_local(place(walk, change, {})).splitlines() == [
        "SET LOCAL lock_timeout = 500;",
        "SET LOCAL statement_timeout = 5000;",
        "SET LOCAL idle_in_transaction_session_timeout = 10000;",
    ]
    said: dict[str, Setting] = {"lock_timeout": "1.5ms", "statement_timeout": "2s", "synchronous_commit": "local"}
    assert set_local(place(walk, change, said, avoid_seq_scan=True)).splitlines() == [
        "SET LOCAL lock_timeout = 2;",
        "SET LOCAL statement_timeout = 2000;",
        "SET LOCAL idle_in_transaction_session_timeout = 10000;",
        "SET LOCAL synchronous_commit = local;",
        "SET LOCAL enable_seqscan = off;",
    ]


def test_a_statement_can_tell_how_many_rows_it_changed() -> None:
    assert RETURNING_ONE == " RETURNING 1 AS changed"


def test_a_range_without_a_row_has_no_key() -> None:
    assert key_in([]) is None
    assert key_in([(None,)]) is None
    assert key_in([(["4", "x"], 7)]) == ("4", "x")
