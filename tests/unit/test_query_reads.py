"""Which relations a query goes through: in WITH, in sub-selects, in the sides of a UNION, through views."""

from __future__ import annotations

import pytest

from migrasafe.effects.model import WorkKind
from migrasafe.effects.predict import predict
from migrasafe.effects.session import Session
from migrasafe.effects.situation import Situation
from migrasafe.schema.load import schema_from_script
from migrasafe.schema.model import Moment
from migrasafe.sql.parse import parse_statement, read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target

SHOP = """
CREATE TABLE customers (id int PRIMARY KEY, name text);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int, total int);
CREATE SEQUENCE numbers;
CREATE VIEW totals AS SELECT customer_id, sum(total) AS total FROM orders GROUP BY 1;
CREATE VIEW named AS SELECT name, total FROM totals JOIN customers ON customers.id = customer_id;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM totals;
"""


def read_whole(query: str) -> set[str]:
    schema = schema_from_script(read_script(Source(path="", text=SHOP)))
    situation = Situation(schema=schema, session=Session(), target=Target(), moment=Moment(1, 1, 1))
    effects = predict(parse_statement(f"CREATE TABLE copy AS {query}"), situation)
    return {work.relation.name for work in effects.work if work.kind is WorkKind.BULK_READ}


@pytest.mark.parametrize(
    ("query", "relations"),
    [
        ("SELECT * FROM orders", {"orders"}),
        ("SELECT * FROM orders WHERE id = 3", set()),
        ("SELECT * FROM orders LIMIT 10", set()),
        ("SELECT * FROM orders ORDER BY total LIMIT 10", {"orders"}),
        ("SELECT id FROM orders UNION ALL SELECT id FROM customers WHERE id = 1", {"orders"}),
        ("SELECT id FROM customers WHERE id = 1 UNION SELECT 1 UNION SELECT id FROM orders", {"orders"}),
        ("WITH few AS (SELECT count(*) FROM orders) SELECT * FROM few", {"orders"}),
        ("WITH few AS (SELECT * FROM orders WHERE id = 1) SELECT * FROM few", set()),
        ("SELECT (SELECT max(total) FROM orders)", {"orders"}),
        ("SELECT coalesce(max(id), 0) + 1 FROM orders", set()),
        ("SELECT min(id), max(id) FROM orders", set()),
        ("SELECT max(id), count(*) FROM orders", {"orders"}),
        ("SELECT max(id), sum(total) FROM orders", {"orders"}),
        ("SELECT total, max(id) FROM orders GROUP BY total", {"orders"}),
        ("SELECT max(id) FROM other_systems_table", set()),
        ("SELECT EXISTS (SELECT FROM orders)", set()),
        ("SELECT * FROM (SELECT * FROM orders) AS inside", {"orders"}),
        ("SELECT * FROM orders JOIN customers ON customers.id = orders.customer_id", {"orders", "customers"}),
        ("SELECT * FROM named", {"named", "totals", "orders", "customers"}),
        ("SELECT * FROM kept", {"kept"}),
        ("SELECT last_value FROM numbers", set()),
        ("SELECT * FROM pg_class", set()),
    ],
)
def test_a_query_goes_through(query: str, relations: set[str]) -> None:
    assert read_whole(query) == relations
