"""A NOT NULL of a plan has the name that PostgreSQL gives it, unless that is the name of another column's."""

from __future__ import annotations

import pytest

from migrasafe.plan.objects.not_null_name import not_null_name
from migrasafe.schema.evolve import evolve
from migrasafe.schema.model import Moment, Ref, Schema
from migrasafe.sql.parse import parse_statement

LONG = "a_name_that_is_cut_off_where_a_constraint_is_named_"


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ("a int, b int NOT NULL", "orders_a_not_null"),
        (f"{LONG}x int", f"orders_{LONG[:47]}_not_null"),
        (f"{LONG}x int, {LONG}y int NOT NULL", f"orders_{LONG[:46]}_not_null1"),
        ("a int, b int, CONSTRAINT orders_a_not_null NOT NULL b", "orders_a_not_null1"),
        ("a int, CONSTRAINT orders_a_not_null NOT NULL a", "orders_a_not_null"),
    ],
)
def test_it_is_that_of_no_other_column(columns: str, name: str) -> None:
    schema = evolve(Schema(), parse_statement(f"CREATE TABLE orders ({columns})"), Moment(0, 0, 0))
    table = schema.table(Ref("public", "orders"))
    assert table is not None
    assert not_null_name(table, table.columns[0].name) == name
