"""What a history costs grows with its length and no faster: counted in calls and in bytes, not in seconds."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Callable

import pytest

from migrasafe.lint import LintOptions, LintResult, lint
from migrasafe.look_ahead import LONG
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


def one_file(shape: str, length: int) -> History:
    texts = "\n".join(text for one in history(shape, length).migrations for text in one.texts)
    return History(layout="plain", root=".", migrations=read_sources([Source(path="1.sql", text=texts)]))


def test_the_steps_of_a_long_file_are_not_all_held_at_once() -> None:
    def peak(length: int) -> int:
        read = one_file("rows", length)
        read.migrations[0].parts[0].script.read()
        gc.collect()
        tracemalloc.start()
        assert linted(read).statements == length + 1
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    few, twice = peak(LONG), peak(2 * LONG)
    assert twice - few < LONG * 200  # bytes: a step has some 700 with what it holds


@pytest.mark.parametrize("around", ["{}", "BEGIN; {} COMMIT;", "BEGIN; {} ROLLBACK;", "BEGIN; {}"])
def test_a_long_file_has_the_findings_of_its_statements(around: str) -> None:
    """So many rows come first and last that the transaction is judged before it is over; what its end decides is said all
    the same: an enum value that is used before the commit, a column that is made and dropped, a grant that is restored."""
    told = (
        "CREATE TABLE orders (id int PRIMARY KEY, state state); ALTER TYPE state ADD VALUE 'sent';"
        "ALTER TABLE orders DISABLE TRIGGER ALL; ALTER TABLE orders ADD COLUMN once int;"
    )
    end = (
        "UPDATE orders SET state = 'sent'; ALTER TABLE orders ENABLE TRIGGER ALL; ALTER TABLE orders DROP COLUMN once;"
    )
    few, many = (" ".join(f"SELECT {n};" for n in range(count)) for count in (3, LONG))
    found = []
    for between in (few, many):
        text = around.format(f"{told} {between} {end}")
        read = History(layout="plain", root=".", migrations=read_sources([Source(path="1.sql", text=text)]))
        found.append([(one.rule, one.message, one.severity) for one in linted(read).findings])
    assert found[0] == found[1] != []


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
