"""The queries of one version of an app: which count, what was built into them, and when they are looked at again."""

from __future__ import annotations

from typing import Any

import pytest

from migrasafe.app.judge.changed import changed_names, ever
from migrasafe.app.judge.version_queries import VersionQueries
from migrasafe.app.model import App, Origin, Query
from migrasafe.app.resolve import Resolver
from migrasafe.app.source.placeholders import UNKNOWN_NAME
from migrasafe.app.usage import SourceLocation
from migrasafe.schema.model import Schema
from tests.changes import Change, read_changes
from tests.unit.app.test_changed import made

SHOP = """
CREATE TYPE state AS ENUM ('new');
CREATE TABLE users (id int PRIMARY KEY, email text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int NOT NULL, note text, code text NOT NULL, state state);
CREATE VIEW recent AS SELECT id, code FROM orders;
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER fill BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION fill();
CREATE FUNCTION fee() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM orders';
"""


def shop() -> Schema:
    return made(Schema(), SHOP)


def version(sql: str, on: Schema | None = None, own: Schema | None = None, **settings: Any) -> VersionQueries:
    usual = {"location": SourceLocation("app.sql", 3), "origin": Origin.QUERY_FILE}
    query = Query(sql=sql, **(usual | settings))
    known = ever([shop()])
    built_on = Resolver(own, known) if own is not None else None
    return VersionQueries(App(label="app", queries=(query,)), Resolver(on or shop(), known), built_on)


# --- which count ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "origin", "counts"),
    [
        ("SELECT id FROM orders", Origin.LITERAL, True),
        ("UPDATE orders SET note = 'a'", Origin.LITERAL, True),
        ("SELECT fee()", Origin.LITERAL, True),
        ("SELECT nextval('orders')", Origin.LITERAL, True),
        ("SELECT 1", Origin.LITERAL, False),
        ("SELECT 1 AS orders", Origin.LITERAL, False),
        ("SELECT id FROM elsewhere", Origin.LITERAL, False),
        ("SELECT id FROM orders.elsewhere", Origin.LITERAL, False),
        ("select one of the orders", Origin.LITERAL, False),
        ("SELECT 1", Origin.QUERY_FILE, True),
        ("select one of the orders", Origin.LOG, True),
    ],
)
def test_a_text_of_a_program_counts_where_it_names_what_the_schema_ever_had(
    sql: str, origin: Origin, *, counts: bool
) -> None:
    queries = version(sql, origin=origin)
    assert [one.query.sql for one in queries.queries] == ([sql] if counts else [])
    assert queries.texts == ({sql} if counts else set())
    assert len(queries.states) == len(queries.queries)


@pytest.mark.parametrize(
    ("sql", "settings", "is_one"),
    [
        (f"SELECT id FROM {UNKNOWN_NAME}", {}, True),
        ("SELECT $1 FROM orders", {"partial": True}, True),
        ("SELECT $1 FROM orders", {}, False),
        (f"no query of {UNKNOWN_NAME} at all", {"partial": True}, False),
    ],
)
def test_names_that_are_known_at_run_time_only_are_looked_after(
    sql: str, settings: dict[str, Any], *, is_one: bool
) -> None:
    queries = version(sql, origin=Origin.LITERAL, **settings)
    assert [one.query.sql for one in queries.with_run_time_names] == ([sql] if is_one else [])


# --- what was built into them ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "after", "gone"),
    [
        ("SELECT * FROM orders", "ALTER TABLE orders DROP note, DROP state", [("note", 7), ("state", 7)]),
        ("SELECT o.* FROM orders o", "ALTER TABLE orders RENAME note TO remark", [("note", 7)]),
        ("SELECT * FROM orders", "ALTER TABLE orders ADD more int", []),
        ("SELECT id FROM orders", "ALTER TABLE orders DROP note", []),
        ("SELECT count(*) FROM orders", "ALTER TABLE orders DROP note", []),
        ("SELECT * FROM recent", "ALTER TABLE orders DROP note", []),
    ],
)
def test_the_columns_that_a_star_meant_when_the_app_was_built_are_asked_for(
    sql: str, after: str, gone: list[tuple[str, int]]
) -> None:
    queries = version(sql, made(shop(), after), shop(), star_is_expanded=True)
    (state,) = queries.states
    found = [(problem.name, problem.offset) for problem in state.problems if "does not exist" in problem.message]
    assert found == gone
    assert {(problem.sqlstate, problem.message) for problem in state.problems} == {
        ("42703", f'column "{name}" does not exist') for name, _ in gone
    }
    assert all(problem.object is not None and problem.object.name == "orders" for problem in state.problems)
    assert version(sql, made(shop(), after), shop()).states[0].problems == ()


