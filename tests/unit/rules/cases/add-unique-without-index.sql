-- given
CREATE SCHEMA shop;
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, a integer, note text);
CREATE TABLE shop."My Carts" (id bigint PRIMARY KEY, a integer);
CREATE TABLE logs (id bigint) PARTITION BY RANGE (id);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (9);

-- case: columns
ALTER TABLE orders ADD COLUMN o text NOT NULL CHECK (o <> '') UNIQUE;
ALTER TABLE orders ADD COLUMN q text UNIQUE;

-- case: keys of the table
ALTER TABLE orders ADD UNIQUE (a, note);
ALTER TABLE orders ADD CONSTRAINT "My Key" UNIQUE (note) INCLUDE (a) WITH (fillfactor = 70) USING INDEX TABLESPACE fast DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE shop."My Carts" ADD COLUMN more text, ADD CONSTRAINT users UNIQUE (a);
ALTER TABLE orders ADD CONSTRAINT users UNIQUE (a);
ALTER TABLE orders ADD COLUMN fresh text, ADD UNIQUE (fresh);
ALTER TABLE orders ADD CONSTRAINT made UNIQUE USING INDEX orders_a;
ALTER TABLE logs ADD UNIQUE (id);
CREATE TABLE fresh (id bigint);
ALTER TABLE fresh ADD UNIQUE (id);

-- case: two in one statement
ALTER TABLE orders ADD UNIQUE (a), ADD UNIQUE (note);

-- case: without two NULLs [pg15]
ALTER TABLE orders ADD UNIQUE NULLS NOT DISTINCT (a);

-- case: in a DO block
DO $$ BEGIN ALTER TABLE orders ADD UNIQUE (a); END $$;

-- case: in a text that a DO block runs
DO $$ BEGIN EXECUTE 'ALTER TABLE orders ADD UNIQUE (a)'; END $$;
