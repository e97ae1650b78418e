-- given
CREATE SCHEMA shop;
CREATE TABLE orders (id bigint PRIMARY KEY, state text NOT NULL, total bigint NOT NULL DEFAULT 5, note text, number bigint NOT NULL GENERATED ALWAYS AS IDENTITY);
CREATE TABLE shop.carts (id bigint PRIMARY KEY, state text NOT NULL);
CREATE TYPE address AS (street text, city text, zip text);
CREATE TYPE shop.address AS (street text, city text);
CREATE TABLE homes (id bigint PRIMARY KEY, at address);

-- case: each
ALTER TABLE orders DROP COLUMN state;
ALTER TABLE orders DROP COLUMN total;
ALTER TABLE orders DROP COLUMN number;
ALTER TABLE orders DROP note;
ALTER TABLE shop.carts DROP COLUMN state;
ALTER TABLE orders DROP COLUMN ghost;
ALTER TABLE orders DROP COLUMN IF EXISTS ghost;
ALTER TABLE elsewhere DROP COLUMN IF EXISTS ghost;
ALTER FOREIGN TABLE there DROP COLUMN ghost;

-- case: among others
ALTER TABLE orders ADD COLUMN more text, DROP COLUMN state, DROP COLUMN IF EXISTS ghost, DROP COLUMN note;

-- case: of what is new
ALTER TABLE orders ADD COLUMN fresh text, ADD COLUMN more text;
ALTER TABLE orders DROP COLUMN fresh, DROP COLUMN note;
CREATE TABLE fresh (id bigint, a text);
ALTER TABLE fresh DROP COLUMN a;

-- case: attributes
ALTER TYPE address DROP ATTRIBUTE street;
ALTER TYPE address ADD ATTRIBUTE more text, DROP ATTRIBUTE IF EXISTS city;
ALTER TYPE shop.address DROP ATTRIBUTE street CASCADE;
ALTER TYPE ghost DROP ATTRIBUTE street;
CREATE TYPE fresh AS (a text, b text);
ALTER TYPE fresh DROP ATTRIBUTE a;
