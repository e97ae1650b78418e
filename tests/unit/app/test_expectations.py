"""What typed readers take for granted about the rows that they read, and which migrations end it."""

from __future__ import annotations

from typing import Any

import pytest

from migrasafe.app.model import Expectation, Query
from migrasafe.app.usage import SourceLocation
from migrasafe.app.verdict import Weight
from migrasafe.schema.model import Ref
from tests.unit.app.small_releases import SHOP, app, judge

MODEL = SourceLocation("models.py", 7)
SCHEMA = f"{SHOP} CREATE TYPE mood AS ENUM ('sad', 'ok'); ALTER TABLE users ADD feeling mood; CREATE SCHEMA shop;"
NULLABLE = "ALTER TABLE orders ALTER total DROP NOT NULL"
NULL = "orders.total can be NULL now, which its reader does not expect"
LABEL = "ALTER TYPE mood ADD VALUE 'glad'"
OTHER = "ALTER TABLE orders ALTER note TYPE varchar(9)"


def reader(table: str, column: str, **expected: Any) -> Query:
    expects = (Expectation(table=table, column=column, location=MODEL, **expected),)
    return Query(sql=f"SELECT {column} FROM {table}", location=SourceLocation("app.py", 1), expects=expects)


@pytest.mark.parametrize(
    ("migration", "old", "found"),
    [
        (NULLABLE, reader("orders", "total", not_null=True), [(NULL, Weight.MAY_FAIL, Ref("public", "orders"), "total")]),
        (NULLABLE, reader("orders", "total", not_null=True, null_fails=False),
         [(NULL, Weight.RISK, Ref("public", "orders"), "total")]),
        (NULLABLE, reader("orders", "total", not_null=True, schema="shop"), []),
        (NULLABLE, reader("orders", "total"), []),
        (NULLABLE, reader("orders", "note", not_null=True), []),
        ("ALTER TABLE orders ALTER total DROP DEFAULT", reader("orders", "total", not_null=True), []),
        (LABEL, reader("users", "feeling", labels=("sad", "ok")),
         [('users.feeling can be "glad" now, which its reader does not know', Weight.MAY_FAIL, Ref("public", "mood"), "glad")]),
        (LABEL, reader("users", "feeling", labels=("sad", "glad")), []),
        (LABEL, reader("users", "feeling"), []),
        (LABEL, reader("users", "email", labels=("a",)), []),
        (OTHER, reader("orders", "note", type="text"),
         [("orders.note is varchar(9) now; its reader expects text", Weight.MAY_FAIL, Ref("public", "orders"), "note")]),
        (OTHER, reader("orders", "note"), []),
        (OTHER, reader("orders", "total", type="numeric"), []),
    ],
)  # fmt: skip
def test_a_reader_meets_what_it_does_not_expect(
    migration: str, old: Query, found: list[tuple[str, Weight, Ref, str]]
) -> None:
    (one,) = judge(migration, app(old), app("SELECT 1 FROM users"), SCHEMA).migrations
    said = [breakage for breakage in one.breakages if breakage.location == MODEL]
    assert [(breakage.message, breakage.weight, breakage.object, breakage.name) for breakage in said] == found


@pytest.mark.parametrize(
    ("migration", "weight", "message"),
    [
        ("ALTER TABLE orders ALTER legacy DROP DEFAULT", Weight.RISK,
         'column "legacy" has no default any more: new rows get NULL there'),
        ("ALTER TABLE orders ALTER legacy SET DEFAULT 'y'", None, ""),
        ("ALTER TABLE orders ALTER note DROP DEFAULT", None, ""),
    ],
)  # fmt: skip
def test_a_row_that_the_schema_fills_no_longer_is_a_risk(migration: str, weight: Weight | None, message: str) -> None:
    (one,) = judge(
        migration, app("INSERT INTO orders (id, total) VALUES (1, 2)"), app("SELECT 1 FROM users")
    ).migrations
    found = [(breakage.weight, breakage.message, breakage.object, breakage.name) for breakage in one.breakages]
    assert found == ([(weight, message, Ref("public", "orders"), "legacy")] if weight else [])
