"""A walk step by step: which rows each batch takes, where the next one ends, how a bad row is found, what ends a walk."""

from __future__ import annotations

import uuid
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from migrasafe.backfill.job.jobs import Job, create_job
from migrasafe.backfill.job.shards import Claimant, claim, look_again
from migrasafe.backfill.job.spec import Spec, WalkKind
from migrasafe.backfill.job.validate import check_job
from migrasafe.backfill.link import Link, open_link
from migrasafe.backfill.queries import Sql
from migrasafe.backfill.state_tables import install
from migrasafe.backfill.walk.places import RewrittenError, place_of
from migrasafe.backfill.walk.walker import Done, Walker
from migrasafe.errors import InputError
from migrasafe.postgres.scripts import StatementError
from tests.postgres.servers import Database

FILLS = Spec(table="t", set="n = v::int", where="n IS NULL")


class Begun(NamedTuple):
    """A job with one worker on its first part."""

    link: Link
    job: Job
    token: str
    walker: Walker

    def take(self, rows: int, *, only_free: bool = False) -> tuple[object, ...]:
        """Do the next batch: behind what, up to what, its rows, and how many of them were changed."""
        done = self.walker.step(rows, only_free=only_free)
        shard = self.walker.shard
        assert look_again(self.link.session, self.job.id, shard.no, self.token) == shard
        return said(done)


def said(done: Done) -> tuple[object, ...]:
    low = None if done.part.low is None else ",".join(done.part.low)
    return low, ",".join(done.part.high), done.part.rows, done.committed.rows_changed


def begin(database: Database, spec: Spec = FILLS) -> Begun:
    link = open_link(database.dsn, "walk")
    database.sessions.callback(link.session.close)
    install(link.session)
    job = create_job(link.session, check_job(link.session, spec, None, {}).job, "me")
    token = str(uuid.uuid4())
    shard = claim(link.session, Claimant(job_id=job.id, token=token, owner="me", lease_seconds=30))
    assert shard is not None
    place = place_of(link, job, shard.rel, shard.filenode, token)
    return Begun(link, job, token, Walker(link.session, place, shard))


def numbers(database: Database, rows: int) -> None:
    """A table whose keys are 1 to so many."""
    database.execute("CREATE TABLE t (id int PRIMARY KEY, v text, n int)")
    database.execute(f"INSERT INTO t SELECT i, i::text FROM generate_series(1, {rows}) AS i; ANALYZE t")


def test_batches_follow_each_other_to_the_end_as_it_was_when_the_job_began(database):
    numbers(database, 1000)
    database.execute("UPDATE t SET n = id WHERE id BETWEEN 301 AND 350")
    begun = begin(database)
    database.execute("INSERT INTO t VALUES (1001, '1001', NULL)")
    assert begun.take(300) == (None, "300", 300, 300)
    assert begun.take(300) == ("300", "600", 300, 250)
    assert begun.take(300) == ("600", "900", 300, 300)
    assert not begun.walker.is_done
    assert begun.take(300) == ("900", "1000", 100, 100)
    assert begun.walker.is_done
    shard = begun.walker.shard
    assert (shard.batch_no, shard.rows_walked, shard.rows_changed) == (4, 1000, 950)
    assert database.execute("SELECT is_done FROM migrasafe.backfill_shard") == [(True,)]
    assert database.execute("SELECT id FROM t WHERE n IS NULL") == [(1001,)]


@pytest.mark.parametrize(
    ("wanted", "rows"), [(200, 200), (134, 200), (133, 133), (400, 200), (401, 401), (100, 100), (1, 1)]
)
def test_the_end_that_the_last_batch_found_stands_for_about_as_many_rows(wanted, rows, database, monkeypatch):
    monkeypatch.setattr("migrasafe.backfill.walk.walker.BOUND_IS_FRESH_SECONDS", 3600.0)  # as long as this takes
    numbers(database, 1000)
    begun = begin(database)
    begun.take(200)
    database.execute("DELETE FROM t WHERE id BETWEEN 201 AND 210")
    # The bound that was found knows nothing of the rows that are gone since.
    end = 400 if rows == 200 else 210 + rows
    assert begun.take(wanted) == ("200", str(end), rows, end - 210)


def test_an_end_that_was_found_long_ago_or_for_another_size_is_asked_for_again(database, monkeypatch):
    numbers(database, 1000)
    begun = begin(database)
    begun.take(200)
    database.execute("DELETE FROM t WHERE id BETWEEN 201 AND 210")
    begun.walker.forget_bound()
    assert begun.take(200) == ("200", "410", 200, 200)
    database.execute("DELETE FROM t WHERE id BETWEEN 411 AND 420")
    monkeypatch.setattr("migrasafe.backfill.walk.walker.BOUND_IS_FRESH_SECONDS", 0.0)
    assert begun.take(200) == ("410", "620", 200, 200)


