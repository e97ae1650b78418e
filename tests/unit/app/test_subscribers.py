"""What logical subscribers have to change by hand, and on which side of the migration."""

from __future__ import annotations

import pytest

from migrasafe.app.judge.subscribers import subscriber_changes, with_subscribers
from migrasafe.app.verdict import Deploy, MigrationVerdict, ReleaseStep, Side, StepKind, SubscriberChange, Verdict
from migrasafe.schema.load import schema_from_script
from migrasafe.schema.model import Ref, Schema
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


MESSAGES = {
    "ALTER TABLE orders ADD more text": 'logical replication target relation "public.orders" is missing replicated column: "more"',
    "ALTER TABLE orders ALTER note TYPE varchar(9)":
        'column "note" is sent as varchar(9) and read as the type that it has there',
    "ALTER TABLE orders RENAME TO sales": 'logical replication target relation "public.sales" does not exist',
    "ALTER TABLE orders DROP note": "",
    "ALTER TABLE orders DROP total CASCADE; ALTER TABLE orders ADD total int":
        'null value in column "total" of relation "orders" violates not-null constraint',
}  # fmt: skip


@pytest.mark.parametrize("migration", MESSAGES)
def test_what_a_subscriber_would_say_is_told(migration: str) -> None:
    before = TABLES + OF_ORDERS
    first, *_ = subscriber_changes(schema(before), schema(before + migration.partition("; ")[0]))
    assert first.message == MESSAGES[migration]
    assert (first.publication, first.table.schema) == ("p", "public")


@pytest.mark.parametrize(
    ("before", "migration", "changes"),
    [
        ("CREATE PUBLICATION p FOR ALL TABLES; CREATE SCHEMA shop;", "ALTER TABLE orders RENAME TO sales", []),
        ("CREATE SCHEMA shop; CREATE PUBLICATION p FOR TABLES IN SCHEMA shop;", "ALTER TABLE orders SET SCHEMA shop", []),
        (f"{OF_ORDERS} CREATE PUBLICATION q FOR TABLE users, orders;", "ALTER TABLE orders ADD more text; ALTER TABLE users ADD "
         "more text", ["p: public.orders", "q: public.orders", "q: public.users"]),
        (f"{OF_ORDERS}", "CREATE PUBLICATION q FOR TABLE orders; ALTER TABLE orders ADD more text", ["p: public.orders"]),
        (f"{OF_ORDERS}", "DROP TABLE orders", []),
        (f"{OF_ORDERS}", "ALTER TABLE users ADD more text; ALTER TABLE orders ADD more text", ["p: public.orders"]),
    ],
)  # fmt: skip
def test_each_publication_and_table_is_told_of(before: str, migration: str, changes: list[str]) -> None:
    found = subscriber_changes(schema(TABLES + before), schema(TABLES + before + migration))
    assert [f"{one.publication}: {one.table}" for one in found] == changes


# --- the steps of a release ------------------------------------------------------------------------------------------


def change(do: str, *, first: bool, publication: str = "p", table: str = "orders") -> SubscriberChange:
    return SubscriberChange(publication=publication, table=Ref("public", table), first=first, message="", do=do)


def verdict(id_: str, *changes: SubscriberChange) -> MigrationVerdict:
    side = Side(before=Verdict.WORKS, after=Verdict.WORKS)
    return MigrationVerdict(path="", id=id_, deploy=Deploy.EITHER, why="", old=side, new=side, subscribers=changes)


MIGRATE = ReleaseStep(kind=StepKind.MIGRATE, text="Migrate.", migrations=("1", "2"))
DEPLOY = ReleaseStep(kind=StepKind.DEPLOY, text="Deploy.")
AGAIN = ReleaseStep(kind=StepKind.WAIT, text="Wait.", migrations=("1",))


@pytest.mark.parametrize(
    ("migrations", "steps", "texts"),
    [
        ([verdict("1"), verdict("2")], [MIGRATE, DEPLOY], ["Migrate.", "Deploy."]),
        ([verdict("1", change("add a", first=True)), verdict("2")], [MIGRATE, DEPLOY],
         ["On every subscriber of p, before 1: public.orders: add a.", "Migrate.", "Deploy."]),
        ([verdict("1", change("drop a", first=False)), verdict("2")], [MIGRATE, DEPLOY],
         ["Migrate.", "On every subscriber of p, after 1: public.orders: drop a.", "Deploy."]),
        ([verdict("1", change("add a", first=True), change("drop b", first=False), change("drop c", first=False)),
          verdict("2", change("add d", first=True, table="users"))], [DEPLOY, MIGRATE],
         ["Deploy.", "On every subscriber of p, before 1: public.orders: add a.",
          "On every subscriber of p, before 2: public.users: add d.", "Migrate.",
          "On every subscriber of p, after 1: public.orders: drop b; public.orders: drop c."]),
        ([verdict("1", change("add a", first=True), change("add a", first=True, publication="q"))], [MIGRATE, AGAIN],
         ["On every subscriber of p, q, before 1: public.orders: add a.", "Migrate.", "Wait."]),
    ],
)  # fmt: skip
def test_subscribers_have_steps_of_their_own_around_the_first_that_needs_them(
    migrations: list[MigrationVerdict], steps: list[ReleaseStep], texts: list[str]
) -> None:
    found = with_subscribers(migrations, steps)
    assert [step.text for step in found] == texts
    of_subscribers = [step for step in found if step not in steps]
    assert {step.kind for step in of_subscribers} <= {StepKind.SUBSCRIBER}
    assert [step.migrations for step in of_subscribers] == [
        ("1",) if " 1: " in step.text else ("2",) for step in of_subscribers
    ]
