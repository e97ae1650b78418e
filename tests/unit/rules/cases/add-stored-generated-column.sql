-- given
CREATE SCHEMA shop;
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, a integer, note text);
CREATE TABLE shop."My Carts" (id bigint PRIMARY KEY, a integer);
CREATE TABLE logs (id bigint) PARTITION BY RANGE (id);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (9);

-- case: columns
ALTER TABLE orders ADD COLUMN b integer GENERATED ALWAYS AS (a * 2) STORED;
ALTER TABLE shop."My Carts" ADD COLUMN "B b" integer GENERATED ALWAYS AS ( a + 1 ) STORED NOT NULL CHECK ("B b" > 0);
ALTER TABLE orders ADD COLUMN more text, ADD COLUMN c integer GENERATED ALWAYS AS (a * 2) STORED;
CREATE TABLE fresh (a integer);
ALTER TABLE fresh ADD COLUMN b integer GENERATED ALWAYS AS (a * 2) STORED;
