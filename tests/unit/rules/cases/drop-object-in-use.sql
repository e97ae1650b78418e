-- given
CREATE SCHEMA shop;
CREATE SCHEMA attic;
CREATE EXTENSION citext;
CREATE TABLE users (id bigint PRIMARY KEY, email text, age integer);
CREATE VIEW adults AS SELECT id, email FROM users;
CREATE VIEW shop.adults AS SELECT id FROM users;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM users;
CREATE SEQUENCE numbers;
CREATE SEQUENCE shop.numbers;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TYPE shop.mood AS ENUM ('sad', 'happy');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE FUNCTION twice(a bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 2 * a';
CREATE FUNCTION twice(a text) RETURNS text LANGUAGE sql AS 'SELECT a || a';
CREATE FUNCTION shop.total(OUT t bigint, a bigint[], b mood DEFAULT 'sad') LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE PROCEDURE tidy() LANGUAGE sql AS 'DELETE FROM users WHERE id = 0';

-- case: each kind
DROP VIEW adults;
DROP VIEW shop.adults;
DROP MATERIALIZED VIEW counted;
DROP SEQUENCE numbers;
DROP SEQUENCE shop.numbers;
DROP TYPE mood;
DROP DOMAIN positive;
DROP FUNCTION twice(bigint);
DROP PROCEDURE tidy();
DROP ROUTINE shop.total;
DROP AGGREGATE middle(integer);
DROP SCHEMA attic;
DROP EXTENSION citext;

-- case: no app calls a trigger function
DROP FUNCTION watch();
DROP FUNCTION on_ddl;

-- case: what is not known, and need not be there
DROP VIEW IF EXISTS ghosts;
DROP TYPE IF EXISTS ghost;
DROP FUNCTION IF EXISTS ghost;
DROP SCHEMA IF EXISTS ghost;
DROP EXTENSION IF EXISTS ghost;

-- case: made in this migration
CREATE VIEW fresh AS SELECT 1 AS one;
CREATE MATERIALIZED VIEW fresh_counts AS SELECT 1 AS one;
CREATE SEQUENCE fresh_numbers;
CREATE TYPE fresh_mood AS ENUM ('sad');
CREATE DOMAIN fresh_positive AS integer;
CREATE FUNCTION fresh_twice() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE SCHEMA fresh;
CREATE EXTENSION hstore;
DROP VIEW fresh;
DROP MATERIALIZED VIEW fresh_counts;
DROP SEQUENCE fresh_numbers;
DROP TYPE fresh_mood;
DROP DOMAIN fresh_positive;
DROP FUNCTION fresh_twice();
DROP SCHEMA fresh;
DROP EXTENSION hstore;

-- case: made again with all that it had
DROP VIEW adults;
CREATE VIEW adults AS SELECT id, age, email FROM users;
DROP MATERIALIZED VIEW counted;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM users;
DROP SEQUENCE numbers;
CREATE SEQUENCE numbers;
DROP TYPE mood;
CREATE TYPE mood AS ENUM ('calm', 'happy', 'sad');
DROP DOMAIN positive;
CREATE DOMAIN positive AS integer CHECK (VALUE > 1);
DROP FUNCTION twice(bigint);
CREATE FUNCTION twice(a bigint, b bigint DEFAULT 2) RETURNS bigint LANGUAGE sql AS 'SELECT b * a';

-- case: made again with less
DROP VIEW adults;
CREATE VIEW adults AS SELECT id FROM users;
DROP TYPE shop.mood;
CREATE TYPE shop.mood AS ENUM ('happy');
DROP FUNCTION twice(bigint);
CREATE FUNCTION twice(a bigint, b bigint) RETURNS bigint LANGUAGE sql AS 'SELECT b * a';
DROP FUNCTION shop.total;
CREATE FUNCTION shop.total(a bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 1';

-- case: made again as a table
DROP MATERIALIZED VIEW counted;
CREATE TABLE counted (n bigint);

-- case: a type made again that was never seen
DROP TYPE elsewhere;
CREATE TYPE elsewhere AS ENUM ('one');
DROP DOMAIN nowhere;
CREATE DOMAIN somewhere AS text;

-- case: made again too late [no-transaction]
DROP VIEW adults;
CREATE VIEW adults AS SELECT id, email FROM users;
DROP SEQUENCE numbers;
CREATE SEQUENCE numbers;

-- case: renamed first, and another made under the old name
ALTER VIEW adults RENAME TO old_adults;
CREATE VIEW adults AS SELECT id, email FROM users;
DROP VIEW old_adults;

-- case: several in one statement, one of them made again
DROP VIEW adults, shop.adults;
CREATE VIEW adults AS SELECT id, email FROM users;

-- case: other statements that drop
DROP INDEX CONCURRENTLY ghost_index;
DROP ROLE somebody;
