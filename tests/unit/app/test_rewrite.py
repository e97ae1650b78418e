"""Queries of the old version as they must read after a migration renamed what they use."""

from __future__ import annotations

import pytest

from tests.unit.app.small_releases import app, judge

RENAMES = """
ALTER TABLE users RENAME COLUMN email TO "Mail";
ALTER TABLE orders RENAME TO purchases;
ALTER TYPE state RENAME VALUE 'paid' TO 'done';
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("SELECT id, email FROM users -- who?", 'SELECT id, "Mail" AS email FROM users -- who?'),
        ("SELECT u.email AS e FROM users u WHERE u . email <> ''", 'SELECT u."Mail" AS e FROM users u WHERE u . "Mail" <> \'\''),
        ("SELECT lower(email) FROM users ORDER BY email", 'SELECT lower("Mail") FROM users ORDER BY "Mail"'),
        ("SELECT id FROM orders", "SELECT id FROM purchases"),
        ("SELECT orders.id FROM public.orders", "SELECT orders.id FROM public.purchases AS orders"),
        ("UPDATE orders SET state = 'paid' WHERE state IN ('new', 'paid') RETURNING state",
         "UPDATE purchases SET state = 'done' WHERE state IN ('new', 'done') RETURNING state"),
        ("INSERT INTO users (id, email) VALUES ($1, $2) RETURNING email",
         'INSERT INTO users (id, "Mail") VALUES ($1, $2) RETURNING "Mail" AS email'),
        ("WITH x AS (SELECT email FROM users) SELECT email FROM x JOIN orders ON code = email",
         'WITH x AS (SELECT "Mail" AS email FROM users) SELECT email FROM x JOIN purchases ON code = email'),
    ],
)  # fmt: skip
def test_names_change_at_their_places_and_results_keep_theirs(old: str, new: str) -> None:
    (one,) = judge(RENAMES, app(old), app("SELECT 1")).migrations
    assert {breakage.rewrite for breakage in one.breakages} == {new}


@pytest.mark.parametrize(
    "old",
    [
        "SELECT * FROM orders JOIN users ON users.id = user_id WHERE email = legacy AND state = 'nothing'",
        "SELECT note FROM orders",
    ],
)
def test_what_would_not_work_is_not_offered(old: str) -> None:
    (one,) = judge(RENAMES + "ALTER TABLE purchases DROP COLUMN note", app(old), app("SELECT 1")).migrations
    assert one.breakages
    assert {breakage.rewrite for breakage in one.breakages} == {""}
