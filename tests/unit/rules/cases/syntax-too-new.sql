-- given
CREATE FUNCTION any_value(a text) RETURNS text LANGUAGE sql AS 'SELECT a';
CREATE EXTENSION pgcrypto;
CREATE TABLE orders (id bigint PRIMARY KEY, note text);

-- case: on the oldest version [pg12-12]
MERGE INTO orders o USING orders p ON o.id = p.id WHEN MATCHED THEN DO NOTHING;
SELECT gen_random_uuid();
SELECT any_value(note) FROM orders;
SELECT date_bin('1 day', now(), now());
ALTER TABLE orders ALTER COLUMN note SET COMPRESSION lz4;
CREATE TABLE a (b integer GENERATED ALWAYS AS (1) STORED);
CREATE UNIQUE INDEX c ON orders (note) NULLS NOT DISTINCT;

-- case: on the newest [pg18]
MERGE INTO orders o USING orders p ON o.id = p.id WHEN MATCHED THEN DO NOTHING;
CREATE TABLE a (b integer GENERATED ALWAYS AS (1) VIRTUAL);

-- case: one of its own, and one that is too new, in a statement [pg12-12]
SELECT any_value(note), date_bin('1 day', now(), now()) FROM orders;
SELECT date_bin('1 day', now(), now()), any_value(note), random_normal() FROM orders;
