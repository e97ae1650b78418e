"""A text parsed at one go gives what cutting it first would give."""

from __future__ import annotations

import pytest

from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.sql.split import split
from migrasafe.sql.whole_text import parse_whole

TEXTS = (
    "",
    " ;; ",
    "SELECT 1",
    "  SELECT 1 ; ;\n\n(SELECT 2); VALUES (3)\n",
    "-- a\n  CREATE TABLE t (a int);\n--b\r\n-- c\nDROP TABLE t; -- tail\n--",
    "BEGIN;\nALTER TABLE t ADD COLUMN a text DEFAULT 'x;y';\nCOMMIT;\n",
    "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END; SELECT 3",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; SELECT 2 $$; SELECT 3",
    "COPY t FROM stdin;\nSELECT 1;",
    "SELECT \"a;b\"; SELECT 'it''s; so';",
)


@pytest.mark.parametrize("text", TEXTS)
def test_statements_and_comments_stand_where_cutting_finds_them(text: str) -> None:
    whole = parse_whole(text)
    assert whole is not None
    statements, comments = whole
    chunks, cut_comments = split(text)
    assert [span for _, span in statements] == [chunk.span for chunk in chunks]
    assert comments == cut_comments


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1; SELEC 2; SELECT 3",
        "\\set a 1\nSELECT 1;",
        "SELECT 1 -- one\n;",
        "/* SELECT 1; */ SELECT 2;",
        "SELECT '--';",
        "SELECT 'é';",
        "SELECT 1;" * 1_000,
    ],
)
def test_what_takes_care_is_cut_first(text: str) -> None:
    assert parse_whole(text) is None


def test_one_bad_statement_does_not_hide_the_others_of_a_short_text() -> None:
    script = read_script(Source(path="", text="CREATE TABLE a (id int);\nALTER TABEL b;\nDROP TABLE c;\n"))
    assert [type(one).__name__ for one in script.statements] == ["CreateTable", "Unrecognized", "Drop"]