def test_a_batch_tells_what_it_cost_and_when_it_was(database):
    numbers(database, 1000)
    begun = begin(database)
    done = begun.walker.step(500)
    assert 0 < done.seconds < 10
    assert begun.walker.began == pytest.approx(done.at - done.seconds)
    assert (done.dead, done.dead_rows, done.committed.rows_left) == (None, 0, 0)
    database.execute("CREATE SEQUENCE log_end START 500 INCREMENT 70")
    begun.walker.place = replace(begun.walker.place, log_end=Sql("nextval('log_end')"))
    committed = begun.walker.step(100).committed
    assert (committed.wal_bytes, committed.commit_lsn, committed.next_high) == (70, 570, ("700",))
    database.execute("ALTER SEQUENCE log_end INCREMENT -70")
    committed = begun.walker.step(100).committed
    assert (committed.wal_bytes, committed.commit_lsn) == (0, 430), "another server's log, after a failover"


def found_bad(begun: Begun, rows: int) -> int:
    with pytest.raises(StatementError) as refused:
        begun.walker.step(rows)
    begun.link.session.roll_back()
    return begun.walker.found_bad(refused.value)


def narrowed(begun: Begun, rows: int) -> list[str]:
    """Every step until nothing bad is left, in words."""
    story = [f"bad among {found_bad(begun, rows)}"]
    while begun.walker.bad is not None:
        try:
            done = begun.walker.step(rows)
        except StatementError as failure:
            begun.link.session.roll_back()
            story.append(f"bad among {begun.walker.found_bad(failure)}")
            continue
        low, high, taken, changed = said(done)
        dead = "" if done.dead is None else f", {done.dead_rows} dead: {done.dead.high} {done.dead.sqlstate}"
        story.append(f"{low} to {high}: {changed} of {taken}{dead}")
    return story


def test_a_bad_row_is_narrowed_down_by_halves_and_the_rest_is_changed(database):
    numbers(database, 40)
    database.execute("UPDATE t SET v = 'poison' WHERE id = 11")
    begun = begin(database)
    assert narrowed(begun, 16) == [
        "bad among 16",
        "None to 8: 8 of 8",
        "bad among 4",
        "8 to 10: 2 of 2",
        "bad among 1",
        "10 to 11: 0 of 1, 1 dead: ('11',) 22P02",
    ]
    assert begun.walker.shard.rows_changed == 10
    assert begun.take(16) == ("11", "27", 16, 16)
    assert database.execute("SELECT key, sqlstate, message FROM migrasafe.backfill_dead_row") == [
        (["11"], "22P02", 'invalid input syntax for type integer: "poison"')
    ]
    assert database.execute("SELECT sum(rows_dead) FROM migrasafe.backfill_shard") == [(1,)]


def test_each_further_bad_row_is_counted(database):
    numbers(database, 8)
    database.execute("UPDATE t SET v = 'poison' WHERE id IN (1, 8)")
    begun = begin(database)
    first = narrowed(begun, 8)
    assert first[-1] == "None to 1: 0 of 1, 1 dead: ('1',) 22P02"
    assert narrowed(begun, 7)[-1] == "7 to 8: 0 of 1, 2 dead: ('8',) 22P02"
    assert begun.walker.is_done


def test_no_row_is_set_aside_that_was_not_tried_alone(database):
    numbers(database, 64)
    database.execute("UPDATE t SET v = 'poison' WHERE id = 11")
    begun = begin(database)
    assert found_bad(begun, 16) == 16
    database.execute("UPDATE t SET v = id WHERE id = 11")
    taken = [begun.take(16) for _ in range(6)]
    assert taken == [
        (None, "8", 8, 8),
        ("8", "12", 4, 4),
        ("12", "14", 2, 2),
        ("14", "15", 1, 1),
        ("15", "16", 1, 1),
        ("16", "32", 16, 16),
    ]


def test_good_rows_beside_a_bad_value_of_a_key_that_is_not_unique_are_changed(database):
    database.execute(
        "CREATE TABLE t (day int NOT NULL, v text, n int); CREATE INDEX ON t (day); "
        "INSERT INTO t VALUES (5, '5', NULL), (6, '6', NULL), (6, 'poison', NULL), (6, '6', NULL), (7, '7', NULL)"
    )
    begun = begin(database, replace(FILLS, key=("day",)))
    assert narrowed(begun, 4) == [
        "bad among 4",
        "None to 5: 1 of 1",
        "bad among 3",
        "5 to 6: 0 of 3, 1 dead: ('6',) 22P02",
    ]
    assert begun.take(4) == ("6", "7", 1, 1)