@pytest.mark.parametrize(
    ("sql", "settings", "never"),
    [
        ("SELECT * FROM orders", {}, ["id", "user_id", "code"]),
        ("SELECT code AS shown, note, lower(code) FROM orders", {}, ["code"]),
        ("SELECT code, note FROM orders", {"may_be_null": frozenset({"code"})}, []),
        ("SELECT code, user_id FROM orders WHERE code = 'a'", {}, ["user_id"]),
        ("SELECT o.code FROM orders o JOIN users u ON true", {}, ["code"]),
        ("SELECT o.code FROM orders o LEFT JOIN users u ON true", {}, []),
        ("SELECT o.code FROM orders o FULL JOIN users u ON true", {}, []),
        ("INSERT INTO orders (id, user_id, code) VALUES (1, 2, 'a') RETURNING code", {}, ["code"]),
        ("DELETE FROM orders", {}, []),
        ("SELECT * FROM missing", {}, []),
        ("SELECT code FROM orders", {"rows_are_typed": False}, []),
    ],
)
def test_what_was_never_null_when_the_app_was_built_is_expected_to_stay_so(
    sql: str, settings: dict[str, Any], never: list[str]
) -> None:
    (one,) = version(sql, Schema(), shop(), **({"rows_are_typed": True} | settings)).queries
    assert [expected.column for expected in one.query.expects] == never
    for expected in one.query.expects:
        assert (expected.schema, expected.table, expected.not_null) == ("public", "orders", True)
        assert expected.location == SourceLocation("app.sql", 3)


def test_an_app_is_built_on_the_schema_of_its_own_release() -> None:
    later = made(shop(), "ALTER TABLE orders ALTER note SET NOT NULL, ADD more int NOT NULL DEFAULT 1")
    columns = [
        [expected.column for expected in version("SELECT * FROM orders", shop(), own, rows_are_typed=True).queries[0].query.expects]
        for own in (None, later)
    ]  # fmt: skip
    assert columns == [["id", "user_id", "code"], ["id", "user_id", "note", "code", "more"]]


# --- how sure ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("settings", "certain"), [
    ({}, False), ({"prepared": True}, True), ({"prepared": False}, False), ({"star_is_expanded": True}, True),
])  # fmt: skip
def test_a_parameter_of_two_types_is_refused_for_sure_where_it_is_sent_apart(
    settings: dict[str, Any], *, certain: bool
) -> None:
    (state,) = version("SELECT 1 FROM orders WHERE id = $1 AND note = $1", **settings).states
    assert [problem.certain for problem in state.problems] == [certain]


def test_a_name_that_is_known_at_run_time_only_is_not_missing() -> None:
    (state,) = version(f"SELECT {UNKNOWN_NAME}, missing FROM orders").states
    assert [problem.message for problem in state.problems] == ['column "missing" does not exist']
    assert [problem.message for problem in state.resolution.problems] == ['column "missing" does not exist']


# --- when they are looked at again ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "changed", "moves"),
    [
        ("SELECT id FROM orders", {"orders"}, True),
        ("SELECT id FROM orders", {"users"}, False),
        ("SELECT id FROM orders", {"state"}, True),
        ("SELECT code FROM recent", {"orders"}, True),
        ("INSERT INTO users VALUES (1)", {"fill"}, True),
        ("SELECT fee()", {"fee"}, True),
        ("SELECT fee()", {"orders"}, True),
        ("SELECT missing()", {"missing"}, True),
        ("SELECT note::mood FROM orders", {"mood"}, True),
        ("SELECT nextval('numbers')", {"numbers"}, True),
        ("SELECT 1 FROM missing", {"missing"}, True),
        ("SELECT 1 AS users", {"users"}, False),
    ],
)
def test_a_query_is_looked_at_again_where_one_of_these_changes(sql: str, changed: set[str], *, moves: bool) -> None:
    queries = version(sql)
    before = queries.states[0]
    after = made(shop(), "ALTER TABLE orders ADD more int")
    moved = queries.move(Resolver(after, ever([after])), frozenset(changed))
    assert [(one.query.sql, was) for one, was, _ in moved] == ([(sql, before)] if moves else [])
    assert [now for _, _, now in moved] == (queries.states if moves else [])


@pytest.mark.parametrize(
    "change",
    [change for name in ("changes.sql", "access.sql") for change in read_changes(name)],
    ids=lambda change: str(change.about),
)
def test_what_no_change_touches_says_the_same_after_it(change: Change) -> None:
    before = made(Schema(), change.schema)
    after = made(before, change.migration)
    known = ever([before, after])
    for sql in (change.old, change.new):
        query = Query(sql=sql, location=SourceLocation("app.sql", 1), origin=Origin.QUERY_FILE)
        app = App(label="app", queries=(query,))
        queries = VersionQueries(app, Resolver(before, known))
        queries.move(Resolver(after, known), changed_names(before, after))
        assert [one.problems for one in queries.states] == [
            one.problems for one in VersionQueries(app, Resolver(after, known)).states
        ]
