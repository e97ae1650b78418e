-- given
CREATE SCHEMA shop;
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, a integer, note text);
CREATE TABLE shop."My Carts" (id bigint PRIMARY KEY, a integer);
CREATE TABLE logs (id bigint) PARTITION BY RANGE (id);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (9);

-- case: columns
ALTER TABLE orders ADD COLUMN i timestamptz DEFAULT clock_timestamp() CONSTRAINT late CHECK (i > '2020-01-01');
ALTER TABLE orders ADD COLUMN m bigint DEFAULT 5 CHECK (m > 0);
ALTER TABLE orders ADD COLUMN o text NOT NULL CHECK (o <> '') UNIQUE;
