"""What a server says to a query that is tried on it, and that nothing is left behind."""

from __future__ import annotations

import pytest

from migrasafe.postgres.connect import run
from migrasafe.postgres.watch.try_queries import Outcome, rows_in_tables, try_query

SHOP = """
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE users (id int PRIMARY KEY, mood mood NOT NULL, tags text[], at timestamptz, home uuid, CHECK (id < 10));
"""


@pytest.mark.parametrize(
    ("sql", "outcome", "sqlstate"),
    [
        ("SELECT id FROM users WHERE mood = $1 AND at < $2 AND home = $3 AND tags && $4", Outcome.TAKEN, ""),
        ("SELECT nick FROM users", Outcome.REFUSED, "42703"),
        ("INSERT INTO users (id) VALUES ($1)", Outcome.REFUSED, "23502"),
        ("UPDATE users SET mood = 'angry'", Outcome.REFUSED, "22P02"),
        ("INSERT INTO users (id, mood) VALUES ($1, $2) ON CONFLICT (tags) DO NOTHING", Outcome.REFUSED, "42P10"),
        ("INSERT INTO users (id, mood) VALUES (11, $1)", Outcome.DEPENDS, "23514"),
        ("SELECT 1 / $1", Outcome.TAKEN, ""),
        ("SELECT f.a FROM json_to_record($1) AS f (a int)", Outcome.TAKEN, ""),
        ("LISTEN something", Outcome.NOT_TRIED, ""),
    ],
)
def test_a_query_is_prepared_and_run_with_values_of_its_types(
    database, sql: str, outcome: Outcome, sqlstate: str
) -> None:
    database.execute(SHOP)
    with database.connect() as session:
        tried = try_query(session, sql)
        assert (tried.outcome, tried.sqlstate) == (outcome, sqlstate), tried
        assert run(session, "SELECT count(*) FROM users") == [(0,)]
        assert run(session, "SELECT count(*) FROM pg_prepared_statements") == [(0,)]


def test_empty_tables_have_a_row_meanwhile(database) -> None:
    database.execute(SHOP)
    database.execute("CREATE TABLE full_one (id int); INSERT INTO full_one VALUES (7)")
    with database.connect() as session:
        with rows_in_tables(session) as filled:
            assert filled == 1
            assert run(session, "SELECT mood::text FROM users") == [("sad",)]
            assert try_query(session, "UPDATE users SET mood = NULL").sqlstate == "23502"
        assert run(session, "SELECT count(*) FROM users") == [(0,)]
        assert run(session, "SELECT id FROM full_one") == [(7,)]
