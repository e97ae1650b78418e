"""What lint says that PostgreSQL refuses about functions and drops is what every major version refuses, and nothing else."""

from __future__ import annotations

from psycopg import Error

from migrasafe.effects.predict import predict
from migrasafe.effects.session import Session
from migrasafe.effects.situation import Situation
from migrasafe.postgres.connect import Connection, run
from migrasafe.schema.evolve import evolve
from migrasafe.schema.model import Moment, Schema
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target
from tests.postgres.servers import Database

GIVEN = """
CREATE TABLE orders (id serial PRIMARY KEY, cents integer, note text);
CREATE TABLE items (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
CREATE FUNCTION net(gross integer, rate integer DEFAULT 19) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT gross - rate';
CREATE FUNCTION pair(OUT one integer, OUT two text) LANGUAGE sql AS $$ SELECT 1, 'a' $$;
CREATE FUNCTION several() RETURNS SETOF integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION unnamed(integer, varchar) RETURNS text LANGUAGE sql AS $$ SELECT 'a' $$;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FUNCTION alone() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE work() LANGUAGE sql AS 'SELECT 1';
CREATE INDEX orders_net_idx ON orders (net(cents));
CREATE TRIGGER orders_touch BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION touch();
CREATE SEQUENCE free_numbers;
CREATE SEQUENCE used_numbers;
ALTER TABLE orders ADD COLUMN number bigint DEFAULT nextval('used_numbers');
CREATE SCHEMA empty_one;
CREATE SCHEMA full_one;
CREATE TABLE full_one.rows (id bigint);
CREATE TABLE keys (id bigint PRIMARY KEY, code varchar(9) UNIQUE, token uuid UNIQUE, flag boolean UNIQUE);
CREATE TABLE lists (numbers integer[]);
CREATE TABLE seats (number integer NOT NULL, holder text, color text NOT NULL, taken boolean NOT NULL);
CREATE UNIQUE INDEX seats_number ON seats (number);
CREATE UNIQUE INDEX seats_holder ON seats (holder);
CREATE UNIQUE INDEX seats_taken ON seats (number) WHERE taken;
CREATE UNIQUE INDEX seats_lower ON seats (lower(color));
CREATE UNIQUE INDEX seats_color ON seats (color);
CREATE INDEX seats_plain ON seats (number);
ALTER TABLE seats REPLICA IDENTITY USING INDEX seats_number;
CREATE TABLE days (day date NOT NULL, id bigint NOT NULL, note text) PARTITION BY RANGE (day);
CREATE TABLE hashed (id bigint NOT NULL, note text) PARTITION BY HASH ((id + 1));
CREATE TYPE money_of AS (amount numeric, currency text);
CREATE TYPE free_of AS (amount numeric, currency text);
CREATE TYPE row_of AS (amount numeric, currency text);
CREATE TABLE prices (id bigint, price money_of);
CREATE TABLE typed OF row_of;
CREATE TABLE parent (id bigint);
CREATE TABLE child () INHERITS (parent);
CREATE TABLE points (small smallint, number integer, word text, token uuid, amount numeric);
CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE INDEX days_note ON days (note);
CREATE UNIQUE INDEX points_amount ON points (amount DESC);
CREATE UNIQUE INDEX points_token ON points (token);
CREATE UNIQUE INDEX points_sum ON points ((number + 1));
CREATE MATERIALIZED VIEW totals AS SELECT number, word FROM points;
CREATE MATERIALIZED VIEW keyed AS SELECT number, word FROM points;
CREATE UNIQUE INDEX ON keyed (number);
CREATE VIEW shown AS SELECT number FROM points;
CREATE TABLE papers (id bigint, body json, copy jsonb, words text, made timestamptz);
CREATE FUNCTION own_double(a integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT a * 2';
CREATE TABLE sums (id bigint PRIMARY KEY, a integer NOT NULL, b integer GENERATED ALWAYS AS (a * 2) STORED, c serial);
"""

