-- given
CREATE SCHEMA shop;
CREATE TABLE orders (id bigint PRIMARY KEY, state text, tags text[]);
CREATE INDEX orders_state ON orders (state);
CREATE TABLE shop.carts (id bigint PRIMARY KEY);
CREATE INDEX carts_id ON shop.carts (id);
CREATE VIEW adults AS SELECT 1 AS one;

-- case: tables
CREATE TABLE IF NOT EXISTS orders (id bigint PRIMARY KEY, note text, more text);
CREATE TABLE IF NOT EXISTS orders (id integer, state text);
CREATE TABLE IF NOT EXISTS shop.carts (id bigint, note text);
CREATE TABLE IF NOT EXISTS adults (id bigint);
CREATE TABLE IF NOT EXISTS fresh (id bigint);
CREATE TABLE IF NOT EXISTS orders (more bigint, LIKE shop.carts);
CREATE TABLE IF NOT EXISTS orders (more bigint) INHERITS (shop.carts);
CREATE TABLE orders (more bigint);

-- case: columns
ALTER TABLE orders ADD COLUMN IF NOT EXISTS state integer;
ALTER TABLE orders ADD COLUMN IF NOT EXISTS state text;
ALTER TABLE orders ADD COLUMN IF NOT EXISTS tags text;
ALTER TABLE orders ADD COLUMN IF NOT EXISTS fresh text;
ALTER TABLE shop.carts ADD COLUMN IF NOT EXISTS note text, ADD COLUMN IF NOT EXISTS id integer;
ALTER TABLE elsewhere ADD COLUMN IF NOT EXISTS id integer;

-- case: indexes
CREATE INDEX IF NOT EXISTS orders_state ON orders (state);
CREATE INDEX IF NOT EXISTS orders_state ON orders (id);
CREATE UNIQUE INDEX IF NOT EXISTS orders_state ON orders (state);
CREATE INDEX IF NOT EXISTS carts_id ON shop.carts (id);
CREATE INDEX IF NOT EXISTS carts_id ON shop.carts ((id + 1));
CREATE INDEX IF NOT EXISTS orders_state ON shop.carts (id);
CREATE INDEX IF NOT EXISTS orders_pkey ON orders (state);
CREATE INDEX orders_state ON orders (id);

-- case: on another table of the schema
CREATE TABLE fresh (state text);
CREATE INDEX IF NOT EXISTS orders_state ON fresh (state);

-- case: a branch decides
DO $$ BEGIN IF now() > '2020-01-01' THEN CREATE TABLE IF NOT EXISTS orders (id bigint, note text); END IF; END $$;
DO $$ BEGIN CREATE TABLE IF NOT EXISTS orders (id bigint, note text); END $$;
