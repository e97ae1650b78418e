"""The columns that the resolver finds in queries, against those that PostgreSQL notes for them."""

from __future__ import annotations

import pytest

from migrasafe.app.resolve import Resolver, read_query
from migrasafe.app.resolve.references import WHOLE_ROW
from migrasafe.app.usage import ObjectKind
from migrasafe.postgres.catalog.columns_used import UsedColumn, columns_used
from migrasafe.postgres.catalog.introspect import load_schema

SHOP = """
CREATE TYPE place AS (street text, town text);
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, age int, home place, tags text[]);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users, total numeric NOT NULL, note jsonb);
CREATE TABLE refunds (id bigint, reason text) INHERITS (orders);
CREATE TABLE labels (id int PRIMARY KEY, name text);
CREATE VIEW big AS SELECT o.id, o.total, u.email FROM orders o JOIN users u ON u.id = o.user_id WHERE o.total > 100;
CREATE FUNCTION orders_of(who bigint) RETURNS SETOF orders LANGUAGE sql AS 'SELECT * FROM orders WHERE user_id = who';
CREATE FUNCTION initial(u users) RETURNS text LANGUAGE sql AS 'SELECT left(u.email, 1)';
"""

QUERIES = """
SELECT email FROM users WHERE age > 3 ORDER BY id
SELECT * FROM users JOIN orders ON users.id = user_id
SELECT id, total FROM users JOIN orders USING (id) WHERE note IS NULL
SELECT j.email FROM (users u JOIN orders o ON o.user_id = u.id) AS j (a, email)
SELECT count(*), sum(total) FILTER (WHERE note ? 'x') OVER (PARTITION BY user_id ORDER BY id) FROM orders GROUP BY total, note, user_id, id
SELECT o.total AS email FROM orders o ORDER BY email
SELECT total AS t FROM orders GROUP BY t HAVING total > 1
SELECT (home).town, tags[1] FROM users
SELECT u.initial, initial(u) FROM users u
SELECT to_jsonb(u) FROM users u
SELECT b.email FROM big b WHERE b.total > 3
SELECT x.total FROM users, LATERAL orders_of(users.id) AS x
SELECT n FROM users, unnest(tags) WITH ORDINALITY AS t (n, i) WHERE i > 1
WITH RECURSIVE up (n) AS (SELECT id FROM orders UNION ALL SELECT user_id FROM orders, up WHERE id = n) SELECT n FROM up
WITH gone AS (DELETE FROM orders WHERE total = 0 RETURNING user_id) SELECT email FROM users JOIN gone ON user_id = id
SELECT email FROM users u WHERE EXISTS (SELECT FROM orders WHERE user_id = u.id AND total > u.age)
SELECT id FROM orders UNION SELECT id FROM users ORDER BY id
SELECT a.total FROM orders AS a (id, total, x) WHERE x = 1
SELECT CASE WHEN age > 1 THEN email ELSE (SELECT max(note::text) FROM orders) END FROM users
SELECT DISTINCT ON (user_id) total FROM orders ORDER BY user_id, id DESC
SELECT id FROM refunds WHERE reason = 'late' FOR UPDATE
INSERT INTO labels (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = labels.name || excluded.id
INSERT INTO orders SELECT id, id, age FROM users RETURNING note
UPDATE orders o SET total = u.age, (note, user_id) = (SELECT NULL::jsonb, u2.id FROM users u2 LIMIT 1) FROM users u WHERE u.id = o.user_id RETURNING o.id
DELETE FROM orders USING users u WHERE u.id = user_id AND u.email = 'x'
VALUES ((SELECT max(total) FROM orders))
TABLE users
SELECT r.* FROM users u, LATERAL (SELECT o.total, u.age FROM orders o) AS r
SELECT ROW(u.*)::text, (o).total FROM users u, orders o
SELECT u.ctid, tableoid FROM users u
"""  # noqa: E501  # one query per line


@pytest.mark.since(15)  # 14 notes nothing of the columns of a row that a function gives
def test_the_columns_of_a_query_are_those_that_the_server_notes(each_major, database) -> None:
    database.execute(SHOP)
    with database.connect() as session:
        resolver = Resolver(load_schema(session))
        for sql in QUERIES.strip().splitlines():
            noted = columns_used(session, sql)
            assert noted is not None, sql
            found = resolver.resolve(read_query(sql))
            assert not found.problems and not found.opaque, (sql, found.problems, found.opaque)
            used = [
                use
                for use in found.uses
                if use.kind is ObjectKind.COLUMN and use.object and use.through is None and use.object.name != "place"
            ]
            ours = {UsedColumn(use.object.schema, use.object.name, use.name) for use in used if use.note != WHOLE_ROW}
            rows = {UsedColumn(use.object.schema, use.object.name, use.name) for use in used if use.note == WHOLE_ROW}
            assert ours - noted == set(), sql
            assert noted - ours - rows == set(), sql