def test_a_bad_range_whose_rows_are_gone_is_passed(database):
    numbers(database, 64)
    database.execute("UPDATE t SET v = 'poison' WHERE id = 5")
    begun = begin(database)
    assert found_bad(begun, 16) == 16
    database.execute("DELETE FROM t WHERE id <= 16")
    assert begun.take(16) == (None, "16", 0, 0)
    assert begun.walker.bad is None


def test_rows_that_others_have_locked_are_passed_and_kept_for_later(database):
    numbers(database, 100)
    begun = begin(database)
    with database.connect() as other:
        other.execute("BEGIN; SELECT FROM t WHERE id IN (10, 20) FOR UPDATE")
        done = begun.walker.step(60, only_free=True)
        assert said(done) == (None, "60", 60, 58)
        assert done.committed.rows_left == 2
        other.execute("COMMIT")
    assert database.execute("SELECT key, sqlstate FROM migrasafe.backfill_dead_row ORDER BY key") == [
        (["10"], "55P03"),
        (["20"], "55P03"),
    ]
    database.execute("DELETE FROM t WHERE id = 61")
    assert begun.take(30) == ("60", "91", 30, 30), "no end was looked for beforehand"


def blocks_of(database: Database, last: str = "99") -> None:
    """A table without a key, with ten rows in each of ten blocks."""
    database.execute(
        "CREATE TABLE t (v text, n int, pad text); ALTER TABLE t ALTER pad SET STORAGE PLAIN; "
        "INSERT INTO t SELECT i::text, NULL, repeat('x', 750) FROM generate_series(0, 98) AS i; "
        f"INSERT INTO t VALUES ('{last}', NULL, repeat('x', 750)); ANALYZE t"
    )
    assert database.execute("SELECT max((ctid::text::point)[0]), max((ctid::text::point)[1]) FROM t") == [(9.0, 10.0)]


def test_blocks_are_taken_by_about_as_many_rows_as_are_wanted(database):
    blocks_of(database)
    begun = begin(database)
    assert begun.take(30) == (None, "2", 30, 30)
    assert begun.take(29) == ("2", "4", 20, 20)
    assert begun.take(3) == ("4", "5", 10, 10)
    assert begun.take(1000) == ("5", "9", 1000, 40)
    assert begun.walker.is_done


def test_a_bad_row_of_blocks_is_found_by_its_place(database):
    blocks_of(database, last="poison")
    begun = begin(database)
    story = narrowed(begun, 100)
    assert story[:6] == [
        "bad among 100",
        "None to 4: 50 of 50",
        "4 to 6: 20 of 20",
        "6 to 7: 10 of 10",
        "7 to 8: 10 of 10",
        "8 to 9,5: 5 of 5",
    ]
    # What follows depends on where in the block the server puts the rows that were changed.
    assert story[-2:] == ["bad among 1", "9,9 to 9,10: 0 of 1, 1 dead: ('9', '10') 22P02"]
    assert database.execute("SELECT count(*) FROM t WHERE n IS NULL") == [(1,)]


# --- what ends a walk -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("meanwhile", "sentence"),
    [
        ("DROP TABLE t", "backfill t.n: a table that it walks (oid "),
        ("ALTER TABLE t DROP COLUMN id", "backfill t.n: public.t has no column id any more, which its key needs"),
        (
            "ALTER TABLE t ALTER id TYPE text",
            "backfill t.n: public.t.id has become text (was integer), so the place where",
        ),
    ],
)
def test_a_walk_does_not_go_on_where_its_cursor_means_something_else(meanwhile, sentence, database):
    numbers(database, 3)
    begun = begin(database)
    database.execute(meanwhile)
    shard = begun.walker.shard
    with pytest.raises(InputError) as refused:
        place_of(begun.link, begun.job, shard.rel, shard.filenode, begun.token)
    assert str(refused.value).startswith(sentence)


def test_a_new_heap_ends_a_walk_by_blocks_alone(database):
    numbers(database, 3)
    database.execute("ALTER TABLE t ADD m int")
    by_key = begin(database)
    by_blocks = begin(database, replace(FILLS, walk=WalkKind.BLOCKS, set="m = 1", where="m IS NULL"))
    database.execute("VACUUM FULL t")
    database.execute("ALTER TABLE t RENAME TO other")
    for begun in (by_key, by_blocks):
        shard = begun.walker.shard
        if begun is by_blocks:
            with pytest.raises(RewrittenError, match=r"^public\.other was rewritten meanwhile"):
                place_of(begun.link, begun.job, shard.rel, shard.filenode, begun.token)
        else:
            place = place_of(begun.link, begun.job, shard.rel, shard.filenode, begun.token)
            assert (place.relation, place.rel, place.token) == ("public.other", shard.rel, begun.token)
            assert not place.leaves_out_dead
            further = place_of(begun.link, replace(begun.job, passes=2), shard.rel, shard.filenode, begun.token)
            assert further.leaves_out_dead
