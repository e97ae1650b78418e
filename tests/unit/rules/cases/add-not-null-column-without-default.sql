-- given
CREATE SCHEMA shop;
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, a integer, note text);
CREATE TABLE shop."My Carts" (id bigint PRIMARY KEY, a integer);
CREATE TABLE logs (id bigint) PARTITION BY RANGE (id);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (9);

-- case: columns
ALTER TABLE orders ADD COLUMN n text NOT NULL;
ALTER TABLE orders ADD COLUMN o text NOT NULL CHECK (o <> '') UNIQUE;
ALTER TABLE orders ADD COLUMN p bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE;
ALTER TABLE orders ADD COLUMN t text DEFAULT '' NOT NULL;
