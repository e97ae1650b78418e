"""What a history costs grows with its length and no faster: counted in calls and in bytes, not in seconds."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Callable

import pytest

from migrasafe.lint import LintOptions, LintResult, lint
from migrasafe.migrations.formats.plain import read_sources
from migrasafe.migrations.model import History
from migrasafe.rules.registry import RULES
from migrasafe.sql.source import Source

_TABLE = "CREATE TABLE orders (id bigint PRIMARY KEY, total int, note text);"
_PARTITIONED = "CREATE TABLE orders (id bigint PRIMARY KEY, total int) PARTITION BY RANGE (id);"
_TYPE = "CREATE TYPE state AS ENUM ('new');"

SHAPES = {
    "tables": ("", "CREATE TABLE t{n} (id bigint PRIMARY KEY, total int REFERENCES t0 (id), note text);"),
    "tables of a type": (_TYPE, "CREATE TABLE t{n} (id bigint PRIMARY KEY, state state);"),
    "columns": (_TABLE, "ALTER TABLE orders ADD COLUMN c{n} int;"),
    "indexes": (_TABLE, "CREATE INDEX i{n} ON orders (total);"),
    "indexes without a name": (_TABLE, "CREATE INDEX ON orders (total);"),
    "checks without a name": (_TABLE, "ALTER TABLE orders ADD CHECK (total + id > {n}) NOT VALID;"),
    "triggers": (_TABLE, "CREATE TRIGGER g{n} BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f();"),
    "policies": (_TABLE, "CREATE POLICY p{n} ON orders USING (total = {n});"),
    "views": (_TABLE, "CREATE VIEW v{n} AS SELECT id, total FROM orders;"),
    "partitions": (_PARTITIONED, "CREATE TABLE p{n} PARTITION OF orders FOR VALUES FROM ({n}) TO ({n} + 1);"),
    "functions": ("", "CREATE FUNCTION f{n}(a int) RETURNS int LANGUAGE sql AS 'SELECT a + {n}';"),
    "types": ("", "CREATE TYPE t{n} AS ENUM ('new', 'paid');"),
    "labels": (_TYPE, "ALTER TYPE state ADD VALUE 'v{n}';"),
    "settings": (_TABLE, "SET app.v{n} = '1'; ALTER TABLE orders ALTER COLUMN total SET DEFAULT {n};"),
    "rows": (_TABLE, "UPDATE orders SET total = {n} WHERE id = {n};"),
    "made and dropped": ("", "CREATE TABLE t{n} (id bigint PRIMARY KEY); DROP TABLE t{n};"),
    "renamed": ("CREATE TABLE t0 (id int);", "CREATE TABLE u{n} (id int); ALTER TABLE u{n} RENAME TO w{n};"),
}


def history(shape: str, length: int) -> History:
    first, each = SHAPES[shape]
    texts = [first, *(each.replace("{n}", str(number)) for number in range(length))]
    sources = (Source(path=f"{number:06}.sql", text=text) for number, text in enumerate(texts))
    return History(layout="plain", root=".", migrations=read_sources(sources))


def linted(read: History) -> LintResult:
    return lint((read,), RULES, LintOptions())


def calls(run: Callable[[], object]) -> int:
    """How many functions are called, of ours and of Python's."""
    count = 0

    def seen(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        run()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_history_takes_twice_the_calls(shape: str) -> None:
    linted(history(shape, 20))  # what is made once, such as modules
    few, twice, four_times = (calls(lambda n=n: linted(history(shape, n))) for n in (50, 100, 200))
    assert four_times - twice <= 2.2 * (twice - few)


def test_of_what_was_linted_only_the_texts_and_the_findings_are_kept() -> None:
    linted(history("rows", 20))

    def kept(length: int) -> int:
        read = history("rows", length)
        gc.collect()
        tracemalloc.start()
        result = linted(read)
        gc.collect()
        bytes_kept = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert len(result.migrations) == length + 1
        return bytes_kept

    few, twice = kept(1_000), kept(2_000)
    assert twice - few < 1_000 * 400  # bytes: a tree of such a statement has some 5,000
