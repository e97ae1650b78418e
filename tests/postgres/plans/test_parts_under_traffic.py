"""Parts of values that come to stand alone, under the traffic of both versions: keys of JSON documents, fields of composites."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from migrasafe.plan.read.hints import Hints
from tests.postgres.plans.apps import writes
from tests.postgres.plans.rollout import Work, carry_out, dump, one_shot, roll_out
from tests.postgres.servers import Database

SETUP = """
CREATE TYPE place AS (street text, "Zip code" int);
CREATE TABLE orders (id serial PRIMARY KEY, owner int, data jsonb DEFAULT '{}' NOT NULL, raw json, home place);
CREATE INDEX orders_data ON orders USING gin (data);
"""
ROWS = """
INSERT INTO orders (owner, data, raw, home) SELECT 0,
  CASE n % 6 WHEN 0 THEN '{}' WHEN 1 THEN '{"size": null, "state": "old"}' WHEN 2 THEN jsonb_build_object('size', n, 'state', n)
    WHEN 3 THEN jsonb_build_object('size', n::text, 'more', n) WHEN 4 THEN '[]' ELSE '{"state": true}' END,
  CASE WHEN n % 3 > 0 THEN json_build_object('at', '2024-02-29T12:00:00Z', 'n', n) END,
  CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN ROW(NULL, NULL)::place WHEN 2 THEN ROW('Elm', NULL)::place ELSE ROW('Oak', n)::place END
  FROM generate_series(1, 300) n;
"""


def in_document(column: str, key: str, values: list[object]) -> Work:
    """The old version: the value is under a key of the document, which it writes in every way."""

    def work(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
        def ask(sql: str, *given: object) -> object:
            row = session.execute(sql, given).fetchone()  # type: ignore[call-overload]  # a plain text on purpose
            assert row is not None, sql
            return row[0] if len(row) == 1 else tuple(row)

        first, second, third = (rng.choice(values) for _ in range(3))
        document = json.dumps({key: first, "mine": owner})
        id = ask(f"INSERT INTO orders (owner, {column}) VALUES (%s, %s) RETURNING id", owner, document)
        read = f"SELECT {column} -> '{key}' FROM orders WHERE id = %s"
        assert ask(read, id) == first
        put = f"jsonb_set({column}::jsonb, ARRAY['{key}'], %s)"
        ask(f"UPDATE orders SET {column} = {put} WHERE id = %s RETURNING 1", json.dumps(second), id)
        assert ask(read, id) == second
        gone = f"{column}::jsonb - '{key}'"
        ask(f"UPDATE orders SET {column} = {gone} WHERE id = %s RETURNING 1", id)
        assert ask(f"SELECT {column}::jsonb ? '{key}', {column}::jsonb -> 'mine' FROM orders WHERE id = %s", id) == (
            False,
            owner,
        )
        again = f"UPDATE orders SET {column} = %s WHERE id = %s RETURNING {column} -> '{key}'"
        assert ask(again, json.dumps({key: third}), rng.randrange(1, 300)) == third

    return work


def in_column(document: str, column: str, values: list[object]) -> Work:
    """The new version: the value is in the column, and other keys of the document are changed one by one."""

    def work(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
        def ask(sql: str, *given: object) -> object:
            row = session.execute(sql, given).fetchone()  # type: ignore[call-overload]  # a plain text on purpose
            assert row is not None, sql
            return row[0] if len(row) == 1 else tuple(row)

        first, second, third = (rng.choice(values) for _ in range(3))
        read = f"SELECT {column}::text, ({document} ->> 'mine')::int FROM orders WHERE id = %s"
        given = json.dumps({"mine": 1})
        insert = f"INSERT INTO orders (owner, {column}, {document}) VALUES (%s, %s, %s) RETURNING id"
        id = ask(insert, owner, first, given)
        assert ask(read, id) == (first, 1)
        ask(f"UPDATE orders SET {column} = %s WHERE id = %s RETURNING 1", second, id)
        assert ask(read, id) == (second, 1)
        mine = f"jsonb_set({document}::jsonb, '{{mine}}', '2')"
        ask(f"UPDATE orders SET {document} = {mine} WHERE id = %s RETURNING 1", id)
        assert ask(read, id) == (second, 2)
        again = f"UPDATE orders SET {column} = %s WHERE id = %s RETURNING {column}::text"
        assert ask(again, third, rng.randrange(1, 300)) == third

    return work


@dataclass(frozen=True, kw_only=True)
class Case:
    migration: str
    once: str = "SELECT 1"
    """What else is there at the end."""
    hints: Hints = Hints()  # noqa: RUF009 – a frozen value
    before: str = "SELECT 1"
    """How people mend documents that hold no value of the type."""
    holds: str = "true"
    """What is so at the end."""
    old: Work
    new: Work


TOOK = "COMMENT ON COLUMN orders.{} IS 'took the place of the key {} of {}'"
CASES = {
    "a key becomes a text": Case(
        migration="""
            -- migrasafe: key 'state' of orders.data -> state
            ALTER TABLE orders ADD COLUMN state text;
            UPDATE orders SET state = data ->> 'state';
            UPDATE orders SET data = data - 'state';
            CREATE INDEX orders_state ON orders (state);
        """,
        once=TOOK.format("state", "state", "data"),
        old=in_document("data", "state", ["a", "b", None, 7, True]),
        new=in_column("data", "state", ["a", "b", None, "7", "true"]),
        holds="(SELECT count(*) FROM orders WHERE data ? 'state') = 0 AND (SELECT count(state) FROM orders) > 0",
    ),
    "a key becomes a number": Case(
        migration="""
            -- migrasafe: key 'size' of orders.data -> size
            ALTER TABLE orders ADD COLUMN size int
        """,
        once=TOOK.format("size", "size", "data"),
        old=in_document("data", "size", [1, 2, None, "17"]),
        new=in_column("data", "size", ["1", "-2", None]),
    ),
    "a key becomes a moment": Case(
        migration="""
            -- migrasafe: key 'at' of orders.raw -> moment
            ALTER TABLE orders ADD COLUMN moment timestamp
        """,
        once=TOOK.format("moment", "at", "raw"),
        before="UPDATE orders SET raw = NULL WHERE raw IS NOT NULL",
        old=in_document("raw", "at", ["2024-01-01T12:00:00", "2024-02-29 00:00:00.5", None]),
        new=in_column("raw", "moment", ["2024-01-01 12:00:00", None]),
    ),
    "a composite becomes columns": Case(
        migration="""
            -- migrasafe: replace orders.home -> street, zip
            ALTER TABLE orders ADD COLUMN street text, ADD COLUMN zip int, DROP COLUMN home
        """,
        old=writes("orders", "home", lambda rng: (rng.choice(["(Elm,5)", "(,7)", None]),), read="home::text"),
        new=writes("orders", "street, zip", lambda rng: (rng.choice(["Oak", None]), rng.choice([None, 9]))),
    ),
}


@pytest.mark.in_turn
@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("name", CASES)
def test_nobody_notices(each_major: int, database: Database, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    database.execute(SETUP + ROWS)
    database.execute(case.before)
    run = roll_out(database, case.migration, tmp_path, case.hints)
    carry_out(run, case.old, case.new, killed=random.Random(each_major) if each_major == 15 else None)
    assert dump(database.dsn) == one_shot(database, SETUP, case.migration, case.once)
    assert database.execute(f"SELECT {case.holds}") == [(True,)]
