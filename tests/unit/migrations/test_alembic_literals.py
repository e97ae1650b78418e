"""Bound parameters become the literals that a driver would send, and queries of empty tables have answers."""

from __future__ import annotations

import datetime
import ipaddress
import uuid
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from migrasafe.migrations.alembic.runner.catalog import Catalog
from migrasafe.migrations.alembic.runner.empty_database import answer
from migrasafe.migrations.alembic.runner.literals import NoLiteralError, inline, literal
from migrasafe.migrations.alembic.runner.recorder import Recorder


class Size(Enum):
    SMALL = "s"


def answered(sql: str, *before: str) -> tuple[tuple[str, ...] | None, tuple[tuple[Any, ...], ...]]:
    recorder = Recorder(lambda message: None)
    recorder.earlier.extend(before)
    given = answer(sql, None, Catalog(recorder))
    return given.columns, given.rows


@pytest.mark.parametrize(
    ("value", "sql"),
    [
        (None, "NULL"),
        (True, "true"),
        (7, "7"),
        (-1.5, "-1.5"),
        (float("nan"), "'nan'::float8"),
        (Decimal("4.90"), "4.90"),
        (Decimal("Infinity"), "'Infinity'::numeric"),
        ("Owl's", "'Owl''s'"),
        (r"a\b", r"E'a\\b'"),
        (b"\x00\xff", r"'\x00ff'::bytea"),
        (datetime.date(2024, 2, 29), "'2024-02-29'::date"),
        (datetime.datetime(2024, 2, 29, 12), "'2024-02-29 12:00:00'::timestamp"),
        (datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.UTC), "'2024-02-29 12:00:00+00:00'::timestamptz"),
        (datetime.timedelta(days=-1, seconds=3), "'-1 days 3.000000 seconds'::interval"),
        (uuid.UUID(int=1), "'00000000-0000-0000-0000-000000000001'::uuid"),
        (["eu", None], "ARRAY['eu', NULL]"),
        ([], "'{}'"),
        ((1, 2), "(1, 2)"),
        (Size.SMALL, "'s'"),
        (ipaddress.ip_address("::1"), "'::1'::inet"),
    ],
)
def test_a_value_is_written_as_a_literal(value: object, sql: str) -> None:
    assert literal(value) == sql


def test_a_value_that_no_driver_sends_is_refused() -> None:
    with pytest.raises(NoLiteralError, match="a parameter is of type dict"):
        literal({"a": 1})
    with pytest.raises(NoLiteralError, match="NUL"):
        literal("a\0b")


def test_percent_signs_are_those_of_the_statement() -> None:
    assert inline("SELECT %(a)s WHERE b LIKE '50%%'", {"a": "100%"}) == "SELECT '100%' WHERE b LIKE '50%'"
    assert inline("SELECT 5 %% 2", {}) == "SELECT 5 % 2"
    assert inline("SELECT %s, %s", (1, "b")) == "SELECT 1, 'b'"


@pytest.mark.parametrize(
    ("sql", "columns", "rows"),
    [
        ("SELECT id, lower(email) FROM orders", ("id", "lower"), ()),
        ("SELECT count(*) AS n FROM orders", ("n",), ((0,),)),
        ("SELECT count(id) > 0 FROM orders", ("?column?",), ((False,),)),
        ("SELECT max(id) FROM orders", ("max",), ((None,),)),
        ("SELECT coalesce(max(id), 0) FROM orders", ("coalesce",), ((0,),)),
        ("SELECT count(*) FROM orders GROUP BY state", ("count",), ()),
        ("SELECT EXISTS (SELECT 1 FROM orders)", ("exists",), ((False,),)),
        ("SELECT NOT EXISTS (SELECT 1 FROM orders)", ("?column?",), ((True,),)),
        ("SELECT 1", ("?column?",), ((1,),)),
        ("-- how many\nSELECT count(*) FROM orders", ("count",), ((0,),)),
        ("WITH old AS (SELECT 1 FROM orders) SELECT count(*) FROM old", ("count",), ((0,),)),
        ("SHOW server_version_num", ("server_version_num",), (("150000",),)),
        ("UPDATE orders SET total = 0", None, ()),
        ("UPDATE orders SET total = 0 RETURNING id", ("?column?",), ()),
        ("CREATE TABLE orders (id int)", None, ()),
    ],
)
def test_empty_tables_answer(sql: str, columns: tuple[str, ...] | None, rows: tuple[tuple[Any, ...], ...]) -> None:
    assert answered(sql) == (columns, rows)


def test_what_was_made_is_a_regclass() -> None:
    assert answered("SELECT to_regclass('public.orders')", "CREATE TABLE orders (id int)")[1] == (("public.orders",),)
    assert answered("SELECT to_regclass('public.orders')")[1] == ((None,),)
