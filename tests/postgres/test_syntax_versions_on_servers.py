"""Servers refuse what we call too new for them, and take it from the version on that we name."""

from __future__ import annotations

from pathlib import Path

import psycopg

from migrasafe.postgres.connect import Connection
from migrasafe.sql.builtin.volatility import NEW_IN

STATEMENTS = [
    line
    for line in (Path(__file__).parent.parent / "newer_syntax.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
SETUP = """
CREATE TABLE u (a int PRIMARY KEY);
CREATE TABLE t (
    a int NOT NULL,
    b int CHECK (b > 0),
    s text,
    ts tsvector,
    g int GENERATED ALWAYS AS (a + 1) STORED,
    CONSTRAINT t_fk FOREIGN KEY (a) REFERENCES u
);
CREATE UNIQUE INDEX t_a ON t (a);
CREATE STATISTICS st ON a, b FROM t;
CREATE VIEW v AS SELECT 1 AS a;
CREATE MATERIALIZED VIEW mv AS SELECT 1 AS a;
CREATE UNIQUE INDEX ON mv (a);
CREATE FUNCTION fn() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION evt() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE PROCEDURE pr() LANGUAGE sql AS 'SELECT 1';
CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION trg();
CREATE TABLE parts (id int) PARTITION BY RANGE (id);
CREATE TABLE part1 PARTITION OF parts FOR VALUES FROM (1) TO (10);
CREATE SEQUENCE sq;
CREATE DOMAIN dm AS int;
CREATE TYPE mytype AS (x int);
CREATE FOREIGN DATA WRAPPER fdw;
CREATE SERVER srv FOREIGN DATA WRAPPER fdw;
"""
ALONE = ("VACUUM", "REINDEX", "DROP DATABASE", "CREATE DATABASE")


def sqlstate(session: Connection, sql: str) -> str:
    """How a statement ends; what it changed is taken back, where it can be."""
    alone = sql.startswith(ALONE) or "CONCURRENTLY" in sql
    try:
        if not alone:
            session.execute("BEGIN")
        if sql.startswith("COPY"):
            with session.cursor().copy(sql):
                pass
        else:
            session.execute(sql)
    except psycopg.Error as error:
        return error.sqlstate or "?"
    finally:
        if not alone:
            session.execute("ROLLBACK")
    return "00000"


def test_each_version_knows_what_we_say_it_knows(each_major, database, session):
    database.execute(SETUP)
    wrong = []
    for line in STATEMENTS:
        head, _, sql = line.partition(": ")
        since, _, known = head.partition(" ")
        state = sqlstate(session, sql)
        if sql.startswith("CREATE DATABASE") and state == "00000":
            database.execute("DROP DATABASE nodb")
        if (state == (known or "00000")) != (each_major >= int(since)):
            wrong.append((line, state))
        if "DETACH PARTITION part1 CONCURRENTLY" in sql and state == "00000":
            database.execute("ALTER TABLE parts ATTACH PARTITION part1 FOR VALUES FROM (1) TO (10)")
    assert wrong == []


def test_functions_are_as_new_as_we_say(each_major, database):
    rows = database.execute("SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace")
    there = {name for (name,) in rows}
    assert set(NEW_IN.get(each_major, "").split()) <= there
    later = {name for major, names in NEW_IN.items() if major > each_major for name in names.split()}
    assert later & there == set()
