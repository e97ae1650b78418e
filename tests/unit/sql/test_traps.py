"""Input that parsers trip over: nothing is skipped, nothing kills the interpreter, every offset is a character's."""

from __future__ import annotations

import pytest

from migrasafe.errors import InputError
from migrasafe.sql.libpg_query import ParserError, TooDeepError, parse
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source, source_from_bytes
from migrasafe.sql.statements import (
    AlterTable,
    Copy,
    CreateFunction,
    CreateIndex,
    DoBlock,
    Drop,
    Select,
    Statement,
    Unrecognized,
    Utility,
    Vacuum,
)


def statements_of(sql: str) -> tuple[Statement, ...]:
    return read_script(Source(path="a.sql", text=sql)).statements


def text_of(sql: str, statement: Statement) -> str:
    return sql[statement.span.start : statement.span.end]


def test_a_nul_byte_is_refused_with_its_line() -> None:
    with pytest.raises(InputError, match=r"a\.sql:2: contains a NUL character"):
        source_from_bytes(b"SELECT 1;\n\0DROP TABLE users;", "a.sql")


def test_the_parser_itself_refuses_a_nul() -> None:
    with pytest.raises(ValueError, match="NUL"):
        parse("SELECT 1; \0 DROP TABLE users")


def test_a_byte_order_mark_is_not_part_of_the_text() -> None:
    assert source_from_bytes(b"\xef\xbb\xbfSELECT 1", "a.sql").text == "SELECT 1"


def test_utf_16_is_named_as_such() -> None:
    with pytest.raises(InputError, match="UTF-16"):
        source_from_bytes("SELECT 1".encode("utf-16"), "a.sql")


def test_bytes_that_are_not_utf_8_are_named_with_their_line() -> None:
    with pytest.raises(InputError, match=r"a\.sql:2: is not valid UTF-8"):
        source_from_bytes(b"SELECT 1;\nSELECT '\xff';", "a.sql")


def test_offsets_count_characters_behind_wide_ones() -> None:
    sql = "COMMENT ON TABLE t IS '€😀'; CREATE INDEX i ON t (a) WHERE b = 'é';"
    assert text_of(sql, statements_of(sql)[1]) == "CREATE INDEX i ON t (a) WHERE b = 'é'"


def test_the_offset_of_a_syntax_error_counts_characters() -> None:
    with pytest.raises(ParserError) as caught:
        parse("SELECT 'é€' FROM FROM")
    assert caught.value.offset == 17


def test_one_syntax_error_hides_nothing_else() -> None:
    found = statements_of("ALTER TABLE a ADD COLUMN x int; SELEC 1; CREATE INDEX i ON a (x);")
    assert [type(one) for one in found] == [AlterTable, Unrecognized, CreateIndex]


@pytest.mark.parametrize("broken", ["SELECT 'abc", "SELECT $$abc", "/* abc", 'SELECT "abc'])
def test_text_without_an_end_is_reported_and_hides_nothing_before_it(broken: str) -> None:
    first, last = statements_of(f"SELECT 1; {broken}")
    assert isinstance(first, Select)
    assert isinstance(last, Unrecognized)


def test_begin_atomic_bodies_are_one_statement() -> None:
    sql = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3"
    function, select = statements_of(sql)
    assert isinstance(function, CreateFunction)
    assert function.body is not None
    assert [text_of(sql, one.statement) for one in function.body.statements] == [
        "SELECT CASE WHEN true THEN 1 END",
        "SELECT 2",
    ]
    assert isinstance(select, Select)


def test_rules_with_several_statements_are_one_statement() -> None:
    assert len(statements_of("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3")) == 2


@pytest.mark.parametrize("terms", [100, 1_000, 5_000, 30_000, 200_000])
def test_chains_of_operators_are_read_or_refused_but_never_fatal(terms: int) -> None:
    (only,) = statements_of("SELECT " + "||".join(["a"] * terms))
    assert isinstance(only, Select | Unrecognized)
    if isinstance(only, Unrecognized):
        assert only.kind == "too deep"


@pytest.mark.parametrize("depth", [50, 1_000, 20_000, 200_000])
def test_nested_parentheses_are_read_or_refused_but_never_fatal(depth: int) -> None:
    (only,) = statements_of("SELECT " + "(" * depth + "1" + ")" * depth)
    assert isinstance(only, Select | Unrecognized)


