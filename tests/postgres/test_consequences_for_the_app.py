"""What the rules say of the running app is what happens to it: a query that works before the migration, and after it."""

from __future__ import annotations

import pytest
from msgspec import Struct
from psycopg import Error

from migrasafe.postgres.connect import Connection, run
from tests.postgres.servers import Database
from tests.postgres.test_rule_pages_on_servers import ROLES, page_of, statements


class Consequence(Struct, frozen=True, kw_only=True):
    """On what a page gives, its bad example number `bad` makes `query` end with `after`."""

    page: str
    query: str
    after: str
    """A SQLSTATE, or `rows` for another number of rows than before."""
    bad: int = 0
    role: str | None = "app"
    setup: str = ""


CONSEQUENCES = [
    Consequence(
        page="enable-row-security-without-policy",
        setup="INSERT INTO orders VALUES (1, 1)",
        query="SELECT id FROM orders",
        after="rows",
    ),
    Consequence(
        page="enable-row-security-without-policy",
        query="INSERT INTO orders (id, tenant_id) VALUES (2, 1)",
        after="42501",
    ),
    Consequence(
        page="drop-policy-in-use",
        setup="GRANT SELECT, INSERT ON orders TO app",
        query="SET app.tenant_id = '1'; INSERT INTO orders VALUES (2, 1)",
        after="42501",
    ),
    Consequence(
        page="narrow-policy-in-use",
        setup="GRANT SELECT ON orders TO app; INSERT INTO orders VALUES (1, 1, true)",
        query="SET app.tenant_id = '1'; SELECT id FROM orders",
        after="rows",
    ),
    Consequence(
        page="disable-row-security",
        setup="GRANT SELECT ON orders TO app; INSERT INTO orders VALUES (1, 1)",
        query="SELECT id FROM orders",
        after="rows",
    ),
    Consequence(page="revoke-in-use", query="INSERT INTO orders VALUES (1)", after="42501"),
    Consequence(page="revoke-in-use", query="SELECT order_total(1)", bad=2, after="42501"),
    Consequence(page="recreate-without-grants", query="SELECT id FROM recent_orders", after="42501"),
    Consequence(page="recreate-without-grants", query="SELECT id FROM orders", bad=1, after="42501"),
    Consequence(
        page="rule-replaces-writes",
        role=None,
        query="INSERT INTO orders VALUES (1, 'a'); DELETE FROM orders; SELECT id FROM orders",
        after="rows",
    ),
    Consequence(
        page="rule-replaces-writes",
        role=None,
        bad=1,
        query="INSERT INTO orders VALUES (1, 'a') RETURNING id",
        after="0A000",
    ),
    Consequence(
        page="drop-index-in-use",
        role=None,
        query="INSERT INTO customers (id, email) VALUES (1, 'a') ON CONFLICT (email) DO NOTHING",
        after="42P10",
    ),
    Consequence(
        page="move-sequence-in-use",
        role=None,
        setup="INSERT INTO orders (note) VALUES ('a')",
        query="INSERT INTO orders (note) VALUES ('b')",
        after="23505",
    ),
    Consequence(
        page="move-sequence-in-use",
        role=None,
        bad=2,
        setup="INSERT INTO orders (note) VALUES ('a')",
        query="INSERT INTO orders (note) VALUES ('b')",
        after="23505",
    ),
    Consequence(
        page="move-sequence-in-use",
        role=None,
        bad=1,
        setup="INSERT INTO items DEFAULT VALUES",
        query="INSERT INTO items DEFAULT VALUES",
        after="23505",
    ),
    Consequence(
        page="identity-refuses-given-ids",
        role=None,
        query="INSERT INTO orders (id) VALUES (9)",
        after="428C9",
    ),
    Consequence(page="rename-table-in-use", role=None, bad=1, query="SELECT name FROM users", after="42703"),
    Consequence(
        page="rename-table-in-use",
        role=None,
        bad=2,
        query="INSERT INTO users (id, email) VALUES (1, 'a')",
        after="55000",
    ),
    Consequence(page="drop-object-in-use", role=None, bad=1, query="SELECT name FROM adults", after="42703"),
    Consequence(
        page="detach-partition-in-use",
        role=None,
        setup="INSERT INTO events VALUES (1, '2023-05-01')",
        query="SELECT id FROM events",
        after="rows",
    ),
    *(
        Consequence(
            page="publish-without-replica-identity",
            role=None,
            query=f"UPDATE {table} SET {column} = 'x'",
            bad=bad,
            after="55000",
        )
        for bad, (table, column) in enumerate(
            [("audit_log", "what"), ("audit_log", "what"), ("orders", "note"), ("orders", "note")]
        )
    ),
]


