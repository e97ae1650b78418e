"""Statements that end or refuse a transaction, in bodies and in scripts: lint says what every server does."""

from __future__ import annotations

import psycopg

from migrasafe.lint import LintOptions, lint
from migrasafe.migrations.model import History, Migration, Part, TransactionMode
from migrasafe.rules import cannot_run_in_transaction, fails_on_server
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target

SETUP = """
CREATE TABLE orders (id int);
CREATE FUNCTION build() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE INDEX CONCURRENTLY ON orders (id); END $$;
CREATE FUNCTION clean() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'VACUUM orders'; END $$;
CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO orders VALUES (1); COMMIT; END $$;
CREATE PROCEDURE calls() LANGUAGE plpgsql AS $$ BEGIN CALL commits(); END $$;
CREATE PROCEDURE sets() LANGUAGE plpgsql SET work_mem = '4MB' AS $$ BEGIN COMMIT; END $$;
CREATE FUNCTION calls_it() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CALL commits(); END $$;
CREATE TABLE watched (id int);
CREATE FUNCTION on_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN COMMIT; RETURN NULL; END $$;
CREATE TRIGGER t AFTER INSERT ON watched FOR EACH ROW EXECUTE FUNCTION on_insert();
"""
QUERY, LINES, BLOCK = TransactionMode.IMPLICIT, TransactionMode.NONE, TransactionMode.ONE
CASES = [
    (QUERY, "CREATE INDEX CONCURRENTLY i ON orders (id)", None),
    (QUERY, "SELECT 1; CREATE INDEX CONCURRENTLY i ON orders (id)", "25001"),
    (QUERY, "BEGIN; SELECT 1; COMMIT; CREATE INDEX CONCURRENTLY i ON orders (id)", "25001"),
    (BLOCK, "CREATE INDEX CONCURRENTLY i ON orders (id)", "25001"),
    (LINES, "DO $$ BEGIN CREATE INDEX CONCURRENTLY ON orders (id); END $$", "25001"),
    (LINES, "DO $$ BEGIN COMMIT; EXECUTE 'CREATE INDEX CONCURRENTLY ON orders (id)'; END $$", "25001"),
    (LINES, "SELECT build()", "25001"),
    (LINES, "SELECT clean()", "25001"),
    (LINES, "DO $$ BEGIN INSERT INTO orders VALUES (1); COMMIT; INSERT INTO orders VALUES (2); ROLLBACK; END $$", None),
    (BLOCK, "DO $$ BEGIN COMMIT; END $$", "2D000"),
    (QUERY, "SELECT 1; DO $$ BEGIN COMMIT; END $$", "2D000"),
    (LINES, "DO $$ BEGIN COMMIT; EXCEPTION WHEN division_by_zero THEN NULL; END $$", "2D000"),
    (LINES, "CALL commits()", None),
    (LINES, "CALL calls()", None),
    (LINES, "DO $$ BEGIN CALL calls(); END $$", None),
    (BLOCK, "CALL commits()", "2D000"),
    (LINES, "CALL sets()", "2D000"),
    (LINES, "SELECT calls_it()", "2D000"),
    (LINES, "INSERT INTO watched VALUES (1)", "2D000"),
    (BLOCK, "ALTER SYSTEM SET work_mem = '4MB'", "25001"),
    (BLOCK, "VACUUM orders", "25001"),
    (LINES, "LOCK TABLE orders", "25P01"),
    (QUERY, "LOCK TABLE orders", "25P01"),
    (QUERY, "SELECT 1; LOCK TABLE orders", None),
    (BLOCK, "LOCK TABLE orders", None),
    (LINES, "DO $$ BEGIN LOCK TABLE orders; END $$", None),
    (LINES, "SAVEPOINT s", "25P01"),
    (LINES, "ROLLBACK TO s", "25P01"),
    (BLOCK, "SAVEPOINT s", None),
    (LINES, "DO $$ BEGIN SAVEPOINT s; END $$", "0A000"),
    (LINES, "DO $$ BEGIN REINDEX TABLE CONCURRENTLY orders; END $$", "25001"),
]


def test_lint_says_what_every_server_does(each_major, database):
    database.execute(SETUP)
    wrong = []
    for mode, sql, expected in CASES:
        with database.connect() as session:
            if mode is BLOCK:
                session.execute("BEGIN")
            try:
                session.execute(sql)
                seen = None
            except psycopg.Error as error:
                seen = error.sqlstate
            session.execute("ROLLBACK")
        found = bool(_findings(sql, mode, each_major))
        if seen != expected or found != (expected is not None):
            wrong.append((mode.value, sql, seen, found))
    assert wrong == []


def _findings(sql: str, mode: TransactionMode, major: int) -> tuple[object, ...]:
    history = History(layout="plain", root=".", migrations=(_migration(SETUP, LINES), _migration(sql, mode)))
    options = LintOptions(target=Target(pg_version=major, pg_version_assumed=False))
    return lint([history], [cannot_run_in_transaction.RULE, fails_on_server.RULE], options).migrations[-1].findings


def _migration(sql: str, mode: TransactionMode) -> Migration:
    script = read_script(Source(path="m.sql", text=sql))
    return Migration(id=sql[:20], path="m.sql", parts=(Part(script=script, wrapped=mode),))