def test_flat_lists_may_be_long() -> None:
    (only,) = statements_of(f"SELECT 1 WHERE 1 IN ({', '.join(['1'] * 100_000)})")
    assert isinstance(only, Select)


def test_absurd_chains_are_refused_by_the_parser_with_an_error_of_ours() -> None:
    with pytest.raises(TooDeepError):
        parse("SELECT " + "+".join(["1"] * 300_000))


def test_nested_comments_take_linear_time() -> None:
    assert len(statements_of("/*" * 50_000 + "*/" * 50_000 + " SELECT 1")) == 1


def test_meta_commands_are_reported_unless_they_are_harmless() -> None:
    kinds = [
        getattr(one, "kind", type(one).__name__) for one in statements_of("\\echo hello\n\\i other.sql\nSELECT 1;")
    ]
    assert kinds == ["Utility", "meta-command", "Select"]


def test_copy_data_is_no_sql() -> None:
    found = statements_of("COPY t FROM stdin;\n1\tDROP TABLE users;\n\\.\nSELECT 1;")
    assert [type(one).__name__ for one in found] == ["Copy", "Select"]


def test_what_follows_a_copy_that_can_take_no_rows_is_no_data() -> None:
    found = statements_of("COPY (SELECT 1) FROM stdin;\nSELECT 1;")
    assert [type(one) for one in found] == [Unrecognized, Select]
    found = statements_of("COPY t FROM stdin\u20ac;\nDROP TABLE t;\n\\.\n")
    assert [type(one) for one in found][:2] == [Unrecognized, Drop]


def test_rows_follow_a_copy_that_psql_sends_with_others() -> None:
    found = statements_of("COPY t FROM stdin\\; SELECT 1\\; COPY u FROM stdin;\n1\n\\.\n2\n\\.\nDROP TABLE t;")
    assert [type(one) for one in found] == [Copy, Select, Copy, Drop]
    found = statements_of("COPY t FROM stdin \\g\n1;\n\\.\nDROP TABLE t;")
    assert [type(one) for one in found] == [Copy, Utility, Drop]


def test_a_semicolon_after_the_rows_of_a_copy_has_no_rows() -> None:
    found = statements_of("COPY t FROM stdin;\n1\n\\.\n/* none */;\nDROP TABLE t;\n\\.\n")
    assert [type(one) for one in found][:2] == [Copy, Drop]


def test_statements_that_psql_sends_together_are_read_one_by_one() -> None:
    found = statements_of("SELECT 1 \\; \\; DROP TABLE t\\;\nVACUUM; SELECT 2; VACUUM;")
    assert [type(one) for one in found] == [Select, Drop, Unrecognized, Select, Vacuum]
    assert isinstance(found[2], Unrecognized)
    assert "are one transaction" in found[2].reason


def test_comments_are_kept_with_their_offsets() -> None:
    sql = "-- first\nSELECT 1; /* second /* nested */ */ SELECT 2 -- third\n;"
    script = read_script(Source(path="", text=sql))
    assert [comment.text for comment in script.comments] == ["first", "second /* nested */", "third"]
    assert [sql[comment.span.start : comment.span.start + 2] for comment in script.comments] == ["--", "/*", "--"]


def test_do_blocks_are_read_statement_by_statement() -> None:
    sql = "DO $$\nBEGIN\n  IF x THEN\n    CREATE INDEX i ON t (a);\n  END IF;\n  EXECUTE 'DROP ' || x;\nEND $$;"
    (block,) = statements_of(sql)
    assert isinstance(block, DoBlock)
    index, dynamic = block.body.statements
    assert (text_of(sql, index.statement), index.may_run) == ("CREATE INDEX i ON t (a)", True)
    assert isinstance(dynamic.statement, Unrecognized)
    assert dynamic.statement.kind == "dynamic sql"


def test_trigger_functions_are_read_too() -> None:
    sql = (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN\n"
        " SELECT id INTO NEW.a FROM users; PERFORM g(); UPDATE t SET a = 1; RETURN NEW; END $$"
    )
    (function,) = statements_of(sql)
    assert isinstance(function, CreateFunction)
    assert function.body is not None
    kinds = [type(one.statement).__name__ for one in function.body.statements]
    assert kinds == ["Select", "Select", "Update"]


def test_code_in_another_language_is_reported() -> None:
    (block,) = statements_of("DO LANGUAGE plpython3u $$ plpy.execute('DROP TABLE users') $$")
    assert isinstance(block, DoBlock)
    assert isinstance(block.body.statements[0].statement, Unrecognized)
