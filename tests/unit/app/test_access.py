"""What a role may not do any more, and which rows are hidden, without asking a server."""

from __future__ import annotations

import pytest

from migrasafe.app.judge.access import refused
from migrasafe.app.resolve import Ever, Resolver, read_query
from migrasafe.schema.model import Schema
from tests.unit.app.test_changed import made

SHOP = """
CREATE TABLE users (id int, email text);
CREATE TABLE orders (id int, total int, note text);
CREATE FUNCTION spend() RETURNS void LANGUAGE sql AS 'UPDATE orders SET total = 1';
CREATE FUNCTION grant_all() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'UPDATE orders SET total = 1';
GRANT SELECT, INSERT, UPDATE, DELETE ON orders TO app, web;
"""
BY_COLUMNS = "GRANT SELECT (id, email), UPDATE (email) ON users TO app;"
OWN = "CREATE VIEW recent WITH (security_invoker = {}) AS SELECT id FROM orders; GRANT SELECT ON recent TO app;"


def denied(first: str, migration: str, query: str) -> list[str]:
    """What is refused after the migration and not before: PostgreSQL's words, and who lacks what."""
    before = made(Schema(), SHOP + first)
    after = made(before, migration)
    one, other = (Resolver(schema, Ever()).resolve(read_query(query)) for schema in (before, after))
    found = list(refused(one, before, other, after))
    assert {refusal.object.schema for refusal in found} <= {"public"}
    return [f"{one.sqlstate or 'no error'} at {one.offset}: {one.message}; {one.help}" for one in found]


ORDERS = "42501 at {}: permission denied for table orders; {} has no {} on {}"