CASES = [
    "DROP INDEX days_1_note_idx",
    "DROP INDEX days_note",
    "DROP VIEW points",
    "DROP TABLE shown",
    "DROP TABLE totals",
    "DROP VIEW totals",
    "DROP MATERIALIZED VIEW totals",
    "DROP INDEX points",
    "DROP SEQUENCE points",
    "DROP TABLE free_numbers",
    "ALTER TABLE points RENAME COLUMN word TO token",
    "ALTER TABLE points RENAME COLUMN word TO words",
    "ALTER TABLE points ADD UNIQUE USING INDEX points_token",
    "ALTER TABLE points ADD UNIQUE USING INDEX points_amount",
    "ALTER TABLE points ADD UNIQUE USING INDEX points_sum",
    "ALTER TABLE seats ADD UNIQUE USING INDEX seats_taken",
    "ALTER TABLE seats ADD UNIQUE USING INDEX seats_plain",
    "ALTER TABLE keys VALIDATE CONSTRAINT keys_code_key",
    "ALTER TABLE keys ALTER CONSTRAINT keys_code_key DEFERRABLE",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY totals",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY keyed",
    "REFRESH MATERIALIZED VIEW totals",
    "CREATE UNIQUE INDEX ON papers USING hash (id)",
    "CREATE INDEX ON papers USING hash (id, words)",
    "CREATE INDEX ON papers USING hash (id)",
    "CREATE INDEX ON papers USING gin (copy) INCLUDE (id)",
    "CREATE INDEX ON papers (id) INCLUDE (words)",
    "CREATE INDEX ON papers (body)",
    "CREATE INDEX ON papers USING gin (copy)",
    "CREATE INDEX ON papers (id) WHERE made > now()",
    "CREATE INDEX ON papers (id) WHERE made > CURRENT_TIMESTAMP",
    "CREATE INDEX ON papers ((now() - made))",
    "CREATE INDEX ON papers ((lower(words)))",
    "CREATE INDEX ON papers (id) WHERE made > '2024-01-01 00:00:00+00'",
    "ALTER TABLE papers ADD COLUMN size integer DEFAULT 'large'",
    "ALTER TABLE papers ADD COLUMN size integer DEFAULT '5'",
    "ALTER TABLE papers ADD COLUMN code varchar(3) DEFAULT 'abcd'",
    "ALTER TABLE papers ADD COLUMN code varchar(3) DEFAULT 'abc  '",
    "ALTER TABLE papers ADD COLUMN key uuid DEFAULT 'none'",
    "ALTER TABLE papers ADD COLUMN flag boolean DEFAULT 'maybe'",
    "ALTER TABLE papers ALTER COLUMN id SET DEFAULT 'none'",
    "ALTER TABLE papers ALTER COLUMN id SET DEFAULT '7'",
    "ALTER TABLE papers ALTER COLUMN words SET DEFAULT 'none'",
    "ALTER TABLE days_1 ADD COLUMN more text",
    "ALTER TABLE days_1 DROP COLUMN note",
    "ALTER TABLE days_1 ALTER COLUMN note TYPE varchar(9)",
    "ALTER TABLE days ALTER COLUMN day TYPE timestamp",
    "ALTER TABLE days DROP COLUMN day",
    "ALTER TABLE days DROP COLUMN note",
    "ALTER TABLE hashed ALTER COLUMN id TYPE integer",
    "ALTER TABLE child ALTER COLUMN id TYPE integer",
    "ALTER TABLE parent ALTER COLUMN id TYPE integer",
    "ALTER TABLE sums ALTER COLUMN b SET DEFAULT 5",
    "ALTER TABLE sums ALTER COLUMN b DROP DEFAULT",
    "ALTER TABLE sums ALTER COLUMN a SET DEFAULT 5",
    "ALTER TABLE items ALTER COLUMN id SET DEFAULT 5",
    "ALTER TABLE items ALTER COLUMN id DROP DEFAULT",
    "ALTER TABLE items ALTER COLUMN id DROP NOT NULL",
    "ALTER TABLE items ALTER COLUMN id DROP IDENTITY, ALTER COLUMN id SET DEFAULT 5",
    "ALTER TABLE sums ALTER COLUMN id DROP NOT NULL",
    "ALTER TABLE sums DROP CONSTRAINT sums_pkey, ALTER COLUMN id DROP NOT NULL",
    "ALTER TABLE sums ALTER COLUMN a DROP NOT NULL",
    "ALTER TABLE items ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE sums ALTER COLUMN a ADD GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE sums ALTER COLUMN c ADD GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE sums ALTER COLUMN c DROP DEFAULT, ALTER COLUMN c ADD GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE points ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE points ALTER COLUMN number SET NOT NULL, ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE points ADD PRIMARY KEY (number), ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE points ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY, ADD CONSTRAINT key PRIMARY KEY (number)",
    "ALTER TABLE points ALTER COLUMN word TYPE integer USING 1, ALTER COLUMN word SET DEFAULT '7'",
    "ALTER TABLE points ALTER COLUMN number TYPE text, ALTER COLUMN number SET DEFAULT 'seven'",
    "ALTER TABLE points ALTER COLUMN number SET DEFAULT 'seven', ALTER COLUMN number TYPE text",
    "ALTER TABLE points ALTER COLUMN small TYPE text, ALTER COLUMN small SET DEFAULT 'seven'",
    "ALTER TABLE points ALTER COLUMN number SET DEFAULT ' 7 '",
    "ALTER TABLE points ALTER COLUMN amount SET DEFAULT '.5e-3'",
    "ALTER TABLE points ALTER COLUMN token SET DEFAULT '{a0eebc999c0b4ef8bb6d6bb9bd380a11}'",
    "ALTER TABLE points ADD COLUMN seen boolean DEFAULT 'On'",
    "ALTER TABLE points ADD COLUMN seen boolean DEFAULT 'nope'",
    "ALTER TABLE points ADD COLUMN code char(3) DEFAULT 'abc   '",
    "ALTER TABLE points ADD COLUMN code varchar(3) DEFAULT 'abcd'",
    "ALTER TABLE points ADD COLUMN seen timestamptz DEFAULT 'now'",
    "ALTER TABLE seats DROP COLUMN number, ADD COLUMN number text",
    "ALTER TABLE seats RENAME COLUMN number TO holder",
    "ALTER TABLE seats RENAME COLUMN number TO places",
    "ALTER TABLE keys DROP CONSTRAINT keys_pkey, ALTER COLUMN id DROP NOT NULL",
    "ALTER TABLE child DROP COLUMN id",
    "ALTER TABLE child NO INHERIT parent, DROP COLUMN id",
    "ALTER TABLE child ALTER COLUMN id SET DEFAULT 5",
    "ALTER TABLE days_1 ALTER COLUMN note SET DEFAULT 'a'",
    "ALTER TABLE days_1 ADD COLUMN IF NOT EXISTS note text",
    "CREATE INDEX ON points (lower(word)) WHERE word <> current_user",
    "CREATE INDEX ON points (date_trunc('day', now() AT TIME ZONE 'UTC'))",
    "CREATE INDEX ON points USING brin (number, amount)",
    "CREATE INDEX ON points USING hash (number, word)",
    "DROP VIEW IF EXISTS points",
    "DROP TABLE IF EXISTS points_token",
    "DROP INDEX IF EXISTS points",
    "DROP SEQUENCE sums_c_seq CASCADE",
    "ALTER TABLE sums ALTER COLUMN a SET GENERATED ALWAYS",
    "ALTER TABLE items ALTER COLUMN id SET GENERATED BY DEFAULT",
    "ALTER TABLE sums ALTER COLUMN a DROP IDENTITY",
    "ALTER TABLE sums ALTER COLUMN a DROP IDENTITY IF EXISTS",
    "CREATE FUNCTION net(a integer, b integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION net(gross bigint) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION net(gross integer, rate integer DEFAULT 7) RETURNS integer LANGUAGE sql AS 'SELECT 2'",
    "CREATE OR REPLACE FUNCTION net(gross integer, rate integer) RETURNS integer LANGUAGE sql AS 'SELECT 2'",
    "CREATE OR REPLACE FUNCTION net(amount integer, rate integer DEFAULT 7) RETURNS integer LANGUAGE sql AS 'SELECT 2'",
    "CREATE OR REPLACE FUNCTION net(gross integer, rate integer DEFAULT 7) RETURNS bigint LANGUAGE sql AS 'SELECT 2::bigint'",
    "CREATE OR REPLACE FUNCTION net(integer, integer DEFAULT 7) RETURNS integer LANGUAGE sql AS 'SELECT 2'",
    "CREATE OR REPLACE FUNCTION pair(OUT one integer, OUT two text) LANGUAGE sql AS $$ SELECT 2, 'b' $$",
    "CREATE OR REPLACE FUNCTION pair(OUT one integer, OUT three text) LANGUAGE sql AS $$ SELECT 2, 'b' $$",
    "CREATE OR REPLACE FUNCTION pair(OUT one integer) LANGUAGE sql AS 'SELECT 2'",
    "CREATE OR REPLACE FUNCTION several() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION several() RETURNS SETOF integer LANGUAGE sql AS 'SELECT 2'",
    "CREATE OR REPLACE FUNCTION unnamed(number integer, word varchar(20)) RETURNS text LANGUAGE sql AS $$ SELECT 'b' $$",
    "CREATE OR REPLACE FUNCTION unnamed(integer, varchar, integer DEFAULT 1) RETURNS text LANGUAGE sql AS $$ SELECT 'b' $$",
    "CREATE OR REPLACE PROCEDURE work() LANGUAGE sql AS 'SELECT 2'",
    "DROP FUNCTION net(integer, integer)",
    "DROP FUNCTION touch",
    "DROP FUNCTION alone",
    "DROP FUNCTION net(integer, integer) CASCADE",
    "DROP ROUTINE touch()",
    "DROP PROCEDURE work",
    "DROP SEQUENCE free_numbers",
    "DROP SEQUENCE used_numbers",
    "DROP SEQUENCE orders_id_seq",
    "DROP SEQUENCE items_id_seq",
    "DROP SEQUENCE used_numbers CASCADE",
    "DROP SCHEMA empty_one",
    "DROP SCHEMA full_one",
    "DROP SCHEMA full_one CASCADE",
    "ALTER TABLE seats REPLICA IDENTITY USING INDEX seats_color",
    "ALTER TABLE seats REPLICA IDENTITY USING INDEX seats_holder",
    "ALTER TABLE seats REPLICA IDENTITY USING INDEX seats_taken",
    "ALTER TABLE seats REPLICA IDENTITY USING INDEX seats_lower",
    "ALTER TABLE seats REPLICA IDENTITY USING INDEX seats_plain",
    "ALTER TABLE seats ALTER COLUMN number DROP NOT NULL",
    "ALTER TABLE seats ALTER COLUMN color DROP NOT NULL",
    "ALTER TABLE days ADD PRIMARY KEY (id)",
    "ALTER TABLE days ADD PRIMARY KEY (id, day)",
    "ALTER TABLE days ADD UNIQUE (note)",
    "ALTER TABLE days ADD COLUMN code text UNIQUE",
    "ALTER TABLE days ADD EXCLUDE USING btree (id WITH =)",
    "CREATE UNIQUE INDEX ON days (id)",
    "CREATE UNIQUE INDEX ON ONLY days (note)",
    "CREATE UNIQUE INDEX ON days (day, id)",
    "CREATE INDEX ON days (id)",
    "CREATE UNIQUE INDEX ON hashed (id)",
    "ALTER TABLE hashed ADD UNIQUE (id)",
    "CREATE TABLE more (id bigint PRIMARY KEY, day date) PARTITION BY RANGE (day)",
    "CREATE TABLE more (id bigint, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)",
    "CREATE TABLE more (id bigint, day date, UNIQUE (id, id))",
    "ALTER TABLE points ADD UNIQUE (number, word, number)",
    "CREATE UNIQUE INDEX ON points (number, number)",
    "ALTER TYPE money_of ALTER ATTRIBUTE amount TYPE bigint",
    "ALTER TYPE money_of DROP ATTRIBUTE currency",
    "ALTER TYPE money_of ADD ATTRIBUTE note text",
    "ALTER TYPE free_of ALTER ATTRIBUTE amount TYPE bigint",
    "ALTER TYPE row_of ADD ATTRIBUTE note text",
    "ALTER TYPE row_of DROP ATTRIBUTE currency CASCADE",
    "ALTER TABLE ONLY parent ADD COLUMN note text",
    "ALTER TABLE parent ADD COLUMN note text",
    "ALTER TABLE ONLY points ADD COLUMN note text",
    "UPDATE points SET number = 1, number = 2 WHERE word = 'a'",
    "UPDATE points SET (number, word) = (1, 'a'), word = 'b' WHERE word = 'a'",
    "UPDATE lists SET numbers[1] = 1, numbers[2] = 2 WHERE numbers IS NULL",
    "ALTER TABLE points ADD FOREIGN KEY (small) REFERENCES keys",
    "ALTER TABLE points ADD FOREIGN KEY (number) REFERENCES keys (id) NOT VALID",
    "ALTER TABLE points ADD FOREIGN KEY (word) REFERENCES keys (code)",
    "ALTER TABLE points ADD FOREIGN KEY (word) REFERENCES keys",
    "ALTER TABLE points ADD FOREIGN KEY (token) REFERENCES keys (id)",
    "ALTER TABLE points ADD FOREIGN KEY (token) REFERENCES keys (token)",
    "ALTER TABLE points ADD FOREIGN KEY (number) REFERENCES keys (code)",
    "ALTER TABLE points ADD FOREIGN KEY (number) REFERENCES keys (token)",
    "ALTER TABLE points ADD FOREIGN KEY (number) REFERENCES keys (flag)",
    "ALTER TABLE points ALTER COLUMN word TYPE uuid USING word::uuid, ADD FOREIGN KEY (word) REFERENCES keys (token)",
    "ALTER TABLE points ADD COLUMN key_id uuid REFERENCES keys",
    "ALTER TABLE points ADD COLUMN key_id integer REFERENCES keys",
    "CREATE TABLE more (key_id text REFERENCES keys, other uuid)",
    "CREATE TABLE more (key_id integer, other uuid, FOREIGN KEY (other) REFERENCES keys (token))",
    "CREATE TABLE more (key_id integer, other uuid, FOREIGN KEY (other) REFERENCES keys (id))",
]


