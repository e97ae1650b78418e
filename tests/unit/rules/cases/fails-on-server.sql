-- given
CREATE SCHEMA shop;
CREATE TABLE orders (id bigint PRIMARY KEY, total integer, state text, note text);
CREATE TABLE users (id bigint PRIMARY KEY, order_id bigint REFERENCES orders (id));
CREATE VIEW totals AS SELECT id, total FROM orders;
CREATE VIEW states AS SELECT state FROM orders;
CREATE VIEW more_states AS SELECT state FROM states;
CREATE VIEW noted WITH (security_barrier) AS SELECT note FROM orders;
CREATE FUNCTION twice(a bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 2 * a';
CREATE TYPE mood AS ENUM ('sad');
GRANT SELECT ON totals TO app, reports;
CREATE TABLE watched (id bigint, at date, total integer, other integer);
CREATE VIEW days AS SELECT at FROM watched;
CREATE POLICY recent ON watched USING (at > '2020-01-01');
CREATE POLICY totals ON watched USING (total > 5);

-- case: what is there already
CREATE TABLE orders (id bigint);
CREATE VIEW totals AS SELECT 1;
CREATE TYPE mood AS ENUM ('sad');
CREATE FUNCTION twice(b bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 2 * b';
ALTER TABLE orders ADD COLUMN total integer;
CREATE SCHEMA shop;
CREATE INDEX orders_pkey ON orders (id);

-- case: there already, and said so
CREATE TABLE IF NOT EXISTS orders (id bigint);
ALTER TABLE orders ADD COLUMN IF NOT EXISTS total integer;
CREATE SCHEMA IF NOT EXISTS shop;

-- case: what others depend on
DROP TABLE orders;
ALTER TABLE orders DROP COLUMN total;
ALTER TABLE orders DROP CONSTRAINT orders_pkey;
DROP VIEW states;

-- case: a type under a view
ALTER TABLE orders ALTER COLUMN total TYPE bigint;

-- case: a type under a view under a view
ALTER TABLE orders ALTER COLUMN state TYPE varchar(20);

-- case: a type under a view with options
ALTER TABLE orders ALTER COLUMN note TYPE varchar(20);

-- case: a type under a view and a policy
ALTER TABLE watched ALTER COLUMN at TYPE timestamp;

-- case: a type under a policy
ALTER TABLE watched ALTER COLUMN total TYPE bigint;

-- case: a type under a view, beside another
ALTER TABLE orders ADD COLUMN more text, ALTER COLUMN total TYPE bigint;

-- case: a handler catches it
DO $$ BEGIN CREATE TABLE orders (id bigint); EXCEPTION WHEN duplicate_table THEN NULL; END $$;
DO $$ BEGIN ALTER TABLE orders ADD COLUMN total integer; EXCEPTION WHEN duplicate_column THEN NULL; END $$;
DO $$ BEGIN CREATE TYPE mood AS ENUM ('sad'); EXCEPTION WHEN duplicate_object THEN NULL; END $$;
DO $$ BEGIN DROP TABLE orders; EXCEPTION WHEN OTHERS THEN NULL; END $$;

-- case: a handler catches something else
DO $$ BEGIN CREATE TABLE orders (id bigint); EXCEPTION WHEN duplicate_column THEN NULL; END $$;

-- case: a branch decides
DO $$ BEGIN IF now() > '2020-01-01' THEN CREATE TABLE orders (id bigint); END IF; END $$;

-- case: no transaction is open [no-transaction]
LOCK TABLE orders;
SAVEPOINT one;
DECLARE c CURSOR FOR SELECT 1;
SET LOCAL lock_timeout = '2s';

-- case: said twice, and of the wrong kind
ALTER TABLE orders ADD COLUMN a integer PRIMARY KEY PRIMARY KEY;
ALTER TABLE totals ADD COLUMN a integer;
CREATE OR REPLACE FUNCTION twice(a bigint) RETURNS text LANGUAGE sql AS 'SELECT 1';
ALTER TABLE users ADD FOREIGN KEY (order_id) REFERENCES orders (state);
ALTER TABLE users ADD COLUMN s text REFERENCES orders (id);
