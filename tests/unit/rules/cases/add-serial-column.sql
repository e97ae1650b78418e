-- given
CREATE SCHEMA shop;
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, a integer, note text);
CREATE TABLE shop."My Carts" (id bigint PRIMARY KEY, a integer);
CREATE TABLE logs (id bigint) PARTITION BY RANGE (id);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (9);

-- case: columns
ALTER TABLE orders ADD COLUMN c serial;
ALTER TABLE orders ADD COLUMN d bigserial PRIMARY KEY;
ALTER TABLE shop."My Carts" ADD COLUMN e smallserial NOT NULL UNIQUE;
ALTER TABLE orders ADD COLUMN c serial, ADD COLUMN d serial;
ALTER TABLE orders ADD COLUMN c integer GENERATED ALWAYS AS (a * 2) VIRTUAL NOT NULL;

-- case: two in one statement
ALTER TABLE orders ADD COLUMN c serial, ADD COLUMN d serial;

-- case: in a DO block
DO $$ BEGIN ALTER TABLE orders ADD COLUMN c serial; END $$;
