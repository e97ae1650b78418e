"""Which values that a query writes can be NULL, without asking a server."""

from __future__ import annotations

import pytest

from migrasafe.app.judge.nullness import can_be_null
from tests.unit.app.test_constants import expression


@pytest.mark.parametrize(
    "value",
    [
        "1", "'a'", "$1", "id", "o.id", "-1", "id + 1", "id::text", "'x' COLLATE \"C\"", "id = 1 AND NOT id > $1",
        "lower('A')", "now()", "current_user", "ROW(note)", "ARRAY[note]", "ARRAY(SELECT note FROM orders)",
        "EXISTS (SELECT 1)", "note IS NULL", "flag IS TRUE", "note IS DISTINCT FROM 1", "note IS NOT DISTINCT FROM 1",
        "concat(note)", "count(note)", "json_build_object('a', note)", "json_build_array(note)",
        "jsonb_build_object('a', note)", "jsonb_build_array(note)", "coalesce(note, 'x')", "coalesce($2, id)",
        "greatest(note, 1)", "CASE WHEN note = 1 THEN 1 ELSE 2 END", "id IN (1, 2)",
    ],
)  # fmt: skip
def test_these_are_never_null(value: str) -> None:
    assert not can_be_null(expression(value), {1}, {"id"})


@pytest.mark.parametrize(
    "value",
    [
        "NULL", "NULL::int", "$2", "note", "o.note", "o.*", "note + 1", "1 + note", "note::text", "note COLLATE \"C\"",
        "NOT note", "id = 1 OR note", "lower(note)", "id IN (1, NULL)", "nullif(id, 1)", "id -> 'a'", "id ->> 'a'",
        "id #> '{a}'", "id #>> '{a}'", "(SELECT 1)", "coalesce(note, $2)", "least(note, NULL)",
        "CASE WHEN id = 1 THEN 1 END", "CASE WHEN id = 1 THEN NULL ELSE 2 END", "CASE WHEN id = 1 THEN 1 ELSE note END",
        "(ROW(1)).f1", "id = ANY (SELECT 1)",
    ],
)  # fmt: skip
def test_these_can_be_null(value: str) -> None:
    assert can_be_null(expression(value), {1}, {"id"})
