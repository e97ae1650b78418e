-- given
CREATE SCHEMA shop;
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN dice AS float8 DEFAULT random();
CREATE DOMAIN loaded AS dice;
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, a integer, note text);
CREATE TABLE shop."My Carts" (id bigint PRIMARY KEY, a integer);
CREATE TABLE logs (id bigint) PARTITION BY RANGE (id);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (9);

-- case: columns
ALTER TABLE orders ADD COLUMN h uuid DEFAULT gen_random_uuid() NOT NULL;
ALTER TABLE orders ADD COLUMN i timestamptz DEFAULT clock_timestamp() CONSTRAINT late CHECK (i > '2020-01-01');

-- case: among others, and if it is not there
ALTER TABLE orders ADD COLUMN more text, ADD COLUMN IF NOT EXISTS b uuid DEFAULT gen_random_uuid(), DROP COLUMN note;

-- case: of a partitioned table
ALTER TABLE logs ADD COLUMN a uuid DEFAULT gen_random_uuid();

-- case: the domain has the default
ALTER TABLE orders ADD COLUMN c dice;
ALTER TABLE orders ADD COLUMN d loaded NOT NULL;
ALTER TABLE orders ADD COLUMN e dice DEFAULT 5;
