"""What we write is read back as it was meant, and the author's formatting stays."""

from __future__ import annotations

import pytest

from migrasafe.sql.edit import action_spans, append, insert_after
from migrasafe.sql.parse import parse_statement
from migrasafe.sql.quote import comment, quote_ident, quote_literal, quote_name, spell_type
from migrasafe.sql.statements import AddColumn, AlterTable, CreateTable, Name, Span, TypeName

TYPES = [
    "int", "bigserial", "varchar(20)[]", "timestamptz(3)", "timestamp(0)", "interval", "interval(3)", "interval day",
    "numeric(10, 2)", "char(2)", "bpchar", "bit(3)", "bit varying(4)", "double precision", 'public."Mood"', "text[]",
    "time(3) with time zone", '"Odd Name"', "real", "boolean",
]  # fmt: skip


def type_of(written: str) -> TypeName:
    statement = parse_statement(f"ALTER TABLE t ADD COLUMN c {written}")
    assert isinstance(statement, AlterTable)
    action = statement.actions[0]
    assert isinstance(action, AddColumn)
    assert action.column.type is not None
    return action.column.type


@pytest.mark.parametrize("written", TYPES)
def test_a_type_is_spelled_so_that_it_is_read_back(written: str) -> None:
    assert type_of(spell_type(type_of(written))) == type_of(written)


NAMES = ["orders", "Orders", "order", "user", "a b", 'a"b', "données", "1st", "select", "", "a$b", "left", "😀"]


@pytest.mark.parametrize("name", [name for name in NAMES if name])
def test_a_name_is_quoted_so_that_it_is_read_back(name: str) -> None:
    statement = parse_statement(f"CREATE TABLE {quote_ident(name)} ({quote_ident(name)} int)")
    assert isinstance(statement, CreateTable)
    assert (statement.name.name, statement.columns[0].name) == (name, name)


def test_ordinary_names_are_not_quoted() -> None:
    assert quote_name(Name("public", "orders")) == "public.orders"


def test_literals_with_quotes_and_backslashes() -> None:
    assert quote_literal("it's") == "'it''s'"
    assert quote_literal("a\\b") == "E'a\\\\b'"


def test_the_actions_of_an_alter_table_have_their_spans() -> None:
    sql = 'ALTER TABLE IF EXISTS ONLY a."B" ADD x numeric(10, 2), -- one, two\n DROP y, ADD CHECK (a IN (1, 2))'
    spans = action_spans(sql, Span(0, len(sql)))
    assert [sql[start:end] for start, end in spans] == ["ADD x numeric(10, 2)", "DROP y", "ADD CHECK (a IN (1, 2))"]


def test_a_keyword_is_put_in_as_the_author_writes() -> None:
    for sql, edited in (
        ("CREATE UNIQUE INDEX i ON t (a)", "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)"),
        ("create index i on t (a)", "create index concurrently i on t (a)"),
    ):
        assert insert_after(sql, Span(0, len(sql)), "INDEX", "CONCURRENTLY") == edited


def test_what_is_appended_is_written_as_the_author_writes() -> None:
    sql = "add check (a > 0)"
    assert append(sql, Span(0, len(sql)), "NOT VALID") == "add check (a > 0) not valid"


def test_words_of_a_comment_stay_in_it_whatever_ends_their_lines() -> None:
    assert comment("orders\nDROP TABLE orders;\r--\n") == "-- orders DROP TABLE orders; --"
    assert comment("a job\nwhere = 'true'", "# ") == "# a job where = 'true'"