SINCE_13 = [
    "ALTER TABLE sums ALTER COLUMN a DROP EXPRESSION",
    "ALTER TABLE sums ALTER COLUMN a DROP EXPRESSION IF EXISTS",
    "ALTER TABLE sums ALTER COLUMN b DROP EXPRESSION",
]
VIRTUAL = "ALTER TABLE sums ADD COLUMN d integer GENERATED ALWAYS AS (a * 3) VIRTUAL"
SINCE_18 = [
    "ALTER TABLE sums ADD COLUMN e integer GENERATED ALWAYS AS (own_double(a)) VIRTUAL",
    "ALTER TABLE sums ADD COLUMN e integer GENERATED ALWAYS AS (own_double(a)) STORED",
    "CREATE INDEX ON sums (d)",
    "ALTER TABLE sums ALTER COLUMN d DROP EXPRESSION",
    "ALTER TABLE sums ALTER COLUMN d SET DEFAULT 5",
    "ALTER TABLE sums ALTER COLUMN d SET NOT NULL",
]


OUTSIDE = [
    "DROP INDEX CONCURRENTLY points_token, seats_plain",
    "DROP INDEX CONCURRENTLY seats_plain CASCADE",
    "DROP INDEX CONCURRENTLY days_note",
]
"""Not in a transaction block, and each is refused."""


