"""Which columns a query's own condition keeps from being NULL, without asking a server."""

from __future__ import annotations

import pytest

from migrasafe.app.judge.filtered import filtered_columns
from migrasafe.app.resolve import read_query


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        *((f"SELECT a FROM t WHERE a {operator} 1", {"a"}) for operator in ("=", "<>", "!=", "<", ">", "<=", ">=")),
        *(
            (f"SELECT a FROM t WHERE a {operator} 'x'", {"a"})
            for operator in ("LIKE", "ILIKE", "@>", "<@", "&&", "~~*")
        ),
        ("SELECT a FROM t WHERE a NOT LIKE 'x'", set()),
        ("SELECT a FROM t WHERE a ~ 'x'", set()),
        ("SELECT a FROM t WHERE 1 = a", {"a"}),
        ("SELECT a FROM t WHERE a = b", {"a", "b"}),
        ("SELECT a FROM t WHERE t.a = $1", {"a"}),
        ("SELECT a FROM t WHERE a IN (1, b)", {"a"}),
        ("SELECT a FROM t WHERE a = ANY (b)", {"a"}),
        ("SELECT a FROM t WHERE a = ANY ($1)", {"a"}),
        ("SELECT a FROM t WHERE a = ALL ($1)", set()),
        ("SELECT a FROM t WHERE a BETWEEN b AND 2", {"a"}),
        ("SELECT a FROM t WHERE a IS NOT NULL", {"a"}),
        ("SELECT a FROM t WHERE a IS NULL", set()),
        ("SELECT a FROM t WHERE a IS DISTINCT FROM 1", set()),
        ("SELECT a FROM t WHERE lower(a) = 'x'", set()),
        ("SELECT a FROM t WHERE a + 1", set()),
        ("SELECT a FROM t WHERE a = 1 AND b = 2 AND (c IS NOT NULL AND d > 3)", {"a", "b", "c", "d"}),
        ("SELECT a FROM t WHERE a = 1 OR b = 2", set()),
        ("SELECT a FROM t WHERE NOT a = 1", set()),
        ("SELECT a FROM t WHERE NOT a = 1 AND b = 2", {"b"}),
        ("SELECT a FROM t WHERE a", set()),
        ("SELECT a FROM t", set()),
        # several relations
        ("SELECT a FROM t, u WHERE a = 1", set()),
        ("SELECT a FROM t JOIN u ON true WHERE a = 1", set()),
        ("SELECT a FROM (SELECT 1) u, t WHERE a = 1", set()),
        ("SELECT a FROM generate_series(1, 2) a, t WHERE a = 1", set()),
        ("SELECT 1 WHERE a = 1", set()),
        # other statements
        ("UPDATE t SET b = 2 WHERE a = 1 RETURNING a", {"a"}),
        ("UPDATE t SET a = 2, c = 3 WHERE a = 1 AND b = 2 RETURNING a", {"b"}),
        ("UPDATE t SET a = 2 FROM u WHERE b = 1 RETURNING a", set()),
        ("DELETE FROM t WHERE a = 1 RETURNING a", {"a"}),
        ("INSERT INTO t VALUES (1) RETURNING a", set()),
        ("SELECT a FROM t WHERE a = 1; SELECT 1", set()),
    ],
)
def test_a_condition_keeps_null_from_these(query: str, columns: set[str]) -> None:
    assert filtered_columns(read_query(query).statements) == columns
