"""How a plan's migrations are numbered, and how their SQL is spelled in Python."""

from __future__ import annotations

import ast
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from migrasafe.errors import InputError
from migrasafe.plan.output.model import Place
from migrasafe.plan.output.python_text import literal, text_literal
from migrasafe.plan.output.versions import next_versions

NOW = datetime(2026, 3, 4, 5, 6, 59, tzinfo=UTC)
ODD = [
    "SELECT 1",
    "SELECT ':a', 'x:y', 1::int, ' :b ', a[1:2], $$:c$$, 'd:', '::e'",
    "SELECT E'\\n', '\\:f', '\\\\:g', '\\'",
    'SELECT "a", \'"""\', "b"',
    "SELECT '%', '%s', '%(x)s'\n, 'tab\there', '\u2028 ä'",
]


@pytest.mark.parametrize(
    ("last", "versions"),
    [
        (None, ["20260304050659", "20260304050700"]),
        ("20260101000000", ["20260304050659", "20260304050700"]),
        ("20270101000059", ["20270101000100", "20270101000101"]),
        ("000041", ["000042", "000043"]),
        ("999", ["1000", "1001"]),
        ("2.3", ["3", "4"]),
        ("1700000000", ["1700000001", "1700000002"]),
    ],
)
def test_the_next_versions_are_like_the_last(last: str | None, versions: list[str]) -> None:
    assert next_versions(Place(plan="r1", title="x", now=NOW, last=last), 2) == versions


def test_what_follows_a_word_is_not_known() -> None:
    with pytest.raises(InputError, match="the last migration is 'init', and what follows that is not known"):
        next_versions(Place(plan="r1", title="x", now=NOW, last="init"), 1)


@pytest.mark.parametrize("sql", ODD)
def test_python_reads_the_sql_that_was_meant(sql: str) -> None:
    assert ast.literal_eval(literal(sql)).strip() == sql


@pytest.mark.parametrize("sql", ODD)
def test_sqlalchemy_sends_the_sql_that_was_meant(sql: str) -> None:
    compiled = text(ast.literal_eval(text_literal(sql))).compile(dialect=PGDialect_psycopg())
    assert not compiled.params
    assert str(compiled).replace("%%", "%").strip() == sql
