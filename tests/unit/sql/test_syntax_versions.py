"""What needs a newer PostgreSQL than 12 is known, and since which version."""

from __future__ import annotations

import pytest

from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source

NEWER = """
13: ALTER TABLE t ALTER COLUMN a DROP EXPRESSION
13: SELECT 1 FROM t ORDER BY a FETCH FIRST 1 ROW WITH TIES
13: DROP DATABASE d WITH (FORCE)
14: ALTER TABLE t DETACH PARTITION p CONCURRENTLY
14: CREATE OR REPLACE TRIGGER x AFTER INSERT ON t EXECUTE FUNCTION f()
14: CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END
14: CREATE TABLE t (a text COMPRESSION lz4)
14: REINDEX (TABLESPACE s) TABLE t
14: WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n FROM c) SEARCH DEPTH FIRST BY n SET o SELECT * FROM c
15: MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN DELETE
15: CREATE UNIQUE INDEX i ON t (a) NULLS NOT DISTINCT
15: ALTER TABLE t ADD UNIQUE NULLS NOT DISTINCT (a)
15: ALTER TABLE t SET ACCESS METHOD heap
15: CREATE VIEW v WITH (security_invoker = true) AS SELECT 1
15: CREATE PUBLICATION p FOR TABLE t (a)
16: SELECT 1 FROM (SELECT 1)
16: SELECT '1' IS JSON
16: CREATE TABLE t (a text STORAGE EXTERNAL)
17: ALTER TABLE t ALTER COLUMN a SET EXPRESSION AS (b + 1)
17: SELECT * FROM JSON_TABLE('[]', '$[*]' COLUMNS (a int PATH '$'))
18: ALTER TABLE t ADD COLUMN a int GENERATED ALWAYS AS (b + 1) VIRTUAL
18: ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT ENFORCED
18: ALTER TABLE t ADD CONSTRAINT c NOT NULL a NOT VALID
18: ALTER TABLE t ADD PRIMARY KEY (a, b WITHOUT OVERLAPS)
18: UPDATE t SET a = 1 RETURNING WITH (OLD AS o) o.a
""".strip().splitlines()


def newest(sql: str) -> int:
    return max((newer.since for newer in read_script(Source(path="", text=sql)).newer), default=12)


@pytest.mark.parametrize("line", NEWER)
def test_newer_syntax_is_known_with_its_version(line: str) -> None:
    since, _, sql = line.partition(": ")
    assert newest(sql) == int(since)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t (a int NOT NULL CHECK (a > 0), b int GENERATED ALWAYS AS (a + 1) STORED UNIQUE)",
        "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u NOT VALID",
        "CREATE INDEX CONCURRENTLY i ON t (a)",
        "REINDEX TABLE CONCURRENTLY t",
        "SELECT 1 FROM (SELECT 1) s",
        "CREATE PUBLICATION p FOR TABLE t",
    ],
)
def test_syntax_that_12_reads_is_not_newer(sql: str) -> None:
    assert newest(sql) == 12


def test_newer_syntax_inside_a_body_is_found() -> None:
    assert newest("DO $$ BEGIN MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE; END $$") == 15
