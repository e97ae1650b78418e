-- given
CREATE SCHEMA shop;
CREATE TABLE orders (id bigint PRIMARY KEY, state text, total bigint);
CREATE TABLE parts (id bigint PRIMARY KEY, state text, total bigint);
CREATE TABLE loose (id bigint PRIMARY KEY, state text);
CREATE TABLE shop.carts (id bigint PRIMARY KEY);
CREATE PUBLICATION sent FOR TABLE orders, parts (id, state);
CREATE PUBLICATION of_shop FOR TABLES IN SCHEMA shop;

-- case: columns
ALTER TABLE orders ADD COLUMN more text;
ALTER TABLE orders ALTER COLUMN total SET DEFAULT 5, ADD COLUMN even_more text, ADD COLUMN IF NOT EXISTS state text;
ALTER TABLE parts ADD COLUMN more text;
ALTER TABLE loose ADD COLUMN more text;
ALTER TABLE shop.carts ADD COLUMN more text;
ALTER TABLE elsewhere ADD COLUMN more text;

-- case: names
ALTER TABLE orders RENAME COLUMN state TO status;
ALTER TABLE parts RENAME COLUMN state TO status;
ALTER TABLE parts RENAME COLUMN total TO sum;
ALTER TABLE loose RENAME COLUMN state TO status;
ALTER TABLE orders RENAME TO purchases;
ALTER TABLE shop.carts RENAME TO baskets;
ALTER TABLE parts RENAME TO pieces;
ALTER INDEX loose_pkey RENAME TO loose_key;

-- case: of a new table
CREATE TABLE shop.fresh (id bigint PRIMARY KEY);
ALTER TABLE shop.fresh ADD COLUMN more text;
