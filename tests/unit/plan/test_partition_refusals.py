"""Partitions: what would lose rows or stop writers is refused, with the way out."""

from __future__ import annotations

import pytest

from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.objects.compared_bounds import cover
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.sql.statements import AlterTable, AttachPartition, PartitionBound
from tests.unit.plan.test_refusals import planned

SETUP = """
CREATE TABLE events (id bigserial PRIMARY KEY, day int NOT NULL, words text);
CREATE TABLE parted (id bigint NOT NULL, day int NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (200);
CREATE TABLE hashed (id bigint NOT NULL) PARTITION BY HASH (id);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE h0 (id bigint NOT NULL);
CREATE INDEX parted_day ON parted (day);
CREATE UNLOGGED TABLE marks (id bigint PRIMARY KEY);
CREATE PUBLICATION everything FOR TABLE events;
CREATE TABLE pairs (a int, b int, PRIMARY KEY (a, b));
CREATE TABLE plain (id bigint PRIMARY KEY, day int NOT NULL, ref int);
CREATE TABLE plain_lines (plain_id bigint REFERENCES plain);
"""


@pytest.mark.parametrize(
    ("migration", "said"),
    [
        (
            "ALTER TABLE plain RENAME TO plain_old; CREATE TABLE plain (LIKE plain_old) PARTITION BY RANGE (day)",
            "public.plain becomes partitioned, and nothing brings its rows",
        ),
        (
            "ALTER TABLE plain RENAME TO plain_old; CREATE TABLE plain (id bigint, day int) PARTITION BY RANGE (day);"
            "CREATE TABLE plain_1 PARTITION OF plain DEFAULT; INSERT INTO plain SELECT * FROM plain_old",
            "public.plain becomes partitioned, and has other columns (ref) at once",
        ),
        (
            "ALTER TABLE plain RENAME TO plain_old; CREATE TABLE plain (LIKE plain_old) PARTITION BY RANGE (ref);"
            "CREATE TABLE plain_1 PARTITION OF plain DEFAULT; INSERT INTO plain SELECT * FROM plain_old",
            "public.plain.ref may be null",
        ),
        (
            "ALTER TABLE plain RENAME TO plain_old; CREATE TABLE plain (LIKE plain_old) PARTITION BY RANGE (day);"
            "CREATE TABLE plain_1 PARTITION OF plain DEFAULT; INSERT INTO plain SELECT * FROM plain_old",
            "of public.plain_lines refers to (id), which is unique no more once day is in every key",
        ),
        (
            "ALTER TABLE plain RENAME TO plain_old; CREATE TABLE plain (LIKE plain_old) PARTITION BY HASH (id);"
            "ALTER TABLE plain ATTACH PARTITION plain_old FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
            "no simple condition says which rows",
        ),
        (
            "CREATE TABLE events_new (id bigint, day int); DROP TABLE events; ALTER TABLE events_new RENAME TO events",
            "another table takes the place of public.events",
        ),
        (
            "ALTER TABLE parted DETACH PARTITION parted_1; INSERT INTO parted SELECT * FROM parted_1 WHERE day > 9;"
            "ALTER TABLE parted ATTACH PARTITION parted_1 FOR VALUES FROM (0) TO (10)",
            "some rows of public.parted_1 may have no partition afterwards",
        ),
        (
            "ALTER TABLE parted DETACH PARTITION parted_1; DELETE FROM parted_1 WHERE day > 9;"
            "ALTER TABLE parted ATTACH PARTITION parted_1 FOR VALUES FROM (0) TO (10)",
            "rows of public.parted_1 are deleted while bounds change",
        ),
        (
            "ALTER TABLE parted DETACH PARTITION parted_1; ALTER TABLE parted ATTACH PARTITION h0 FOR VALUES FROM (0) TO (10);"
            "ALTER TABLE parted ATTACH PARTITION parted_1 FOR VALUES FROM (10) TO (100)",
            "public.h0 becomes a partition of public.parted while the bounds of others change",
        ),
        (
            "ALTER TABLE parted DETACH PARTITION parted_1; ALTER TABLE parted DETACH PARTITION parted_2;"
            "ALTER TABLE parted ATTACH PARTITION parted_1 FOR VALUES FROM (0) TO (200)",
            "public.parted_2 is detached from public.parted and stays",
        ),
        (
            "ALTER TABLE hashed DETACH PARTITION hashed_0;"
            "ALTER TABLE hashed ATTACH PARTITION hashed_0 FOR VALUES WITH (MODULUS 4, REMAINDER 0)",
            "no simple condition says which rows the bound of public.hashed_0 takes",
        ),
        ("ALTER TABLE parted ADD UNIQUE (id)", "is partitioned by day, which a UNIQUE has to hold"),
        ("ALTER TABLE pairs SET UNLOGGED; VACUUM FULL pairs", "every column of public.pairs is in its key"),
        ("CREATE INDEX ON ONLY parted (id)", "is one piece of the way"),
        ("DROP INDEX parted_1_day_idx", "public.parted_1_day_idx is a piece of public.parted_day"),
        ("ALTER TABLE parted DETACH PARTITION events", "public.events is no partition of a table that is known"),
        (
            "ALTER TABLE parted ATTACH PARTITION parted_1 FOR VALUES FROM (0) TO (9)",
            "public.parted_1 is a partition of public.parted already",
        ),
        ("ALTER TABLE events ATTACH PARTITION h0 FOR VALUES FROM (0) TO (9)", "events was no partitioned table"),
        ("VACUUM FULL", "which table is written anew?"),
        ("CLUSTER events", "which table is written in the order of which index?"),
        ("ALTER TABLE parted SET UNLOGGED", "public.parted is partitioned, and holds no rows itself"),
        ("ALTER TABLE events SET UNLOGGED", "public.events is in the publication everything"),
        ("ALTER TABLE marks SET UNLOGGED", "public.marks is unlogged already"),
        ("ALTER TABLE events REPLICA IDENTITY NOTHING", "PostgreSQL refuses every UPDATE"),
        ("ALTER PUBLICATION everything ADD TABLE h0", "public.h0 has no primary key and no replica identity"),
        ("ALTER TABLE events SET SCHEMA public", "public.events is in the schema public already"),
    ],
)
def test_what_cannot_be_planned_is_refused(migration: str, said: str) -> None:
    with pytest.raises(NoPlanError) as refused:
        planned(migration, SETUP)
    assert said in str(refused.value)