def given(major: int) -> str:
    return f"{GIVEN}{VIRTUAL};" if major >= 18 else GIVEN


def cases(major: int) -> list[str]:
    return [*CASES, *(SINCE_13 if major >= 13 else ()), *(SINCE_18 if major >= 18 else ())]


def predicted(sql: str, major: int) -> set[str]:
    schema = Schema()
    for number, statement in enumerate(read_script(Source(path="given.sql", text=given(major))).statements):
        schema = evolve(schema, statement, Moment(0, 0, number))
    (statement,) = read_script(Source(path="case.sql", text=sql)).statements
    situation = Situation(
        schema=schema,
        session=Session(),
        target=Target(pg_version=major, pg_version_assumed=False),
        moment=Moment(1, 0, 0),
    )
    return {failure.trouble.value for failure in predict(statement, situation).failures}


def refused(session: Connection, sql: str, *, in_block: bool = True) -> set[str]:
    """The SQLSTATE with which the server refuses it; what it does otherwise is rolled back."""
    if in_block:
        run(session, "BEGIN")
    try:
        run(session, sql)
    except Error as error:
        return {error.sqlstate or ""}
    finally:
        if in_block:
            run(session, "ROLLBACK")
    return set()


def test_what_is_said_to_be_refused_is_what_the_server_refuses(each_major: int, database: Database) -> None:
    text = given(each_major)
    with database.connect() as session:
        for statement in read_script(Source(path="given.sql", text=text)).statements:
            run(session, text[statement.span.start : statement.span.end])
        answers = {sql: refused(session, sql) for sql in cases(each_major)}
        answers |= {sql: refused(session, sql, in_block=False) for sql in OUTSIDE}
    assert {sql: predicted(sql, each_major) for sql in answers} == answers
    assert sum(bool(codes) for codes in answers.values()) >= 15
