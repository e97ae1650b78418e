"""What differs between two schemas by name, what any of them had, and which columns are gone."""

from __future__ import annotations

import pytest

from migrasafe.app.judge.changed import changed_names, columns_gone, ever
from migrasafe.schema.evolve import evolve
from migrasafe.schema.load import schema_from_script
from migrasafe.schema.model import ColumnRef, Moment, Ref, Schema
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source

SHOP = """
CREATE SCHEMA old;
CREATE TYPE state AS ENUM ('new');
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users, state state);
CREATE TABLE parts (id int) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (9);
CREATE TABLE old.notes (id int);
CREATE INDEX by_state ON orders (state);
CREATE SEQUENCE numbers;
CREATE VIEW recent AS SELECT id, state FROM orders;
CREATE FUNCTION fee() RETURNS int LANGUAGE sql AS 'SELECT 1';
"""


def made(schema: Schema, sql: str) -> Schema:
    for number, statement in enumerate(read_script(Source(path="", text=sql)).statements):
        schema = evolve(schema, statement, Moment(1, 0, number))
    return schema


def shop() -> Schema:
    return schema_from_script(read_script(Source(path="", text=SHOP)))


@pytest.mark.parametrize(
    ("first", "migration", "names"),
    [
        ("", "", set()),
        ("", "ALTER TABLE users ADD more int", {"users"}),
        ("", "ALTER TABLE orders ADD more int", {"orders", "users"}),
        ("", "CREATE TABLE carts (id int, order_id int REFERENCES orders)", {"carts", "orders"}),
        ("", "DROP INDEX by_state", {"by_state", "orders", "users"}),
        ("", "CREATE INDEX by_name ON users (name)", {"by_name", "users"}),
        ("", "ALTER INDEX by_state SET (fillfactor = 50)", {"by_state", "orders"}),
        ("", "DROP VIEW recent", {"recent"}),
        ("", "CREATE VIEW all_users AS SELECT * FROM users", {"all_users"}),
        ("", "DROP SEQUENCE numbers", {"numbers"}),
        ("", "ALTER TYPE state ADD VALUE 'paid'", {"state"}),
        ("", "CREATE TYPE mood AS ENUM ()", {"mood"}),
        ("", "CREATE DOMAIN price AS numeric", {"price"}),
        ("", "DROP FUNCTION fee", {"fee"}),
        ("", "CREATE FUNCTION tax() RETURNS int LANGUAGE sql AS 'SELECT 1'", {"tax"}),
        # what is published otherwise
        ("", "CREATE PUBLICATION p FOR TABLE users", {"users"}),
        ("", "CREATE PUBLICATION p FOR TABLE parts", {"parts", "parts_1"}),
        ("", "CREATE PUBLICATION p FOR TABLES IN SCHEMA old", {"notes"}),
        ("", "CREATE PUBLICATION p FOR ALL TABLES",
         {"users", "orders", "parts", "parts_1", "notes", "by_state", "numbers", "recent", "users_pkey", "orders_pkey"}),
        ("CREATE PUBLICATION p FOR TABLE users", "DROP PUBLICATION p", {"users"}),
        ("CREATE PUBLICATION p FOR TABLE users; CREATE PUBLICATION q FOR TABLE orders", "DROP PUBLICATION q", {"orders"}),
        ("CREATE PUBLICATION p FOR TABLE users; CREATE PUBLICATION q FOR TABLE orders", "DROP PUBLICATION p", {"users"}),
        ("CREATE PUBLICATION p FOR TABLE users", "ALTER PUBLICATION p ADD TABLE orders", {"users", "orders"}),
    ],
)  # fmt: skip
def test_these_names_are_not_what_they_were(first: str, migration: str, names: set[str]) -> None:
    before = made(shop(), first)
    assert changed_names(before, made(before, migration)) == names


PUBLIC = ("users", "orders")


@pytest.mark.parametrize(
    ("migration", "gone"),
    [
        ("", set()),
        ("ALTER TABLE users ADD more int", set()),
        ("ALTER TABLE users DROP name", {("users", "name")}),
        ("ALTER TABLE users RENAME name TO title", {("users", "name")}),
        ("DROP TABLE users CASCADE", set()),
        ("ALTER TABLE users RENAME TO people", set()),
        ("DROP VIEW recent; CREATE VIEW recent AS SELECT id FROM orders", {("recent", "state")}),
        ("DROP VIEW recent; ALTER TABLE orders DROP state, DROP user_id", {("orders", "state"), ("orders", "user_id")}),
        ("DROP VIEW recent; CREATE TABLE recent (id int)", {("recent", "state")}),
        ("DROP INDEX by_state; CREATE TABLE by_state (id int)", set()),
        ("ALTER TABLE old.notes RENAME id TO key", set()),
    ],
)
def test_these_columns_are_gone_from_what_stays(migration: str, gone: set[tuple[str, str]]) -> None:
    before = shop()
    found = columns_gone(before, made(before, migration))
    assert {(ref.name, column) for ref, column in found if ref.schema == "public"} == gone
    assert {ref.schema for ref, _ in found} == ({"old"} if "old.notes" in migration else {"public"} if gone else set())


def test_all_that_any_of_the_schemas_has_is_known() -> None:
    before = shop()
    after = made(before, "DROP FUNCTION fee; ALTER TABLE users DROP name, ADD email text; CREATE TABLE carts (id int);"
                 "DROP VIEW recent; DROP TYPE state CASCADE")  # fmt: skip
    both = ever([before, after])
    assert both.relations == {*before.relations, Ref("public", "carts")}
    assert both.functions == {Ref("public", "fee")}
    assert both.types == before.types.keys()
    of_users = {column for ref, column in both.columns if ref == Ref("public", "users")}
    assert of_users == {"id", "name", "email"}
    assert both.columns >= {ColumnRef(Ref("public", "recent"), "state"), ColumnRef(Ref("public", "carts"), "id")}
    assert {ref.name for ref, _ in both.columns} == {"users", "orders", "parts", "parts_1", "notes", "recent", "carts"}
