"""What compat says about logical subscribers is what a subscriber's log says when the publisher changes first."""

from __future__ import annotations

import time

import pytest
from psycopg.conninfo import make_conninfo

from migrasafe.app.judge.subscribers import subscriber_changes
from migrasafe.postgres.connect import Connection, connect, run
from migrasafe.postgres.server.find import available_servers
from migrasafe.postgres.server.local import LocalServer
from migrasafe.schema.load import schema_from_script
from migrasafe.schema.model import Schema
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source

pytestmark = pytest.mark.postgres

TABLES = """
CREATE TABLE grown (id int PRIMARY KEY, note text);
CREATE TABLE shrunk (id int PRIMARY KEY, note text NOT NULL);
CREATE TABLE renamed (id int PRIMARY KEY, note text);
"""
PUBLICATION = "CREATE PUBLICATION wh FOR TABLE grown, shrunk, renamed;"
MIGRATION = """
ALTER TABLE grown ADD more int;
ALTER TABLE shrunk DROP COLUMN note;
ALTER TABLE renamed RENAME TO called;
"""
ROWS = ("INSERT INTO grown VALUES (1, 'a', 2)", "INSERT INTO shrunk VALUES (1)", "INSERT INTO called VALUES (1, 'a')")
SETTINGS = {"wal_level": "logical", "wal_retrieve_retry_interval": "100ms", "logging_collector": "on"}
PATIENCE_SECONDS = 60


def schema(sql: str) -> Schema:
    return schema_from_script(read_script(Source(path="", text=sql)))


def test_a_subscriber_that_was_not_changed_first_fails_in_the_words_of_compat() -> None:
    changes = subscriber_changes(schema(TABLES + PUBLICATION), schema(TABLES + PUBLICATION + MIGRATION))
    expected = {one.message for one in changes if one.first}
    assert len(expected) == 3
    local = next(one for one in reversed(available_servers({}).values()) if isinstance(one, LocalServer))
    with LocalServer(binaries=local.binaries, settings=SETTINGS).start() as running:
        with connect(running.dsn) as admin:
            admin.execute("CREATE DATABASE publisher")
            admin.execute("CREATE DATABASE subscriber")
        with (
            connect(running.dsn, database="publisher") as publisher,
            connect(running.dsn, database="subscriber") as subscriber,
        ):
            publisher.execute(TABLES.encode())
            subscriber.execute(TABLES.encode())
            for table in ("grown", "shrunk", "renamed"):  # each its own: a failure stops the whole subscription
                publisher.execute(f"CREATE PUBLICATION {table} FOR TABLE {table}".encode())
                run(publisher, f"SELECT pg_create_logical_replication_slot('{table}', 'pgoutput')")
                dsn = make_conninfo(running.dsn, dbname="publisher").replace("'", "''")
                subscriber.execute(
                    f"CREATE SUBSCRIPTION {table} CONNECTION '{dsn}' PUBLICATION {table} "
                    "WITH (create_slot = false, copy_data = false)".encode()
                )
            publisher.execute(MIGRATION.encode())
            for row in ROWS:
                publisher.execute(row.encode())
            log = wait_for(subscriber, expected)
    assert [message for message in expected if message not in log] == []


def wait_for(session: Connection, messages: set[str]) -> str:
    """The server's log, once it holds all of them or patience ends."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        ((log,),) = run(session, "SELECT pg_read_file(pg_current_logfile())")
        if all(message in str(log) for message in messages) or time.monotonic() > until:
            return str(log)
        time.sleep(0.2)