def outcome(session: Connection, consequence: Consequence) -> str | int:
    """The SQLSTATE with which the query fails, or how many rows it gives; what it changes is rolled back."""
    run(session, "BEGIN")
    try:
        if consequence.role is not None:
            run(session, f"SET LOCAL ROLE {consequence.role}")
        for statement in statements(consequence.query):
            rows = run(session, statement)
        return len(rows)
    except Error as error:
        return error.sqlstate or "no SQLSTATE"
    finally:
        run(session, "ROLLBACK")


FAILS_AFTERWARDS = [
    ("identity-starts-over", "INSERT INTO orders (note) VALUES ('third')", "23505"),
    (
        "sequence-stays-integer",
        "SELECT setval('orders_id_seq', 2147483647); INSERT INTO orders (note) VALUES ('one more')",
        "2200H",
    ),
    (
        "foreign-key-narrower-than-target",
        "INSERT INTO customers VALUES (3000000000); INSERT INTO orders VALUES (1, 3000000000)",
        "22003",
    ),
]


@pytest.mark.parametrize(("page_id", "query", "sqlstate"), FAILS_AFTERWARDS, ids=lambda one: str(one)[:32])
def test_a_query_that_only_the_new_app_sends_fails_as_the_page_says(
    page_id: str, query: str, sqlstate: str, each_major: int, database: Database
) -> None:
    page = page_of(page_id)
    assert each_major
    with database.connect() as session:
        for text in (*(block.text for block in page.given), page.bad[0].text):
            for statement in statements(text):
                run(session, statement)
        assert outcome(session, Consequence(page=page_id, query=query, after=sqlstate, role=None)) == sqlstate


@pytest.mark.parametrize("consequence", CONSEQUENCES, ids=lambda one: f"{one.page}-{one.bad}-{one.after}")
def test_a_query_that_worked_ends_as_the_page_says(
    consequence: Consequence, each_major: int, database: Database
) -> None:
    page = page_of(consequence.page)
    bad = page.bad[2 * consequence.bad]
    if each_major not in bad.majors:
        return
    database.execute(ROLES)
    with database.connect() as session:
        for text in (*(block.text for block in page.given), consequence.setup):
            for statement in statements(text):
                run(session, statement)
        before = outcome(session, consequence)
        assert isinstance(before, int)
        for statement in statements(bad.text):
            run(session, statement)
        after = outcome(session, consequence)
    if consequence.after == "rows":
        assert isinstance(after, int)
        assert after != before
    else:
        assert after == consequence.after


def test_a_prepared_statement_fails_once_after_a_free_type_change(each_major: int, database: Database) -> None:
    page = page_of("type-change-breaks-prepared")
    assert each_major
    with database.connect() as app:
        for block in page.given:
            run(app, block.text)
        run(app, "PREPARE notes AS SELECT note FROM orders")
        run(app, "EXECUTE notes")
        with database.connect() as migration:
            for statement in statements(page.bad[0].text):
                run(migration, statement)
        with pytest.raises(Error) as refused:
            run(app, "EXECUTE notes")
    assert refused.value.sqlstate == "0A000"
