"""What logical subscribers have to change by hand, and on which side of the migration."""

from __future__ import annotations

import pytest

from migrasafe.app.judge.subscribers import subscriber_changes
from migrasafe.schema.load import schema_from_script
from migrasafe.schema.model import Schema
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source

TABLES = """
CREATE TABLE orders (id int PRIMARY KEY, note text, total int NOT NULL, twice int GENERATED ALWAYS AS (total * 2) STORED);
CREATE TABLE users (id int PRIMARY KEY);
"""
OF_ORDERS = "CREATE PUBLICATION p FOR TABLE orders;"
ADD_NOTE = "add the column more text"


def schema(sql: str) -> Schema:
    return schema_from_script(read_script(Source(path="", text=sql)))


@pytest.mark.parametrize(
    ("publication", "migration", "changes"),
    [
        (OF_ORDERS, "ALTER TABLE orders ADD more text", [("first", ADD_NOTE)]),
        (OF_ORDERS, "ALTER TABLE orders ADD more int GENERATED ALWAYS AS (total + 1) STORED", []),
        (OF_ORDERS, "ALTER TABLE orders ALTER note TYPE varchar(9)", [("first", "give the column note the type varchar(9)")]),
        (OF_ORDERS, "ALTER TABLE orders DROP note", [("then", "drop the column note, which gets no values any more")]),
        (OF_ORDERS, "ALTER TABLE orders DROP total CASCADE", [("first", "let the column total be NULL"),
         ("then", "drop the column total, which gets no values any more")]),
        (OF_ORDERS, "ALTER TABLE orders DROP twice", []),
        (OF_ORDERS, "ALTER TABLE orders RENAME TO \"Sales\"", [("first", 'give the table the name "Sales"')]),
        (OF_ORDERS, "ALTER TABLE users ADD more text", []),
        (OF_ORDERS, "CREATE TABLE more (id int)", []),
        (OF_ORDERS, "ALTER TABLE orders ADD CHECK (id > 0)", []),
        ("CREATE PUBLICATION p FOR TABLE orders (id, note);", "ALTER TABLE orders ADD more text", []),
        ("CREATE PUBLICATION p FOR TABLE orders (id, note);", "ALTER TABLE orders DROP total CASCADE", []),
        ("CREATE PUBLICATION p FOR TABLE orders (id, note);", "ALTER TABLE orders ALTER note TYPE varchar(9)",
         [("first", "give the column note the type varchar(9)")]),
        ("CREATE PUBLICATION p FOR ALL TABLES;", "ALTER TABLE orders ADD more text", [("first", ADD_NOTE)]),
        ("CREATE PUBLICATION p FOR ALL TABLES;", "CREATE TABLE more (id int)", []),
        ("CREATE PUBLICATION p FOR TABLES IN SCHEMA public;", "ALTER TABLE orders ADD more text", [("first", ADD_NOTE)]),
        ("CREATE PUBLICATION p FOR TABLES IN SCHEMA public;", "CREATE TABLE more (id int)", []),
        ("", "CREATE PUBLICATION p FOR TABLE orders; ALTER TABLE orders ADD more text", []),
    ],
)  # fmt: skip
def test_a_published_table_is_changed_on_its_subscribers(
    publication: str, migration: str, changes: list[tuple[str, str]]
) -> None:
    found = list(subscriber_changes(schema(TABLES + publication), schema(TABLES + publication + migration)))
    assert [("first" if one.first else "then", one.do) for one in found] == changes
    assert {one.publication for one in found} <= {"p"}
