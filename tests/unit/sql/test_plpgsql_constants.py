"""Variables of plpgsql bodies: which SQL EXECUTE runs, which branches are taken, which names stand for columns."""

from __future__ import annotations

import pytest

from migrasafe.sql.expressions import equality_columns
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.sql.statements import (
    AlterTable,
    CreateIndex,
    DoBlock,
    Drop,
    Guarded,
    Select,
    Truncate,
    Unrecognized,
    Update,
)


def inside(declare: str, body: str) -> tuple[Guarded, ...]:
    text = f"DO $$ DECLARE {declare} BEGIN\n{body}\nEND $$"
    [block] = read_script(Source(path="", text=text)).statements
    assert isinstance(block, DoBlock)
    return block.body.statements


def dropped(statements: tuple[Guarded, ...]) -> list[str]:
    """The names that DROP statements drop; `?` for SQL that is not known."""
    names = []
    for guarded in statements:
        if isinstance(guarded.statement, Unrecognized):
            names.append("?")
        elif isinstance(guarded.statement, Drop):
            names.append(str(guarded.statement.objects[0].name))
    return names


@pytest.mark.parametrize(
    ("declare", "expression"),
    [
        ("t text := 'orders';", "format('DROP TABLE %I', t)"),
        ("t constant text = 'orders';", "'DROP TABLE ' || quote_ident(t)"),
        ("t text DEFAULT 'ord'; u text := t || 'ers';", "concat('DROP TABLE ', u)"),
        ("s text := 'public'; t regclass := 'orders';", "format('DROP TABLE %2$s', s, t)"),
        ("t text := 'ORDERS';", "'DROP TABLE ' || lower(t)"),
        ("n int := 1;", "replace(format('DROP TABLE orders%s', n), '1', '')"),
    ],
)
def test_execute_of_constants_is_read_as_the_sql_it_runs(declare: str, expression: str) -> None:
    assert dropped(inside(declare, f"EXECUTE {expression};")) == ["orders"]


@pytest.mark.parametrize(
    ("declare", "body"),
    [
        ("t text;", "EXECUTE 'DROP TABLE ' || t;"),
        ("t text := current_user;", "EXECUTE 'DROP TABLE ' || t;"),
        ("t text := 'a';", "SELECT relname INTO t FROM pg_class; EXECUTE 'DROP TABLE ' || t;"),
        ("t text := 'a';", "IF random() > 1 THEN t := 'b'; END IF; EXECUTE 'DROP TABLE ' || t;"),
        ("t text := 'a';", "LOOP EXECUTE 'DROP TABLE ' || t; t := 'b'; EXIT WHEN random() > 1; END LOOP;"),
        ("t text := 'a';", "DECLARE t text := 'b'; BEGIN EXECUTE 'DROP TABLE ' || t; END;"),
        (
            "t text := 'a';",
            "BEGIN t := 'b'; PERFORM 1/0; EXCEPTION WHEN others THEN NULL; END; EXECUTE 'DROP TABLE ' || t;",
        ),
    ],
)
def test_what_may_have_another_value_is_reported_as_unknown(declare: str, body: str) -> None:
    assert dropped(inside(declare, body)) == ["?"]


def test_loops_over_constants_run_once_for_each() -> None:
    found = inside("t text;", "FOREACH t IN ARRAY ARRAY['a', 'b'] LOOP EXECUTE format('DROP TABLE %I', t); END LOOP;")
    assert dropped(found) == ["a", "b"]
    assert not any(guarded.may_run for guarded in found)


def test_loops_over_values_and_numbers_run_once_for_each() -> None:
    rows = "FOR r IN SELECT * FROM (VALUES ('a'), ('b')) AS v (name) LOOP EXECUTE 'DROP TABLE ' || r.name; END LOOP;"
    assert dropped(inside("r record;", rows)) == ["a", "b"]
    numbers = "FOR i IN 1..2 LOOP EXECUTE 'DROP TABLE p' || i; END LOOP;"
    assert dropped(inside("", numbers)) == ["p1", "p2"]


def test_the_branch_that_a_constant_decides_is_the_only_one() -> None:
    body = "IF mode = 'keep' THEN DROP TABLE a; ELSIF mode = 'drop' THEN DROP TABLE b; ELSE DROP TABLE c; END IF;"
    found = inside("mode text := 'drop';", body)
    assert dropped(found) == ["b"]
    assert not found[-1].may_run


def test_a_branch_that_the_server_decides_may_run() -> None:
    [guarded] = [
        one
        for one in inside("", "IF to_regclass('a') IS NULL THEN TRUNCATE b; END IF;")
        if isinstance(one.statement, Truncate)
    ]
    assert guarded.may_run


def test_nothing_runs_after_a_return() -> None:
    assert dropped(inside("", "DROP TABLE a; RETURN; DROP TABLE b;")) == ["a"]


def test_after_a_return_in_a_branch_the_rest_may_run() -> None:
    found = inside("", "IF random() > 1 THEN RETURN; END IF; DROP TABLE a;")
    assert dropped(found) == ["a"]
    assert found[-1].may_run


def test_an_error_that_is_caught_does_not_end_the_body() -> None:
    found = inside("", "BEGIN RAISE EXCEPTION 'no'; EXCEPTION WHEN others THEN NULL; END; DROP TABLE a;")
    assert dropped(found) == ["a"]


def test_a_variable_in_where_stands_for_a_value_not_for_a_column() -> None:
    found = inside("p_id int := 1;", "UPDATE orders SET note = '' WHERE id = p_id;")
    [update] = [one.statement for one in found if isinstance(one.statement, Update)]
    assert update.where is not None
    assert equality_columns(update.where) == {"id"}


def test_conditions_and_assignments_that_call_functions_are_statements() -> None:
    found = inside("n int;", "n := move_rows(); IF has_rows() THEN NULL; END IF; RETURN;")
    assert [type(one.statement) for one in found] == [Select, Select]


def test_a_body_in_quotes_is_read_with_its_quotes_taken_off() -> None:
    text = "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'UPDATE t SET a = ''x''; CREATE INDEX ON t (a)'"
    [function] = read_script(Source(path="", text=text)).statements
    kinds = [type(one.statement) for one in function.body.statements]  # type: ignore[attr-defined]  # it is a CreateFunction
    assert kinds == [Update, CreateIndex]


def test_newer_syntax_in_known_dynamic_sql_is_noted() -> None:
    text = (
        "DO $$ DECLARE t text := 'orders'; BEGIN EXECUTE format('ALTER TABLE %I ADD NOT NULL id NOT VALID', t); END $$"
    )
    script = read_script(Source(path="", text=text))
    assert [newer.since for newer in script.newer] == [18]
    [block] = script.statements
    assert isinstance(block, DoBlock)
    assert isinstance(block.body.statements[0].statement, AlterTable)
