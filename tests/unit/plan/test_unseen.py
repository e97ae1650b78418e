"""Which bodies of functions seem to name a column: by whole words, and not those of other tables' triggers."""

from __future__ import annotations

from migrasafe.plan.carry_over.unseen import bodies_that_name
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
