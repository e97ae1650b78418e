"""What needs a newer PostgreSQL than 12 is known, and since which version."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrasafe.sql.builtin.volatility import NEW_IN
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.sql.syntax.functions import NEW_FUNCTIONS

NEWER = [
    line
    for line in (Path(__file__).parents[2] / "newer_syntax.txt").read_text().splitlines()
    if line and not line.startswith("#")
]


def newest(sql: str) -> int:
    return max((newer.since for newer in read_script(Source(path="", text=sql)).newer), default=12)


@pytest.mark.parametrize("line", NEWER)
def test_newer_syntax_is_known_with_its_version(line: str) -> None:
    """With 12 for what every server knows."""
    since, _, sql = line.partition(": ")
    assert newest(sql) == int(since.split()[0])


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


def test_new_functions_are_those_that_servers_have_since_then() -> None:
    """Tests on servers keep NEW_IN true."""
    for name, since in NEW_FUNCTIONS.items():
        assert name in NEW_IN[since].split()


def test_a_new_function_is_known_by_its_name() -> None:
    script = read_script(
        Source(path="", text="ALTER TABLE t ALTER COLUMN id SET DEFAULT uuidv7(); SELECT app.uuidv7()")
    )
    assert [(newer.function, newer.since) for newer in script.newer] == [("uuidv7", 18)]
