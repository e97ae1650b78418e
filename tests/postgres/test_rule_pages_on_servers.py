"""What the rule pages claim is what a real server of every major version does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import pytest

from migrasafe.postgres.watch.observed import Observed
from migrasafe.postgres.watch.watch_locks import measure
from migrasafe.rules.page import Block, Page, page_ids, read_page
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from tests.pages import examples
from tests.postgres.servers import Database

page_of = cache(read_page)
MEASURED = [page_id for page_id in page_ids() if read_page(page_id).facts.unmeasured is None]
BAD = [(page_id, place) for page_id in MEASURED for place, _ in enumerate(examples(page_of(page_id)))]
GOOD = [(page_id, place) for page_id in MEASURED for place, _ in enumerate(page_of(page_id).good)]


def statements(text: str) -> list[str]:
    script = read_script(Source(path="page.sql", text=text))
    return [text[one.span.start : one.span.end] for one in script.statements]


ROLES = """
DO $$ BEGIN CREATE ROLE app; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE reporting; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
"""
"""The roles that pages name. Roles belong to the server, not to the database, and other tests make them too."""


def run(database: Database, page: Page, block: Block) -> tuple[Observed, ...]:
    """Run the block after what comes before it."""
    database.execute(ROLES)
    before = [statement for one in page.before(block) for statement in statements(one.text)]
    in_transaction = "no-transaction" not in block.words
    return measure(database.connect, statements(block.text), in_transaction=in_transaction, setup=before)


def works(seen: Sequence[Observed]) -> Iterator[str]:
    """The kinds of work, in the words of the pages, the largest first."""
    if any(one.rewrites for one in seen):
        yield "table rewrite"
    if any(one.index_builds for one in seen):
        yield "index build"
    if any(one.scans or one.rows_read for one in seen):
        yield "scan"
    if any(one.rows_changed for one in seen):
        yield "bulk write"


@pytest.mark.parametrize(("page_id", "place"), BAD)
def test_bad_examples_take_the_lock_and_do_the_work_of_the_page(page_id, place, each_major, database):
    page = page_of(page_id)
    block, _ = list(examples(page))[place]
    if each_major not in block.majors:
        return
    seen = run(database, page, block)
    error = seen[-1].error
    assert (error.code if error is not None else None) == page.facts.fails
    locks = [one.strongest_lock for one in seen if one.strongest_lock is not None]
    strongest = max(locks, key=lambda mode: mode.strength).value if locks else None
    if page.facts.fails is None and page.facts.lock is not None:
        assert strongest == page.facts.lock_on(each_major)
    if page.facts.fails is None and page.facts.work is not None:
        assert page.facts.work_on(each_major) in works(seen)


@pytest.mark.parametrize(("page_id", "place"), GOOD)
def test_good_examples_succeed_and_do_no_work_while_others_wait(page_id, place, each_major, database):
    page = page_of(page_id)
    block = page.good[place]
    if each_major not in block.majors:
        return
    seen = run(database, page, block)
    assert [one.error for one in seen if one.error is not None] == []
    views = {f"{schema}.{name}" for schema, name in database.execute("SELECT schemaname, matviewname FROM pg_matviews")}
    for one in seen:
        assert one.rewrites == ()
        # Outside a transaction a lock may be gone again when the work begins: REINDEX CONCURRENTLY swaps indexes so.
        locks = {**one.locks, **one.held}.items() if one.in_transaction else ()
        waiting = {table for table, mode in locks if mode.blocks_reads or (mode.blocks_writes and table not in views)}
        assert waiting.isdisjoint({*one.scans, *one.index_builds})
