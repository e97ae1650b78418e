"""Which bodies of functions seem to name a column: by whole words, and not those of other tables' triggers."""

from __future__ import annotations

import re

import pytest

from migrasafe.plan.carry_over.unseen import bodies_that_name
from migrasafe.plan.written_name import written_name
from migrasafe.schema.load import schema_from_script
from migrasafe.schema.model import Ref
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source

TABLES = "CREATE TABLE users (id int, a text); CREATE TABLE orders (id int, a text);"


def _body(says: str) -> str:
    return f"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {says} RETURN NEW; END$$;"


def _found(sql: str) -> list[str]:
    schema = schema_from_script(read_script(Source(path="schema.sql", text=sql)))
    return list(bodies_that_name(schema, Ref("public", "orders"), ["a"]))


def test_a_function_that_says_new_and_the_column_may_be_meant() -> None:
    assert len(_found(TABLES + _body("NEW.a := 1;"))) == 1


def test_a_trigger_function_of_another_table_only_is_not_meant() -> None:
    fired = "CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f();"
    assert _found(TABLES + _body("NEW.a := 1;") + fired) == []
    assert len(_found(TABLES + _body("NEW.a := 1;") + fired + fired.replace("users", "orders"))) == 1
    assert len(_found(TABLES + _body("PERFORM a FROM orders;") + fired)) == 1


def test_a_name_within_another_word_is_none() -> None:
    assert _found(TABLES + _body("NEW.id := renewal.at;")) == []


def test_a_name_is_said_in_any_case_without_quotes_and_only_as_it_is_in_them() -> None:
    cased = TABLES.replace("orders (id int", 'orders (id int, "A" text')
    assert len(_found(cased + _body("NEW.A := 1;"))) == 1
    assert _found(cased + _body('NEW."A" := 1;')) == []
    assert len(_found(cased + _body("EXECUTE format('UPDATE orders SET %I = 1', 'a');"))) == 1


@pytest.mark.parametrize(
    ("name", "text", "is_said"),
    [
        ("name", "SELECT u.NAME FROM u", True),
        ("name", 'SELECT u."name" FROM u', True),
        ("name", 'SELECT u."Name" FROM u', False),
        ("Name", 'SELECT u."Name" FROM u', True),
        ("Name", "SELECT u.Name, u.name FROM u", False),
        ("name", 'SELECT full_name, name2, name$, "my name" FROM u', False),
        ('a "b"', 'SELECT "a ""b""" FROM u', True),
        ("été", "SELECT été FROM u", True),
    ],
)
def test_how_a_name_is_written(name: str, text: str, is_said: bool) -> None:
    assert (re.search(written_name(name), text) is not None) is is_said
