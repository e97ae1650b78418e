"""Which words of SQL say what may follow them: enough to tell a value, a name and a clause apart in unfinished SQL."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


EXPECT_OPERAND = _words(
    "SELECT DISTINCT ALL WHERE AND OR NOT IN LIKE ILIKE TO BETWEEN ON HAVING BY LIMIT OFFSET RETURNING SET VALUES WHEN THEN"
    " ELSE CASE FROM JOIN INTO UPDATE USING AS ONLY ANY SOME ARRAY INTERVAL UNION EXCEPT INTERSECT CALL ESCAPE COLLATE TABLE"
    " LISTEN UNLISTEN NOTIFY WITH DATE TIMESTAMP TIMESTAMPTZ TRUNCATE REFERENCES"
)
"""A value or a name follows, not an operator."""
NAMES_FOLLOW = _words("FROM JOIN INTO UPDATE ONLY TABLE TRUNCATE LISTEN UNLISTEN NOTIFY")
LITERALS_FOLLOW = _words("INTERVAL DATE TIMESTAMP TIMESTAMPTZ TIME")
"""Types that are written before a string: no parameter can stand there."""
CLAUSES = _words("SELECT FROM WHERE BY HAVING RETURNING SET VALUES LIMIT OFFSET")
MORE_THAN_A_VALUE = _words("SELECT DISTINCT ALL BY WHERE AND OR NOT ON HAVING RETURNING USING SET WITH AS")
"""What is put in after these can be a condition, a list or an expression."""
LISTS = _words("SELECT BY RETURNING SET FROM")
"""Clauses in which a comma separates more than values."""
