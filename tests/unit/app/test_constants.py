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
        ("state > 5", "'x'", None),
        ("state = 0", "0", True),
        ("state <> 0", "0", False),
        ("state < 2", "2", False),
        ("state <= 2", "2", True),
        ("state > 2", "2", False),
        ("state >= 2", "1", False),
        ("state = 1.5", "1.50", True),
        ("state = 1_000.0", "1000", True),
        ("-state < 0", "1", True),
        ("-state < 0", "'a'", None),
        ("state", "false", False),
        ("state = true", "true", True),
        ("length(state) < 3", "NULL", True),
        ("char_length(state) = 2", "'ab'", True),
        ("length(state) = 2", "12", None),
        ("upper(state) = 'A'", "'A'", None),
        ("concat(state, 'b') = 'ab'", "'a'", None),
        ("other = 1", "1", None),
        ("state IS NOT NULL", "1", True),
        ("state NOT IN (1, 2)", "2", False),
        ("state NOT IN (1, 2)", "3", True),
        ("state NOT IN (1, NULL)", "3", True),
        ("state = ANY (ARRAY[]::int[])", "1", False),
        ("state = ANY ('{1,2}')", "1", None),
        ("state <> ANY (ARRAY[1])", "1", None),
        ("state = ALL (ARRAY[1])", "1", None),
        ("state BETWEEN 1 AND 10", "11", False),
        ("state BETWEEN 1 AND NULL", "0", False),
        ("state BETWEEN 1 AND NULL", "5", True),
        ("state LIKE 'a%'", "'b'", None),
        ("state > 0 OR state ~ 'x'", "1", True),
        ("state > 0 OR state ~ 'x'", "-1", None),
        ("state > 0 AND state ~ 'x'", "-1", False),
        ("state > 0 AND state ~ 'x'", "1", None),
        ("state > 0 AND NULL", "1", True),
        ("NOT (state > 0 AND NULL)", "1", True),
        ("NOT (state > 0)", "1", False),
        ("NOT (state ~ 'x')", "'y'", None),
        ("state AND true", "5", None),
        ("state::numeric > 1", "2", True),
        ("state::numeric(3) > 1", "2", None),
        ("state::int > 1", "2", None),
        ("state::text = 'ab'", "'ab'", True),
        ("state::varchar(1) = 'ab'", "'ab'", None),
        ("state::char = 'a'", "'a'", None),
        ("state::int > 1", "NULL", True),
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
        ("32767", TypeName(name="int2", schema="pg_catalog"), True),
        ("32768", TypeName(name="int2", schema="pg_catalog"), False),
        ("-32769", TypeName(name="int2"), False),
        ("2147483647", TypeName(name="int4"), True),
        ("2147483648", TypeName(name="int4"), False),
        ("9223372036854775808", TypeName(name="int8"), False),
        ("32767.4", TypeName(name="int2"), True),
        ("32767.6", TypeName(name="int2"), False),
        ("' 5 '", TypeName(name="int4"), True),
        ("'x'", TypeName(name="int4"), None),
        ("true", TypeName(name="int4"), None),
        ("'{}'", TypeName(name="int4", array=True), None),
        ("1e9", TypeName(name="numeric"), True),
        ("1000", TypeName(name="numeric", modifiers=("3",)), False),
        ("999.4", TypeName(name="numeric", modifiers=("3",)), True),
        ("-1000", TypeName(name="numeric", modifiers=("5", "2")), False),
        ("1", TypeName(name="float8"), None),
        ("1", TypeName(name="varchar", modifiers=("3",)), None),
        ("'abc'", TypeName(name="bpchar", modifiers=("2",)), False),
        ("'abc'", TypeName(name="varchar"), True),
        ("'1'", TypeName(name="text"), None),
    ],
)
def test_whether_a_constant_fits_into_a_type(value: str, wanted: TypeName, does: bool | None) -> None:
    assert fits(expression(value), wanted) is does