@pytest.mark.parametrize(
    ("first", "migration", "query", "said"),
    [
        ("", "REVOKE SELECT ON orders FROM app", "SELECT id FROM orders", [ORDERS.format(15, "app", "SELECT", "it")]),
        ("", "REVOKE ALL ON orders FROM app, web", "SELECT id FROM orders",
         [ORDERS.format(15, who, "SELECT", "it") for who in ("app", "web")]),
        ("", "REVOKE UPDATE ON orders FROM app", "UPDATE orders SET total = 1", [ORDERS.format(7, "app", "UPDATE", "it")]),
        ("", "REVOKE DELETE ON orders FROM app", "DELETE FROM orders", [ORDERS.format(12, "app", "DELETE", "it")]),
        ("", "REVOKE INSERT ON orders FROM app", "INSERT INTO orders VALUES (1)", [ORDERS.format(12, "app", "INSERT", "it")]),
        ("", "REVOKE INSERT ON orders FROM app", "SELECT id FROM orders", []),
        ("", "REVOKE SELECT ON orders FROM nobody", "SELECT id FROM orders", []),
        ("", "DROP TABLE orders", "SELECT id FROM orders", []),
        ("GRANT SELECT ON orders TO PUBLIC;", "REVOKE SELECT ON orders FROM app", "SELECT id FROM orders", []),
        ("GRANT SELECT ON orders TO PUBLIC;", "REVOKE SELECT ON orders FROM PUBLIC", "SELECT id FROM orders",
         ["42501 at 15: permission denied for table orders; public has no SELECT on it"]),
        # columns
        ("", "REVOKE SELECT ON orders FROM app; GRANT SELECT (id, note) ON orders TO app", "SELECT id, note FROM orders", []),
        ("", "REVOKE SELECT ON orders FROM app; GRANT SELECT (id) ON orders TO app", "SELECT note, total, id FROM orders",
         [ORDERS.format(28, "app", "SELECT", "note, total")]),
        ("", "REVOKE SELECT ON orders FROM app; GRANT SELECT (id) ON orders TO app", "SELECT count(*) FROM orders", []),
        ("", "REVOKE SELECT ON orders FROM app; GRANT SELECT (id) ON orders TO PUBLIC", "SELECT id FROM orders", []),
        ("", "REVOKE UPDATE ON orders FROM app; GRANT UPDATE (note) ON orders TO app", "UPDATE orders SET total = 1",
         [ORDERS.format(7, "app", "UPDATE", "total")]),
        ("", "REVOKE SELECT ON orders FROM app; GRANT UPDATE (id) ON orders TO app", "SELECT id FROM orders",
         [ORDERS.format(15, "app", "SELECT", "it")]),
        (BY_COLUMNS, "REVOKE SELECT (email) ON users FROM app", "SELECT id FROM users", []),
        (BY_COLUMNS, "REVOKE SELECT (email) ON users FROM app", "SELECT email FROM users",
         ["42501 at 18: permission denied for table users; app has no SELECT on email"]),
        (BY_COLUMNS, "REVOKE SELECT (id, email) ON users FROM app", "SELECT count(*) FROM users",
         ["42501 at 21: permission denied for table users; app has no SELECT on it"]),
        (BY_COLUMNS, "REVOKE UPDATE (email) ON users FROM app", "UPDATE users SET email = 'a'",
         ["42501 at 7: permission denied for table users; app has no UPDATE on it"]),
        (BY_COLUMNS, "ALTER TABLE users ADD more int", "SELECT * FROM users",
         ["42501 at 14: permission denied for table users; app has no SELECT on more"]),
        (BY_COLUMNS, "REVOKE SELECT (email) ON users FROM app", "SELECT o.id FROM orders o, users u WHERE o.id = u.id", []),
        # views and functions, with whose rights?
        *((OWN.format(word), "REVOKE SELECT ON orders FROM app", "SELECT id FROM recent",
           [ORDERS.format(15, "app", "SELECT", "it")]) for word in ("true", "on", "1", "yes", "TRUE", "On")),
        *((OWN.format(word), "REVOKE SELECT ON orders FROM app", "SELECT id FROM recent", []) for word in ("false", "off", "0")),
        (OWN.format("false"), "ALTER VIEW recent RESET (security_invoker); REVOKE SELECT ON orders FROM app",
         "SELECT id FROM recent", []),
        (OWN.format("false"), "REVOKE SELECT ON recent FROM app", "SELECT id FROM recent",
         ["42501 at 15: permission denied for view recent; app has no SELECT on it"]),
        (OWN.format("false") + "REVOKE SELECT ON recent FROM app; GRANT SELECT (id) ON recent TO app;",
         "REVOKE SELECT (id) ON recent FROM app", "SELECT id FROM recent",
         ["42501 at 15: permission denied for view recent; app has no SELECT on it"]),
        ("", "REVOKE UPDATE ON orders FROM app", "SELECT spend()", [ORDERS.format(7, "app", "UPDATE", "it")]),
        ("", "REVOKE UPDATE ON orders FROM app", "SELECT grant_all()", []),
    ],
)  # fmt: skip
def test_a_role_is_refused_what_it_may_not_do_any_more(first: str, migration: str, query: str, said: list[str]) -> None:
    assert denied(first, migration, query) == said


ON, READ, WRITE = (
    "ALTER TABLE orders ENABLE ROW LEVEL SECURITY;",
    "SELECT id FROM orders",
    "UPDATE orders SET total = 1",
)
ADD, DELETE = "INSERT INTO orders VALUES (1)", "DELETE FROM orders"
ALL, OWNED = (
    "CREATE POLICY everyone ON orders USING (true);",
    "CREATE POLICY owned ON orders USING (note = current_user);",
)
NOTHING = "row security without a policy lets nothing through, for all but its owner"
HIDDEN = "rows of orders can be hidden"
NEW = 'new row violates row-level security policy for table "orders"'


def lets(*names: str) -> str:
    return f"row security lets through what {', '.join(names)} allows, for all but its owner"


