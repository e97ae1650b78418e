"""COMMENT ON objects of every kind: one step, which knows whether it has been said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.postgres.plans.rollout import roll_out
from tests.postgres.servers import Database

SETUP = """
CREATE SCHEMA "Shop";
CREATE TYPE mood AS ENUM ('sad');
CREATE DOMAIN zip AS text CONSTRAINT "not empty" CHECK (VALUE <> '');
CREATE SEQUENCE numbers;
CREATE TABLE "Shop"."Orders" (id int CONSTRAINT some_id CHECK (id > 0), note text);
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE INDEX by_name ON users (name);
CREATE STATISTICS pair ON id, name FROM users;
CREATE VIEW people AS SELECT * FROM users;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM users;
CREATE RULE nothing AS ON INSERT TO people DO INSTEAD NOTHING;
CREATE POLICY own ON users;
CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION "One"(a int, b text[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE done() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE longest (text) (SFUNC = textcat, STYPE = text);
CREATE TRIGGER tells BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION told();
CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER sees ON ddl_command_end EXECUTE FUNCTION on_ddl();
CREATE PUBLICATION changes FOR TABLE users;
CREATE FOREIGN DATA WRAPPER wrapped;
CREATE SERVER far FOREIGN DATA WRAPPER wrapped;
CREATE FOREIGN TABLE there (id int) SERVER far;
CREATE COLLATION plain FROM "C";
CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);
CREATE TEXT SEARCH DICTIONARY listed (TEMPLATE = simple);
CREATE CAST (mood AS text) WITH INOUT;
CREATE OPERATOR "Shop".## (LEFTARG = int, RIGHTARG = int, PROCEDURE = int4pl);
CREATE OPERATOR ### (RIGHTARG = int, PROCEDURE = int4up);
CREATE OPERATOR FAMILY "Shop".numbers USING btree;
CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
SELECT lo_create(7), lo_create(3000000000);
"""
KINDS = (
    "TABLE users", 'TABLE "Shop"."Orders"', 'COLUMN "Shop"."Orders".note', "COLUMN people.name", "VIEW people",
    "MATERIALIZED VIEW kept", "FOREIGN TABLE there", "INDEX by_name", "SEQUENCE numbers", 'SCHEMA "Shop"', "TYPE mood",
    "DOMAIN zip", 'CONSTRAINT "not empty" ON DOMAIN zip', 'CONSTRAINT some_id ON "Shop"."Orders"', "TRIGGER tells ON users",
    "POLICY own ON users", "RULE nothing ON people", 'FUNCTION "One"', 'FUNCTION "One"(int, text[])', "PROCEDURE done()",
    "ROUTINE told", "AGGREGATE longest(text)", "STATISTICS pair", "STATISTICS public.pair", "COLLATION plain", "PUBLICATION changes",
    "EVENT TRIGGER sees", "LANGUAGE plpgsql", "FOREIGN DATA WRAPPER wrapped", "SERVER far", "ACCESS METHOD heap",
    "EXTENSION plpgsql", "ROLE postgres", "TABLESPACE pg_default", "TEXT SEARCH CONFIGURATION words",
    "TEXT SEARCH DICTIONARY listed", "TEXT SEARCH PARSER \"default\"", "CAST (mood AS text)", 'OPERATOR "Shop".## (int, int)',
    "OPERATOR ### (NONE, int)", "OPERATOR CLASS int4_ops USING btree", 'OPERATOR FAMILY "Shop".numbers USING btree',
    "TRANSFORM FOR int LANGUAGE sql", "LARGE OBJECT 7", "LARGE OBJECT 3000000000",
)  # fmt: skip


@pytest.mark.majors(12, 15, 18)
def test_it_is_said_once_whatever_it_is_about(each_major: int, database: Database, tmp_path: Path) -> None:
    database.execute(SETUP)
    for number, kind in enumerate(KINDS):
        folder = tmp_path / str(number)
        folder.mkdir()
        run = roll_out(database, f"COMMENT ON {kind} IS 'it''s {number}'", folder)
        (step,) = run.plan.phases[0].steps
        assert database.execute(f"SELECT {step.done}") == [(False,)], kind
        run.check("10_expand.sql")
        assert database.execute(f"SELECT {step.done}") == [(True,)], kind
        run.is_over("10_expand.sql")
