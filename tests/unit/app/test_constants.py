"""Whether constants that a query writes fit into types and meet CHECKs, without asking a server."""

from __future__ import annotations

import pytest

from migrasafe.app.judge.constants import fits, meets
from migrasafe.app.resolve import read_query
from migrasafe.sql.statements import Expression, Node, TypeName


def expression(sql: str) -> Node:
    (tree,) = read_query(f"SELECT {sql}").statements
    node: Node = tree["SelectStmt"]["targetList"][0]["ResTarget"]["val"]
    return node


@pytest.mark.parametrize(
    ("check", "value", "passes"),
    [
        ("state IN ('new', 'paid')", "'paid'", True),
        ("state IN ('new', 'paid')", "'sent'", False),
        ("state = ANY (ARRAY['new'::text, 'paid'::text])", "'sent'", False),
        ("(state)::text = ANY ((ARRAY['new'::character varying])::text[])", "'new'", True),
        ("state IN ('new', 'paid')", "NULL", True),
        ("state IN ('new', NULL)", "'paid'", True),
        ("state <> '' AND state IS NOT NULL", "NULL", False),
        ("state IS NULL OR length(state) <= 3", "'four'", False),
        ("state > 0 AND state <= 10", "-1", False),
        ("state BETWEEN 1 AND 10", "10", True),
        ("NOT state", "true", False),
        ("state > 'a'", "'b'", None),
        ("state ~ '^a'", "'b'", None),
        ("state IN ('new', 'paid')", "$1", None),
        ("state > '5'", "6", True),
    ],
)
def test_a_check_is_decided_where_it_needs_no_server(check: str, value: str, passes: bool | None) -> None:
    assert meets(Expression(node=expression(check)), "state", expression(value)) is passes


@pytest.mark.parametrize(
    ("value", "wanted", "does"),
    [
        ("'abc'", TypeName(name="varchar", modifiers=("3",)), True),
        ("'abc   '", TypeName(name="varchar", modifiers=("3",)), True),
        ("'abcd'", TypeName(name="varchar", modifiers=("3",)), False),
        ("32768", TypeName(name="int2"), False),
        ("-32768", TypeName(name="int2"), True),
        ("999.99", TypeName(name="numeric", modifiers=("5", "2")), True),
        ("999.999", TypeName(name="numeric", modifiers=("5", "2")), False),
        ("NULL", TypeName(name="uuid"), True),
        ("lower('A')", TypeName(name="varchar", modifiers=("3",)), None),
        ("'x'", TypeName(name="state", schema="public"), None),
    ],
)
def test_whether_a_constant_fits_into_a_type(value: str, wanted: TypeName, does: bool | None) -> None:
    assert fits(expression(value), wanted) is does
