"""Placeholders become SQL of the same length, so that positions stay those of the file."""

from __future__ import annotations

import pytest

from migrasafe.migrations.go_template import mask_go
from migrasafe.migrations.template import mask
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.sql.statements import Unrecognized

NAMESPACE = '{{ index .Options "Namespace" }}'


def masked(text):
    return mask_go(Source(path="1.up.sql", text=text), "pop")


def understood(text):
    return not any(isinstance(one, Unrecognized) for one in read_script(Source(path="", text=text)).statements)


@pytest.mark.parametrize(
    "text",
    [
        f"CREATE TABLE {NAMESPACE}.orders (id int);",
        f'CREATE TABLE "{NAMESPACE}".orders (id int);',
        f"SELECT '{NAMESPACE}.orders'::regclass;",
        "CREATE TABLE {{.prefix}}orders (id int);",
        "CREATE TABLE {{- /* why\nso */ -}} orders (id int);",
        "CREATE FUNCTION f() RETURNS int AS $$ SELECT 1 FROM {{ .Schema }}.orders $$ LANGUAGE sql;",
        "{{if .postgres}}SELECT 1;{{else}}SELECT ` FROM {{end}}",
        "{{if .mysql}}SELECT ` FROM {{else if .postgres}}SELECT 1;{{end}}",
    ],
)
def test_a_filled_in_script_is_as_long_as_it_was_and_parses(text):
    result = masked(text)
    assert len(result.source.text) == len(text)
    assert result.source.text.count("\n") == text.count("\n")
    assert understood(result.source.text), result.source.text
    assert not any(notice.blocking for notice in result.notices)


def test_the_same_expression_gets_the_same_name_however_it_is_spaced():
    text = masked(f'SELECT 1 FROM {NAMESPACE}.a, {{{{index .Options "Namespace"}}}}.b').source.text
    assert text.split() == ["SELECT", "1", "FROM", "namespace", ".a,", "namespace", ".b"]


def test_a_condition_that_does_not_ask_for_the_database_blocks_at_its_line():
    (notice,) = masked("SELECT 1;\n{{if .plugin}}SELECT 2;{{end}}").notices
    assert (notice.line, notice.blocking) == (2, True)


def test_a_call_of_the_apps_own_function_blocks():
    (notice,) = masked('{{addColumnIfNeeded "orders" "note" "text"}}').notices
    assert notice.blocking


def test_a_placeholder_in_a_comment_is_left_alone():
    source = Source(path="1.sql", text="-- ${schema} isn't filled in here\nSELECT '${schema}';")
    result = mask(source, r"\$\{\w+\}", lambda _: "shop", "Flyway")
    assert result.source.text == "-- ${schema} isn't filled in here\nSELECT 'shop'     ;"
    assert [notice.line for notice in result.notices] == [2]


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_quote_without_an_end_takes_no_longer_for_many_placeholders(quote: str) -> None:
    found = masked(f"SELECT {quote}it" + " {{.a}}" * 200)  # twice as long for each of them, it would never end
    assert "{{" not in found.source.text


def test_braces_without_an_end_take_no_longer_for_each_other() -> None:
    assert masked("{{a " * 100_000).notices == ()
