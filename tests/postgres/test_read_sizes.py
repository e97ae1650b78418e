"""How big tables are, as the catalog has it."""

from __future__ import annotations

import pytest

from migrasafe.postgres.figures.sizes import sizes_of_tables
from migrasafe.schema.model import Ref
from tests.postgres.servers import Database

SETUP = """
CREATE TABLE "Big Ones" (id int PRIMARY KEY, name text);
INSERT INTO "Big Ones" SELECT n, repeat('x', 50) FROM generate_series(1, 3000) n;
CREATE TABLE parts (id int, name text) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (1000) TO (9000);
CREATE INDEX parts_id ON parts (id);
INSERT INTO parts SELECT n, 'y' FROM generate_series(1, 2000) n;
CREATE TABLE never AS SELECT n, repeat('z', 60) AS z FROM generate_series(1, 2000) n;
CREATE TABLE nothing (id int);
ALTER TABLE never SET (autovacuum_enabled = off);
ANALYZE "Big Ones"; ANALYZE parts; ANALYZE parts_1; ANALYZE parts_2;
"""


@pytest.mark.majors(12, 15, 18)
def test_rows_bytes_and_widths_are_those_of_the_catalog(each_major: int, database: Database) -> None:
    database.execute(SETUP)
    names = ("Big Ones", "parts", "never", "nothing", "not there")
    with database.connect() as session:
        found = {size.table: size for size in sizes_of_tables(session, [Ref("public", name) for name in names])}
    assert set(found) == {f"public.{name}" for name in names[:4]}
    big = found["public.Big Ones"]
    assert (big.rows, big.is_analyzed, big.indexes, dict(big.widths)) == (3000, True, 1, {"id": 4, "name": 51})
    assert big.heap_bytes > 3000 * 50
    assert big.index_bytes > 0
    parts = found["public.parts"]
    assert (parts.rows, parts.indexes) == (2000, 1)
    assert parts.heap_bytes > 0
    never = found["public.never"]
    assert not never.is_analyzed
    assert never.rows == never.heap_bytes // 100 > 0
    assert (found["public.nothing"].rows, found["public.nothing"].is_analyzed) == (0, True)
