"""Placeholders of every driver become `$n`; operators that look like them stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrasafe.app.source.placed_text import whole
from migrasafe.app.source.placeholders import with_parameters


@pytest.mark.parametrize(
    ("driver", "written", "read"),
    [
        ("psycopg", "WHERE a = %s AND b = %s", "WHERE a = $1 AND b = $2"),
        ("psycopg named", "SELECT 1 WHERE a = %(x)s OR b = %(x)s", "SELECT 1 WHERE a = $1 OR b = $1"),
        ("asyncpg", "SELECT $1::int, $2", "SELECT $1::int, $2"),
        ("sqlalchemy", "SELECT :a::text, b::int WHERE c = :a", "SELECT $1::text, b::int WHERE c = $1"),
        ("jdbc", "SELECT ? + 1, data ? 'key', data ?? 'key'", "SELECT $1 + 1, data ? 'key', data ? 'key'"),
        ("sqlc", "SELECT sqlc.arg(id), sqlc.narg('x'), @id", "SELECT $1, $2, $1"),
        ("sqlc embed", "SELECT sqlc.embed(orders) FROM orders", "SELECT orders.* FROM orders"),
        ("pg-promise", "SELECT $(a), $<b>, $[c], $/d/, $(a)", "SELECT $1, $2, $3, $4, $1"),
        ("mybatis", "SELECT #{id,jdbcType=BIGINT}", "SELECT $1"),
        ("in a list", "SELECT 1 WHERE a IN %s AND b IN :ids", "SELECT 1 WHERE a IN ($1) AND b IN ($2)"),
        ("many rows", "INSERT INTO t (a, b, c) VALUES %s", "INSERT INTO t (a, b, c) VALUES ($1, $2, $3)"),
        ("modulo", "SELECT a %% 2, a % b", "SELECT a % 2, a % b"),
        ("slices", "SELECT a[1:2], a[1 : n]", "SELECT a[1:2], a[1 : n]"),
        ("absolute value", "SELECT @ -5, tags @> '{a}'", "SELECT @ -5, tags @> '{a}'"),
        ("in strings", "SELECT ':a', '%s', \"b:c\", $$ :x $$ -- :y", "SELECT ':a', '%s', \"b:c\", $$ :x $$ -- :y"),
    ],
)
def test_placeholders_of_a_driver(driver: str, written: str, read: str) -> None:
    assert with_parameters(whole(written)).text.text == read


@given(
    st.lists(st.sampled_from(["a", " ", "%s", ":x", "?", "$1", "'q'", ",", "(", ")", "{{x}}", "\n", "é"]), max_size=12)
)
def test_what_is_no_placeholder_keeps_its_place(parts: list[str]) -> None:
    written = "SELECT " + "".join(parts)
    read = with_parameters(whole(written)).text
    for offset, character in enumerate(read.text):
        if character in "aé'":
            assert written[read.place(offset)] == character
