"""What expressions prove, and when two of them say the same."""

from __future__ import annotations

import pytest

from migrasafe.sql.expressions import matches_all_rows, proves_not_null, same_expression
from migrasafe.sql.libpg_query import parse
from migrasafe.sql.statements import Expression

PROOFS = {
    "a IS NOT NULL": True,
    "a IS NOT NULL AND a >= 0": True,
    "NOT (a IS NULL)": True,
    "NOT (a IS NULL OR b IS NULL)": True,
    "NOT (NOT (a IS NOT NULL) OR b > 3)": True,
    "(a IS NOT NULL AND b > 0) OR (a IS NOT NULL AND b < 0)": True,
    "a IS DISTINCT FROM NULL": True,
    "NULL IS DISTINCT FROM a": True,
    "NOT (a IS NOT DISTINCT FROM NULL)": True,
    "a >= 0": False,
    "a IS NULL": False,
    "b IS NOT NULL": False,
    "a IS NOT NULL OR b IS NOT NULL": False,
    "NOT (a IS NULL AND b IS NULL)": False,
    "a IS NOT DISTINCT FROM NULL": False,
}


def expression(sql: str) -> Expression:
    return Expression(node=parse(f"SELECT {sql}")[0]["stmt"]["SelectStmt"]["targetList"][0]["ResTarget"]["val"])


@pytest.mark.parametrize(("check", "proven"), PROOFS.items())
def test_a_check_proves_not_null_where_postgresql_says_so(check: str, proven: bool) -> None:
    assert proves_not_null(expression(check), "a") is proven


def test_expressions_are_the_same_wherever_they_stand() -> None:
    assert same_expression(expression("lower(a) = 'x'"), expression("  ( lower( a ) ='x')"))
    assert not same_expression(expression("a + 1"), expression("a + 2"))


def test_long_chains_of_operators_are_compared() -> None:
    chain = " + ".join(["a"] * 1_900)
    assert same_expression(expression(chain), expression(chain))
    assert not same_expression(expression(chain), expression(chain + " + 1"))


@pytest.mark.parametrize(("where", "everything"), [("true", True), ("1 = 1", True), ("1 = 2", False), ("a = 1", False)])
def test_conditions_that_keep_every_row_are_known(where: str, everything: bool) -> None:
    assert matches_all_rows(expression(where)) is everything