def test_a_bound_that_no_check_proves_asks_for_a_window() -> None:
    draft = planned("ALTER TABLE hashed ATTACH PARTITION h0 FOR VALUES WITH (MODULUS 2, REMAINDER 1)", SETUP)
    assert [gate.id for gate in draft.phases[0].gates] == ["maintenance-window"]


def test_old_versions_meet_only_bounds_that_leave_rows_without_a_partition() -> None:
    alter = "ALTER TABLE parted"
    widened = f"{alter} DETACH PARTITION parted_2; {alter} ATTACH PARTITION parted_2 FOR VALUES FROM (100) TO (300)"
    assert [phase.old_app for phase in planned(widened, SETUP).phases] == ["goes on as before"]
    narrowed = widened.replace("TO (300)", "TO (150)")
    assert [phase.name.value for phase in planned(narrowed, SETUP).phases] == ["switch", "contract"]
    split = narrowed.replace(
        "ALTER TABLE parted ATTACH",
        "CREATE TABLE parted_3 PARTITION OF parted FOR VALUES FROM (150) TO (200); ALTER TABLE parted ATTACH",
    )
    draft = planned(split, SETUP)
    assert [phase.name.value for phase in draft.phases] == ["expand"]
    assert [gate.query for gate in draft.phases[0].gates] == [
        "SELECT count(*) FROM public.parted_2 WHERE (day IS NOT NULL AND day >= 100 AND day < 150) IS NOT TRUE"
    ]


@pytest.mark.parametrize(
    ("was", "now", "whole"),
    [
        ("FROM (0) TO (100)", ["FROM (0) TO (50)", "FROM (50) TO (100)"], True),
        ("FROM (0) TO (100)", ["FROM (0) TO (50)", "FROM (51) TO (100)"], False),
        ("FROM (-9) TO (9)", ["FROM (MINVALUE) TO (100)"], True),
        ("FROM (0) TO (MAXVALUE)", ["FROM (0) TO (100)"], False),
        ("FROM ('2025-01-01') TO ('2026-01-01')", ["FROM ('2025-01-01') TO ('2027-01-01')"], True),
        (
            "FROM ('2025-01-01 00:00:00+00') TO ('2025-02-01 00:00:00+00')",
            ["FROM ('2025-01-01') TO ('2026-01-01')"],
            False,
        ),
        (
            "FROM ('2025-01-01 00:00:00+00') TO ('2025-02-01 00:00:00+00')",
            [
                "FROM ('2025-01-01 00:00:00+00') TO ('2025-01-09 12:00:00+00')",
                "FROM ('2025-01-09 12:00:00+00') TO (MAXVALUE)",
            ],
            True,
        ),
        ("IN ('a', 'b')", ["IN ('b')", "IN ('a', 'c')"], True),
        ("IN ('a', 'b')", ["IN ('a')"], False),
    ],
)
def test_bounds_are_compared_where_no_server_is_needed(was: str, now: list[str], whole: bool) -> None:
    old, *new = (bound_of(one) for one in (was, *now))
    assert cover(new, old) is whole


def bound_of(words: str) -> PartitionBound:
    text = f"ALTER TABLE t ATTACH PARTITION p FOR VALUES {words}"
    (statement,) = read_script(Source(path="m.sql", text=text)).statements
    assert isinstance(statement, AlterTable) and isinstance(statement.actions[0], AttachPartition)
    assert statement.actions[0].bound is not None
    return statement.actions[0].bound


def test_rows_that_a_with_deletes_and_puts_back_are_rows_that_move() -> None:
    moved = "WITH gone AS (DELETE FROM parted_1 WHERE day >= 50 RETURNING *) INSERT INTO parted SELECT * FROM gone"
    migration = (
        "ALTER TABLE parted DETACH PARTITION parted_1; CREATE TABLE parted_1b PARTITION OF parted FOR VALUES FROM (50) TO (100);"
        f"{moved}; ALTER TABLE parted ATTACH PARTITION parted_1 FOR VALUES FROM (0) TO (50)"
    )
    assert [gate.id for gate in planned(migration, SETUP).phases[0].gates] == ["maintenance-window"]
