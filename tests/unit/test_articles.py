"""Which article stands before a word."""

from __future__ import annotations

import pytest

from migrasafe.articles import with_article

AN = (
    "integer",
    "ACCESS EXCLUSIVE",
    "EXCLUDE",
    "interval",
    "oid",
    "inet",
    "xml",
    "index",
    "unlogged table",
    '"Order"',
    "array",
)
A = (
    "bigint",
    "uuid",
    "UNIQUE",
    "user",
    "view",
    "materialized view",
    "one-off",
    "text",
    "SHARE",
    "ROW EXCLUSIVE",
    "PRIMARY KEY",
)


@pytest.mark.parametrize("word", AN)
def test_an_before_what_is_spoken_with_a_vowel(word: str) -> None:
    assert with_article(word) == f"an {word}"


@pytest.mark.parametrize("word", A)
def test_a_before_all_others(word: str) -> None:
    assert with_article(word) == f"a {word}"
