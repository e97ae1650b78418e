-- given
CREATE SCHEMA shop;
CREATE TABLE orders (id serial PRIMARY KEY, small smallserial, number integer GENERATED ALWAYS AS IDENTITY, big bigserial, plain integer);
CREATE TABLE shop.carts (id serial PRIMARY KEY);
CREATE SEQUENCE loose AS integer;

-- case: each
ALTER TABLE orders ALTER COLUMN id TYPE bigint;
ALTER TABLE orders ALTER COLUMN small TYPE integer;
ALTER TABLE orders ALTER COLUMN number TYPE bigint;
ALTER TABLE orders ALTER COLUMN big TYPE bigint;
ALTER TABLE orders ALTER COLUMN plain TYPE bigint;
ALTER TABLE shop.carts ALTER COLUMN id TYPE bigint;
ALTER TABLE elsewhere ALTER COLUMN id TYPE bigint;

-- case: to other types
ALTER TABLE orders ALTER COLUMN id TYPE numeric;
ALTER TABLE orders ALTER COLUMN small TYPE smallint;
ALTER TABLE orders ALTER COLUMN big TYPE integer;

-- case: the sequence too
ALTER TABLE orders ALTER COLUMN id TYPE bigint, ALTER COLUMN small TYPE bigint;
ALTER SEQUENCE orders_id_seq AS bigint;
ALTER SEQUENCE orders_small_seq AS integer;
