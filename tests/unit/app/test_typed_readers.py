"""What typed readers take never to be NULL: what was NOT NULL when they were built, and what conditions keep out."""

from __future__ import annotations

import pytest

from migrasafe.app.judge.filtered import filtered_columns
from migrasafe.app.query_files.sqlx import scan_sqlx
from migrasafe.app.resolve import read_query
from migrasafe.app.source.file_scan import SourceText


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("SELECT note FROM orders WHERE note IS NOT NULL AND total > 3", {"note", "total"}),
        ("SELECT note FROM orders WHERE 3 < total OR note = 'x'", set()),
        ("SELECT note FROM orders WHERE note IN ('a') AND code LIKE 'x%' AND id = ANY($1)", {"note", "code", "id"}),
        ("SELECT note FROM orders WHERE note IS DISTINCT FROM 'x' AND NOT total > 3", set()),
        ("SELECT note FROM orders JOIN users USING (id) WHERE note = 'x'", set()),
        ("UPDATE orders SET note = NULL WHERE note = 'x' AND total = 1 RETURNING note", {"total"}),
        ("DELETE FROM orders WHERE note = $1 RETURNING note", {"note"}),
        ("SELECT note FROM orders", set()),
        ("SELECT 1; SELECT note FROM orders WHERE note = 'x'", set()),
    ],
)
def test_a_condition_keeps_null_out(sql: str, columns: set[str]) -> None:
    assert filtered_columns(read_query(sql).statements) == columns


def test_sqlx_says_itself_which_columns_may_be_null() -> None:
    text = """{"query": "SELECT id, note AS \\"note?\\", total AS \\"total!: Money\\", a, b FROM orders",
        "describe": {"columns": [{"name": "id"}, {"name": "note?"}, {"name": "total!: Money"}, {"name": "a"}, {"name": "b"}],
        "nullable": [false, false, true, true, null]}}"""
    (query,) = scan_sqlx(SourceText(path="query-1.json", text=text)).queries
    assert query.may_be_null == {"note?", "a", "b"}
