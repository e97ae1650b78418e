"""What a history costs grows with its length and no faster: counted in calls and in bytes, not in seconds."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Callable, Sequence

import pytest

from migrasafe.lint import LintOptions, LintResult, lint
from migrasafe.look_ahead import LONG
from migrasafe.migrations.formats.plain import read_sources
from migrasafe.migrations.model import History, Made
from migrasafe.rules.registry import RULES
from migrasafe.sql.source import Source
from migrasafe.suppress import suppress

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
    "indexes of some rows": (_TABLE, "CREATE INDEX i{n} ON orders (total) WHERE id > {n};"),
    "indexes of expressions": (_TABLE, "CREATE INDEX i{n} ON orders ((total + {n}));"),
    "indexes, dropped": (_TABLE, "CREATE INDEX i{n} ON orders (total) WHERE id > {n};", "DROP INDEX i{n};"),
    "foreign keys": (_TABLE, "ALTER TABLE orders ADD FOREIGN KEY (id) REFERENCES orders (id) NOT VALID;"),
    "foreign keys of columns with indexes": (
        _TABLE,
        "ALTER TABLE orders ADD COLUMN c{n} bigint REFERENCES orders (id); CREATE INDEX ON orders (c{n});",
    ),
    "foreign keys to tables": (
        _TABLE,
        "CREATE TABLE t{n} (id int PRIMARY KEY); ALTER TABLE orders ADD FOREIGN KEY (total) REFERENCES t{n} (id) NOT VALID;",
    ),
    "columns, dropped": (_TABLE, "ALTER TABLE orders ADD COLUMN c{n} int;", "ALTER TABLE orders DROP COLUMN c{n};"),
    "columns, renamed": (_TABLE, "ALTER TABLE orders ADD c{n} int; ALTER TABLE orders RENAME c{n} TO d{n};"),
    "triggers, dropped": (
        _TABLE,
        "CREATE TRIGGER g{n} BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f();",
        "DROP TRIGGER g{n} ON orders;",
    ),
    "policies, dropped": (_TABLE, "CREATE POLICY p{n} ON orders USING (total = {n});", "DROP POLICY p{n} ON orders;"),
    "overloads": ("", "CREATE DOMAIN d{n} AS int; CREATE FUNCTION f(a d{n}) RETURNS int LANGUAGE sql AS 'SELECT 1';"),
    "views over views": (
        _TABLE + "CREATE VIEW v0 AS SELECT id FROM orders;",
        "CREATE VIEW v{m} AS SELECT id FROM v{n};",
    ),
    "views, dropped": (_TABLE, "CREATE VIEW v{n} AS SELECT id FROM orders;", "DROP VIEW v{n};"),
    "comments": (_TABLE, "COMMENT ON TABLE orders IS 'x{n}';"),
    "grants to one role": ("", "CREATE TABLE t{n} (id int PRIMARY KEY); GRANT SELECT, INSERT ON t{n} TO app;"),
    "grants to many roles": (_TABLE, "GRANT SELECT ON orders TO r{n};"),
    "copies of a table": (_TABLE, "CREATE TABLE t{n} (LIKE orders INCLUDING ALL);"),
    "children": (_TABLE, "CREATE TABLE t{n} (c{n} int) INHERITS (orders);"),
    "published tables": (
        "CREATE PUBLICATION p;",
        "CREATE TABLE t{n} (id int PRIMARY KEY); ALTER PUBLICATION p ADD TABLE t{n};",
    ),
    "views": (_TABLE, "CREATE VIEW v{n} AS SELECT id, total FROM orders;"),
    "partitions": (_PARTITIONED, "CREATE TABLE p{n} PARTITION OF orders FOR VALUES FROM ({n}) TO ({n} + 1);"),
    "functions": ("", "CREATE FUNCTION f{n}(a int) RETURNS int LANGUAGE sql AS 'SELECT a + {n}';"),
    "types": ("", "CREATE TYPE t{n} AS ENUM ('new', 'paid');"),
    "labels": (_TYPE, "ALTER TYPE state ADD VALUE 'v{n}';"),
    "labels, renamed": (_TYPE, "ALTER TYPE state ADD VALUE 'v{n}'; ALTER TYPE state RENAME VALUE 'v{n}' TO 'w{n}';"),
    "attributes of a type": ("CREATE TYPE pair AS (a int);", "ALTER TYPE pair ADD ATTRIBUTE a{n} int;"),
    "attributes, dropped": (
        "CREATE TYPE pair AS (a int);",
        "ALTER TYPE pair ADD ATTRIBUTE a{n} int;",
        "ALTER TYPE pair DROP ATTRIBUTE a{n};",
    ),
    "checks of a domain": ("CREATE DOMAIN d AS int;", "ALTER DOMAIN d ADD CONSTRAINT c{n} CHECK (VALUE > {n});"),
    "default privileges": ("", "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO r{n};"),
    "settings": (_TABLE, "SET app.v{n} = '1'; ALTER TABLE orders ALTER COLUMN total SET DEFAULT {n};"),
    "rows": (_TABLE, "UPDATE orders SET total = {n} WHERE id = {n};"),
    "made and dropped": ("", "CREATE TABLE t{n} (id bigint PRIMARY KEY); DROP TABLE t{n};"),
    "renamed": ("CREATE TABLE t0 (id int);", "CREATE TABLE u{n} (id int); ALTER TABLE u{n} RENAME TO w{n};"),
}


_COLUMNS = "CREATE TABLE orders (id bigint PRIMARY KEY, {c{n} int});"
ONE_STATEMENT = {
    "columns": (_TABLE, "ALTER TABLE orders {ADD COLUMN c{n} int};"),
    "foreign keys": (_TABLE, "ALTER TABLE orders {ADD FOREIGN KEY (id) REFERENCES orders (id) NOT VALID};"),
    "checks": (_TABLE, "ALTER TABLE orders {ADD CHECK (total > {n}) NOT VALID};"),
    "columns, dropped": (_COLUMNS, "ALTER TABLE orders {DROP COLUMN c{n}};"),
    "columns that are never NULL": (_COLUMNS, "ALTER TABLE orders {ALTER COLUMN c{n} SET NOT NULL};"),
    "columns of a new table": ("", "CREATE TABLE orders ({c{n} int REFERENCES users (id)});"),
    "rows": (_TABLE, "INSERT INTO orders VALUES {({n}, 1, 'x')};"),
    "values": (_TABLE, "DELETE FROM orders WHERE id IN ({{n}});"),
    "labels": ("", "CREATE TYPE state AS ENUM ({'v{n}'});"),
    "tables, dropped": ("", "DROP TABLE {t{n}};"),
    "views, dropped": ("", "DROP VIEW {v{n}};"),
    "roles": (_TABLE, "GRANT SELECT ON orders TO {r{n}};"),
}
"""What stands in braces comes as often as is asked for, with commas between."""
ONE_FILE = {
    "columns of a transaction": (_TABLE, "BEGIN; {ALTER TABLE orders ADD COLUMN c{n} int;} COMMIT;"),
    "indexes of a transaction": ("{CREATE TABLE t{n} (id int);}", "BEGIN; {CREATE INDEX ON t{n} (id);} COMMIT;"),
    "rows of a body": (_TABLE, "DO $$BEGIN {UPDATE orders SET total = {n} WHERE id = {n};} END$$;"),
    "columns of a body": (_TABLE, "DO $$BEGIN {ALTER TABLE orders ADD COLUMN c{n} int;} END$$;"),
    "statements of a function": (
        _TABLE
        + "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$BEGIN {DELETE FROM orders WHERE id = {n};} END$$;",
        "SELECT f();",
    ),
    "allowed": (
        _TABLE,
        "{-- migrasafe: allow missing-lock-timeout because it is small\nALTER TABLE orders ADD c{n} int;\n}",
    ),
    "newer syntax": (
        _TABLE,
        "{MERGE INTO orders USING t ON t.id = orders.id WHEN MATCHED THEN UPDATE SET total = {n};}",
    ),
    "savepoints": (_TABLE, "BEGIN; {SAVEPOINT s{n}; UPDATE orders SET total = {n} WHERE id = {n};} COMMIT;"),
    "views that go": (_TABLE + "{CREATE VIEW v{n} AS SELECT id FROM orders;}", "DROP TABLE orders CASCADE;"),
    "tables that go": ("CREATE SCHEMA s; {CREATE TABLE s.t{n} (id int);}", "DROP SCHEMA s CASCADE;"),
}
"""Likewise, without commas."""


def history(shape: str, length: int) -> History:
    first, *each = SHAPES[shape]
    texts = [first, *(_numbered(text, number) for text in each for number in range(length))]
    return _plain(texts)


def _numbered(text: str, number: int) -> str:
    return text.replace("{n}", str(number)).replace("{m}", str(number + 1))


def repeated(text: str, count: int, between: str) -> str:
    start, end = text.find("{"), text.rfind("}")
    if start < 0:
        return text
    many = between.join(_numbered(text[start + 1 : end], number) for number in range(count))
    return f"{text[:start]}{many}{text[end + 1 :]}"


def _plain(texts: Sequence[str]) -> History:
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
    assert_linear(lambda length: history(shape, length))


@pytest.mark.parametrize("shape", ONE_STATEMENT)
def test_twice_the_clauses_take_twice_the_calls(shape: str) -> None:
    assert_linear(lambda length: _plain([repeated(text, length, ", ") for text in ONE_STATEMENT[shape]]))


@pytest.mark.parametrize("shape", ONE_FILE)
def test_twice_the_statements_take_twice_the_calls(shape: str) -> None:
    # All of them so long that they are cut before they are parsed.
    assert_linear(lambda length: _plain([repeated(text, 4 * length, " ") for text in ONE_FILE[shape]]))


def assert_linear(made: Callable[[int], History]) -> None:
    allowed(linted(made(20)))  # what is made once, such as modules

    def counted(length: int) -> int:
        read = made(length)
        return calls(lambda: allowed(linted(read)))

    few, twice, four_times = map(counted, (40, 80, 160))
    assert four_times - twice <= 2.2 * (twice - few)


def allowed(result: LintResult) -> None:
    for one in result.migrations:
        suppress(one.findings, one.scripts, {rule.id for rule in RULES})


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
    assert bytes_kept(lambda length: history("rows", length)) < 400  # a tree of such a statement has some 5,000


class Shelf:
    """Files of a thousand letters each."""

    def source(self, path: str) -> Source:
        return Source(path=path, text=f"UPDATE orders SET total = 1 WHERE id = 1; -- {'x' * 1000}")


def test_nothing_but_a_name_is_kept_of_a_file_of_which_nothing_is_said() -> None:
    shelf = Shelf()

    def silent(length: int) -> History:
        files = [f"{number:06}.sql" for number in range(length + 1)]
        made = Made(files, lambda file: read_sources([Source.later(file, shelf)])[0])
        return History(layout="plain", root=".", migrations=made)

    assert bytes_kept(silent) < 500  # its text has a thousand letters


def bytes_kept(made: Callable[[int], History]) -> float:
    """For each migration, once all are linted."""
    linted(made(1_500))  # what is kept of the last thousand queries, whatever comes

    def kept(length: int) -> int:
        read = made(length)
        gc.collect()
        tracemalloc.start()
        result = linted(read)
        gc.collect()
        bytes_kept = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert len(result.migrations) == length + 1
        return bytes_kept

    few, twice = kept(1_000), kept(2_000)
    return (twice - few) / 1_000
