"""What compat says about typed readers is what a server gives them once the new version has written its rows."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from migrasafe.app.compat import CompatOptions, compat
from migrasafe.app.model import App, Expectation, Origin, Query
from migrasafe.app.usage import SourceLocation
from migrasafe.app.verdict import Version, Weight
from migrasafe.migrations.model import History, Migration, Part
from migrasafe.postgres.connect import Connection, run
from migrasafe.schema.load import schema_from_script
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from tests.postgres.servers import Database

pytestmark = [pytest.mark.postgres, pytest.mark.majors(12, 15, 18)]

SHOP = """
CREATE TYPE state AS ENUM ('new', 'paid');
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, total numeric NOT NULL, note text NOT NULL, more text,
    state state NOT NULL DEFAULT 'new');
CREATE VIEW sums AS SELECT id, total AS paid, coalesce(note, '') AS remark FROM orders;
CREATE VIEW of_users AS SELECT u.id, u.email, s.paid FROM users u JOIN sums s ON s.id = u.id;
INSERT INTO users VALUES (1, 'a@b');
INSERT INTO orders VALUES (1, 1, 5, 'x', 'y', 'new');
"""
NOTE = "ALTER TABLE orders ALTER note DROP NOT NULL"
WITHOUT_NOTE = "UPDATE orders SET note = NULL"
TOTAL = "ALTER TABLE orders ALTER total DROP NOT NULL"
WITHOUT_TOTAL = "UPDATE orders SET total = NULL"
LABEL = "ALTER TYPE state ADD VALUE 'lost'"
LOST = "UPDATE orders SET state = 'lost'"


class Reader(NamedTuple):
    reads: str
    migration: str
    writes: str
    """What the new version writes."""


NULLS = (
    Reader("SELECT note FROM orders", NOTE, WITHOUT_NOTE),
    Reader("SELECT * FROM orders", NOTE, WITHOUT_NOTE),
    Reader("SELECT id, total FROM orders", NOTE, WITHOUT_NOTE),
    Reader("SELECT coalesce(note, '') FROM orders", NOTE, WITHOUT_NOTE),
    Reader("SELECT count(note) FROM orders", NOTE, WITHOUT_NOTE),
    Reader("SELECT note FROM orders WHERE note IS NOT NULL", NOTE, WITHOUT_NOTE),
    Reader("SELECT note FROM orders WHERE note <> 'q' AND id = 1", NOTE, WITHOUT_NOTE),
    Reader("SELECT note FROM orders WHERE id = 1", NOTE, WITHOUT_NOTE),
    Reader("SELECT o.note, u.email FROM orders o JOIN users u ON u.id = o.user_id", NOTE, WITHOUT_NOTE),
    Reader("WITH x AS (SELECT id, note FROM orders) SELECT x.note FROM x", NOTE, WITHOUT_NOTE),
    Reader("UPDATE orders SET more = 'q' RETURNING note", NOTE, WITHOUT_NOTE),
    Reader("SELECT paid FROM sums", TOTAL, WITHOUT_TOTAL),
    Reader("SELECT email, paid FROM of_users", TOTAL, WITHOUT_TOTAL),
    Reader("SELECT email FROM of_users", TOTAL, WITHOUT_TOTAL),
    Reader("SELECT remark FROM sums", NOTE, WITHOUT_NOTE),
    Reader("SELECT note FROM orders", "ALTER TABLE orders DROP note CASCADE; ALTER TABLE orders ADD note text", "SELECT 1"),
)  # fmt: skip


def judged(migration: str, query: Query) -> list[str]:
    schema = schema_from_script(read_script(Source(path="", text=SHOP)))
    part = Part(script=read_script(Source(path="1.sql", text=migration)))
    history = History(layout="plain", root=".", migrations=(Migration(id="1", path="1.sql", parts=(part,)),))
    old, new = App(label="old", queries=(query,)), App(label="new")
    (verdict,) = compat([history], old, new, CompatOptions(schema=schema)).migrations
    return [
        one.message
        for one in verdict.breakages
        if one.version is Version.OLD and not one.before and one.weight is not Weight.RISK
    ]


def query(sql: str, *expects: Expectation) -> Query:
    where = SourceLocation("app.sql", 1)
    typed = not expects
    return Query(
        sql=sql, location=where, origin=Origin.QUERY_FILE, rows_are_typed=typed, prepared=False, expects=expects
    )


def shown(session: Connection, reader: Reader) -> list[object]:
    """Every value that the reader gets once the new version has written."""
    run(session, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    run(session, SHOP)
    with session.cursor() as cursor:
        cursor.execute(reader.reads.encode())
        known = [value for row in cursor.fetchall() for value in row]
    assert None not in known
    run(session, reader.migration)
    run(session, reader.writes)
    with session.cursor() as cursor:
        cursor.execute(reader.reads.encode())
        return [value for row in cursor.fetchall() for value in row]


def test_a_reader_is_told_of_the_nulls_that_a_server_gives_it_and_of_no_others(database: Database) -> None:
    wrong = []
    with database.connect() as session:
        for reader in NULLS:
            comes = None in shown(session, reader)
            messages = judged(reader.migration, query(reader.reads))
            if comes != any("can be NULL now" in one for one in messages):
                wrong.append((reader, comes, messages))
    assert wrong == []


@pytest.mark.parametrize(
    ("reads", "migration", "writes", "comes"),
    [
        ("SELECT state FROM orders", LABEL, LOST, True),
        ("SELECT state FROM orders WHERE id = 1", LABEL, LOST, True),
        ("SELECT state FROM orders", "ALTER TYPE state RENAME VALUE 'paid' TO 'settled'", "SELECT 1", True),
        ("SELECT state FROM orders", "CREATE TYPE other AS ENUM ('lost')", "SELECT 1", False),
    ],
)
def test_a_reader_is_told_of_the_labels_that_it_does_not_know(
    reads: str, migration: str, writes: str, comes: bool, database: Database
) -> None:
    known = ("new", "paid")
    expected = Expectation(table="orders", column="state", location=SourceLocation("model.py", 3), labels=known)
    messages = judged(migration, query(reads, expected))
    assert any("which its reader does not know" in one for one in messages) is comes
    with database.connect() as session:
        run(session, SHOP)
        run(session, migration)
        run(session, writes)
        labels = [label for (label,) in session.execute(b"SELECT unnest(enum_range(NULL::state))::text").fetchall()]
        assert bool(set(labels) - set(known)) is comes