@pytest.mark.parametrize(
    ("first", "migration", "query", "said"),
    [
        ("", ON, READ, f"no error at 15: {HIDDEN}; {NOTHING}"),
        ("", ON, DELETE, f"no error at 12: {HIDDEN}; {NOTHING}"),
        ("", ON, WRITE, f"42501 at 7: {NEW}; {NOTHING}"),
        ("", ON, ADD, f"42501 at 12: {NEW}; {NOTHING}"),
        ("", ON + OWNED, READ, f"no error at 15: {HIDDEN}; {lets('owned')}"),
        ("", ON + ALL, READ, None),
        ("", ON + ALL, ADD, None),
        ("", ON + ALL, WRITE, None),
        ("", OWNED, READ, None),
        ("", ON + ALL + OWNED, READ, None),
        ("", ON + ALL + OWNED.replace("USING", "AS RESTRICTIVE USING"), READ,
         f"no error at 15: {HIDDEN}; {lets('everyone', 'owned')}"),
        ("", ON + ALL.replace("USING", "TO web USING"), READ, f"no error at 15: {HIDDEN}; {lets('everyone')}"),
        ("", ON + ALL.replace("USING", "FOR SELECT USING"), READ, None),
        ("", ON + ALL.replace("USING", "FOR SELECT USING"), WRITE, f"42501 at 7: {NEW}; {NOTHING}"),
        # WITH CHECK is asked of new rows, USING of those that are there, and of new ones where it is alone
        ("", ON + "CREATE POLICY p ON orders FOR INSERT WITH CHECK (true)", ADD, None),
        ("", ON + "CREATE POLICY p ON orders FOR INSERT WITH CHECK (id > 1)", ADD, f"42501 at 12: {NEW}; {lets('p')}"),
        ("", ON + "CREATE POLICY p ON orders USING (true) WITH CHECK (id > 1)", READ, None),
        ("", ON + "CREATE POLICY p ON orders USING (true) WITH CHECK (id > 1)", WRITE, f"42501 at 7: {NEW}; {lets('p')}"),
        ("", ON + "CREATE POLICY p ON orders USING (id > 1) WITH CHECK (true)", WRITE, f"42501 at 7: {NEW}; {lets('p')}"),
        ("", ON + "CREATE POLICY p ON orders USING (id > 1) WITH CHECK (true)", ADD, None),
        ("", ON + "CREATE POLICY p ON orders USING (id > 1)", ADD, f"42501 at 12: {NEW}; {lets('p')}"),
        # from one state of row security to another
        (ON + OWNED, "ALTER TABLE orders DISABLE ROW LEVEL SECURITY", READ, None),
        (ON + OWNED, "CREATE POLICY more ON orders USING (id > 1)", READ, None),
        (ON + OWNED, "CREATE POLICY more ON orders AS RESTRICTIVE USING (id > 1)", READ,
         f"no error at 15: {HIDDEN}; {lets('more', 'owned')}"),
        (ON + OWNED, "CREATE POLICY more ON orders AS RESTRICTIVE FOR DELETE USING (id > 1)", READ, None),
        (ON + OWNED, "DROP POLICY owned ON orders", READ, f"no error at 15: {HIDDEN}; {NOTHING}"),
        (ON + OWNED + "CREATE POLICY more ON orders AS RESTRICTIVE USING (id > 1);", "DROP POLICY more ON orders", READ, None),
        (ON + OWNED, "DROP POLICY owned ON orders;" + OWNED.replace("owned", "again"), READ, None),
        (ON + OWNED, "DROP POLICY owned ON orders;" + OWNED.replace("note", "note || ''"), READ,
         f"no error at 15: {HIDDEN}; {lets('owned')}"),
        (ON + OWNED, "DROP POLICY owned ON orders;" + OWNED.replace("USING", "TO web USING"), READ,
         f"no error at 15: {HIDDEN}; {lets('owned')}"),
        (ON + OWNED, "DROP POLICY owned ON orders;" + OWNED.replace(";", " WITH CHECK (id > 1);"), READ,
         f"no error at 15: {HIDDEN}; {lets('owned')}"),
        (ON + OWNED, "ALTER TABLE orders FORCE ROW LEVEL SECURITY", READ,
         f"no error at 15: {HIDDEN}; {lets('owned').replace('for all but its owner', 'for its owner, too')}"),
        (ON + OWNED + "ALTER TABLE orders FORCE ROW LEVEL SECURITY;", "ALTER TABLE orders ADD more int", READ, None),
        (ON + OWNED, "ALTER TABLE orders ADD more int", READ, None),
    ],
)  # fmt: skip
def test_rows_are_hidden_by_row_security(first: str, migration: str, query: str, said: str | None) -> None:
    assert denied(first, migration, query) == ([said] if said else [])
