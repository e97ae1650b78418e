"""What the server says of a table that is to be walked, and whether its planner would read all of it for each batch."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from migrasafe.backfill.job.jobs import NewJob, Part
from migrasafe.backfill.job.spec import Spec
from migrasafe.backfill.job.validate import check_job
from migrasafe.backfill.link import open_link
from migrasafe.backfill.walk.plans import avoid_seq_scan
from migrasafe.backfill.walk.table import Column, Index, columns_of, find_table, indexes_of, tables_to_walk
from migrasafe.backfill.walk.ways import BlockWalk, Change, KeyColumn, KeyWalk
from migrasafe.errors import InputError

FILLS = Spec(table="t", set="n = 1", where="n IS NULL")


# --- what the server says of a table ----------------------------------------------------------------------------------


def test_a_table_is_described_as_it_is(database):
    database.execute(
        """CREATE TABLE "Days" (id int, day date NOT NULL DEFAULT now(), name text COLLATE "C",
               at int GENERATED ALWAYS AS IDENTITY, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
           CREATE TABLE day2 PARTITION OF "Days" DEFAULT; CREATE TABLE "day 1" PARTITION OF "Days"
               FOR VALUES FROM (MINVALUE) TO ('2024-01-01') PARTITION BY LIST (id); CREATE TABLE deep PARTITION OF "day 1" DEFAULT;
           INSERT INTO "Days" SELECT i, '2025-01-01', '' FROM generate_series(1, 200) AS i; ANALYZE day2;
           INSERT INTO "Days" SELECT i, '2023-01-01', '' FROM generate_series(1, 200) AS i;
           CREATE UNIQUE INDEX by_name ON day2 (name, id DESC); CREATE INDEX plain ON day2 (at)"""
    )
    session = open_link(database.dsn, "walk").session
    database.sessions.callback(session.close)
    days = find_table(session, ' "Days" ', "--table")
    assert (days.sql, days.is_partitioned) == ('public."Days"', True)
    deep, day2 = tables_to_walk(session, days)[::-1]
    assert (day2.sql, day2.rows, day2.bytes, day2.blocks) == ("public.day2", 200, 16384, 2)
    assert (deep.sql, deep.blocks) == ("public.deep", 2)
    assert 200 <= deep.rows < 2000, "the planner's guess, without statistics"
    assert day2.filenode > 0
    found = columns_of(session, days.oid)
    usual = {
        "has_default": False,
        "is_generated": False,
        "is_partition_key": False,
        "correlation": 1.0,
        "collation": "",
    }
    assert list(found.values()) == [
        Column(name="id", type="integer", category="N", not_null=True, **usual),
        Column(
            name="day",
            type="date",
            category="D",
            not_null=True,
            **usual | {"has_default": True, "is_partition_key": True},
        ),
        Column(name="name", type="text", category="S", not_null=False, **usual | {"collation": 'pg_catalog."C"'}),
        Column(
            name="at",
            type="integer",
            category="N",
            not_null=True,
            **usual | {"has_default": True, "is_generated": True},
        ),
    ]
    assert indexes_of(session, day2.oid) == (
        Index(
            name="day2_pkey",
            is_primary=True,
            is_unique=True,
            columns=("id", "day"),
            is_not_null=True,
            is_comparable=True,
        ),
        Index(
            name="by_name",
            is_primary=False,
            is_unique=True,
            columns=("name", "id"),
            is_not_null=False,
            is_comparable=False,
        ),
        Index(name="plain", is_primary=False, is_unique=False, columns=("at",), is_not_null=True, is_comparable=True),
    )


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        ("CREATE VIEW v AS SELECT 1", "--table v is a view: only tables can be walked"),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1", "--table v is a materialized view: only tables can be walked"),
        ("CREATE SEQUENCE v", "--table v is a sequence: only tables can be walked"),
        ("CREATE TYPE v AS (a int)", "--table v is a composite type: only tables can be walked"),
        ("CREATE TABLE t (id int); CREATE INDEX v ON t (id)", "--table v is an index: only tables can be walked"),
        (
            "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE v (id int) SERVER s",
            "--table v is a foreign table: only tables can be walked",
        ),
        (
            "CREATE TABLE t (id int) PARTITION BY LIST (id); CREATE INDEX v ON t (id)",
            "--table v is an index: only tables can be walked",
        ),
        ('CREATE TABLE "V" (id int)', '--table v: there is no such table in this database; did you mean public."V"?'),
        ("SELECT 1", "--table v: there is no such table in this database; give it as schema.table, quoted as in SQL"),
    ],
)
def test_what_is_no_table_is_called_what_it_is(made, sentence, database):
    database.execute(made)
    session = open_link(database.dsn, "walk").session
    database.sessions.callback(session.close)
    with pytest.raises(InputError) as refused:
        find_table(session, "v", "--table")
    assert str(refused.value) == sentence


def test_a_partition_elsewhere_and_a_table_of_one_session_are_not_walked(database):
    database.execute(
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE TABLE t (id int) PARTITION BY LIST (id); "
        "CREATE FOREIGN TABLE far PARTITION OF t DEFAULT SERVER s"
    )
    session = open_link(database.dsn, "walk").session
    database.sessions.callback(session.close)
    with pytest.raises(
        InputError, match=r"^public\.t: its partition public\.far is a foreign table, which cannot be walked$"
    ):
        tables_to_walk(session, find_table(session, "t", "--table"))
    session.script("CREATE TEMPORARY TABLE mine (id int)")
    with pytest.raises(InputError, match=r"^--table mine is a temporary table, which other sessions cannot see$"):
        find_table(session, "mine", "--table")


# --- whether a batch would read a whole table -------------------------------------------------------------------------

BY_ID = KeyWalk(columns=(KeyColumn(name="id", type="integer"),))
BY_V = KeyWalk(columns=(KeyColumn(name="v", type="text"),))
SETS = Change(alias="t", set="n = 1", where="n IS NULL")
READS = replace(SETS, set="n = (SELECT max(m.id) FROM s.other AS m WHERE m.v = t.v)")


@pytest.fixture
def large(database):
    """Tables without statistics, of which the planner thinks that a range holds a third of the rows."""
    database.execute(
        "CREATE TABLE t (id int PRIMARY KEY, v text, n int) WITH (autovacuum_enabled = off); CREATE SCHEMA s; "
        "CREATE TABLE s.other (id int, v text) WITH (autovacuum_enabled = off); "
        "INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 60000) AS i"
    )
    return database


@pytest.mark.parametrize(
    ("before", "change", "walk", "allow", "avoids"),
    [
        ("", SETS, BY_ID, False, True),
        ("", SETS, BY_ID, True, False),
        ("ANALYZE t", SETS, BY_ID, False, False),
        ("TRUNCATE t; INSERT INTO t SELECT i FROM generate_series(1, 9000) AS i", SETS, BY_ID, False, False),
        ("", SETS, BlockWalk(reads_ranges=True), False, False),
        ("", SETS, BlockWalk(reads_ranges=False), False, False),
        (
            "INSERT INTO s.other SELECT i, 'v' || i FROM generate_series(1, 9000) AS i; ANALYZE",
            READS,
            BY_ID,
            False,
            False,
        ),
        (
            "",
            SETS,
            BY_V,
            False,
            "the server would read all of public.t for each batch: no index serves the walk; name another",
        ),
        (
            "INSERT INTO s.other SELECT i, 'v' || i FROM generate_series(1, 60000) AS i; ANALYZE",
            READS,
            BY_ID,
            False,
            "the change reads the whole of s.other for each batch, or for each row: create an index for it",
        ),
        (
            "INSERT INTO s.other SELECT i, 'v' || i FROM generate_series(1, 60000) AS i; ANALYZE",
            READS,
            BY_ID,
            True,
            False,
        ),
    ],
)
def test_the_planner_is_told_not_to_read_all_where_an_index_would_do(before, change, walk, allow, avoids, large):
    large.execute(before or "SELECT 1")
    session = open_link(large.dsn, "walk").session
    large.sessions.callback(session.close)
    (leaf,) = tables_to_walk(session, find_table(session, "t", "--table"))
    high = (str(leaf.blocks - 1),) if isinstance(walk, BlockWalk) else tuple(session.rows(walk.last(leaf.sql))[0][0])
    part = Part(rel=leaf.oid, filenode=leaf.filenode, hi=high, est_rows=leaf.rows)
    assert avoid_seq_scan(session, change, walk, leaf, replace(part, hi=None), allow=allow) is False
    if isinstance(avoids, str):
        with pytest.raises(InputError) as refused:
            avoid_seq_scan(session, change, walk, leaf, part, allow=allow)
        assert str(refused.value).startswith(avoids)
    else:
        assert avoid_seq_scan(session, change, walk, leaf, part, allow=allow) is avoids


def test_what_a_job_is_made_of_is_what_the_server_said(large):
    session = open_link(large.dsn, "walk").session
    large.sessions.callback(session.close)
    made: NewJob = check_job(session, FILLS, None, {}).job
    assert (made.walk, made.facts.avoid_seq_scan, made.facts.rows_per_block) == (BY_ID, True, 291)
    assert [part.hi for part in made.parts] == [("60000",)]
